/**
 * Decoding, against PIL 9.4: `images/pil.safetensors` holds what
 * `Image.open(file).convert(mode)` gave for each file, as [height, width,
 * channels].
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

import { parseSafetensors } from "../../src/io/safetensors.ts";
import {
  decodeImage,
  decodeImageSync,
  loadCodecs,
  readImage,
  readImageSync,
} from "../../src/vision/decode.ts";
import type { Image } from "../../src/vision/image.ts";
import type { ImageMode } from "../../src/vision/image_mode.ts";
import { orientImage } from "../../src/vision/orientation.ts";

const FOLDER = new URL("images/", import.meta.url);
const { tensors: PIL } = parseSafetensors(
  await Deno.readFile(new URL("pil.safetensors", FOLDER)),
);
const FILES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => /\.(jpg|png)$/.test(name)).sort();

function bytesOf(name: string): Uint8Array {
  return Deno.readFileSync(new URL(name, FOLDER));
}

/** [height, width, channels]. */
function shapeOf({ height, width, channels }: Image): number[] {
  return [height, width, channels];
}

Deno.test("decodeImage() equals PIL, pixel for pixel, in every mode", async () => {
  assertEquals(FILES.length, 28);
  const modes: ImageMode[] = ["rgb", "rgba", "gray", "unchanged"];
  for (const name of FILES) {
    for (const mode of modes) {
      const want = PIL.get(`${name}.${mode}`);
      if (!want) continue; // modes that PIL has and we don't: CMYK, LA, 1
      const image = await decodeImage(bytesOf(name), { mode });
      assertEquals(shapeOf(image), want.shape, `${name} ${mode}`);
      assertEquals(image.data, want.data, `${name} ${mode}`);
    }
  }
});

Deno.test("decodeImage() gives RGB unless told otherwise", async () => {
  for (const name of ["gray.jpg", "rgba_8.png", "palette_4.png", "cmyk.jpg"]) {
    const { channels } = await decodeImage(bytesOf(name));
    assertEquals(channels, 3, name);
  }
});

Deno.test("decodeImage() unchanged keeps what images can keep", async () => {
  const channels = async (name: string) =>
    (await decodeImage(bytesOf(name), { mode: "unchanged" })).channels;
  assertEquals(await channels("gray_1.png"), 1);
  assertEquals(await channels("gray_alpha_8.png"), 4);
  assertEquals(await channels("cmyk.jpg"), 3);
  assertEquals(await channels("palette_8_opacity.png"), 1); // indices
});

Deno.test("decodeImage() leaves EXIF's orientation alone unless asked", async () => {
  const bytes = bytesOf("exif_6.jpg");
  const held = await decodeImage(bytes);
  const seen = await decodeImage(bytes, { applyExifOrientation: true });
  assertEquals([held.width, held.height], [33, 21]);
  assertEquals([seen.width, seen.height], [21, 33]);
  // 6: the first row of the data is on the right, the first column on top
  assertEquals(
    [...seen.data.subarray(0, 3)],
    [...held.data.subarray(20 * 33 * 3, 20 * 33 * 3 + 3)],
  );
  const plain = bytesOf("baseline_420.jpg");
  assertEquals(
    (await decodeImage(plain, { applyExifOrientation: true })).data,
    (await decodeImage(plain)).data,
  );
});

Deno.test("orientImage() equals PIL for the eight orientations", async () => {
  const first = PIL.get("orientation.1");
  assert(first?.data instanceof Uint8Array);
  const [height = 0, width = 0] = first.shape;
  const { Image } = await import("../../src/vision/image.ts");
  const image = new Image(first.data, width, height);
  for (let orientation = 1; orientation <= 8; orientation++) {
    const want = PIL.get(`orientation.${orientation}`)!; // made for all eight
    const got = orientImage(image, orientation);
    assertEquals(shapeOf(got), want.shape, `orientation ${orientation}`);
    assertEquals(got.data, want.data, `orientation ${orientation}`);
  }
});

Deno.test("decodeImage() refuses a file cut short at any byte", async () => {
  await loadCodecs();
  for (
    const name of [
      ...["baseline_420.jpg", "progressive.jpg", "cmyk.jpg", "exif_6.jpg"],
      ...["rgb_8_interlaced.png", "palette_8_opacity.png", "gray_1.png"],
    ]
  ) {
    const whole = bytesOf(name);
    const format = name.endsWith("jpg") ? "JPEG" : "PNG";
    for (let length = 1; length < whole.length; length++) {
      assertThrows(
        () => decodeImageSync(whole.subarray(0, length)),
        SyntaxError,
        `Cannot decode an image: ${format} data ends after ${length} byte`,
        `${name}, ${length} bytes`,
      );
    }
    assertEquals(decodeImageSync(whole).height > 0, true);
  }
});

Deno.test("decodeImage() refuses PNG files with a bit turned over", async () => {
  await loadCodecs();
  for (const name of ["rgba_8.png", "palette_8_opacity.png", "rgb_8_key.png"]) {
    const bytes = bytesOf(name);
    for (let at = 8; at < bytes.length; at++) {
      const wrong = bytes.slice();
      wrong[at]! ^= 4;
      assertThrows(
        () => decodeImageSync(wrong, { mode: "rgba" }),
        Error, // a size may turn into one that is out of range
        "Cannot decode an image: ",
        `${name}, byte ${at}`,
      );
    }
  }
});

Deno.test("decodeImage() survives JPEG files with bytes turned over", async () => {
  await loadCodecs();
  const bytes = bytesOf("baseline_420.jpg");
  const want = decodeImageSync(bytes).data;
  for (let at = 2; at < bytes.length; at++) {
    const wrong = bytes.slice();
    wrong[at]! ^= 0x55;
    try {
      decodeImageSync(wrong, { maxPixels: 1e6 });
    } catch (error) {
      assert(
        error instanceof SyntaxError || error instanceof RangeError,
        `byte ${at}: ${error}`,
      );
    }
  }
  assertEquals(decodeImageSync(bytes).data, want);
});

Deno.test("decodeImage() names what it got instead of an image", async () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), "expected JPEG or PNG data, got 0 bytes"],
    [text("GIF89a……………………"), "expected JPEG or PNG data, got a GIF file"],
    [text("<!DOCTYPE html><html>404"), "got a web page"],
    [text("hello, world"), "got bytes 68 65 6c 6c 6f 2c 20 77 …"],
    [new Uint8Array(4), "got bytes 00 00 00 00 …"],
  ];
  for (const [bytes, message] of cases) {
    await assertRejects(() => decodeImage(bytes), SyntaxError, message);
  }
  await assertRejects(
    // deno-lint-ignore no-explicit-any -- an untyped program's mistake
    () => decodeImage(bytesOf("gray.jpg"), { mode: "L" as any }),
    TypeError,
    'to mode "L": expected "unchanged", "gray", "rgb", "rgba" or "gray16"',
  );
});

Deno.test("decodeImage() refuses more pixels than asked for, and bombs", async () => {
  for (const name of ["baseline_444.jpg", "rgb_8.png"]) {
    await assertRejects(
      () => decodeImage(bytesOf(name), { maxPixels: 200 }),
      RangeError,
      "pixels, expected at most 200 (maxPixels)",
    );
  }
  // 65,500 x 65,500 in the header of a file of 800 bytes
  const jpeg = bytesOf("baseline_420.jpg");
  const frame = jpeg.findIndex((byte, i) =>
    byte === 0xff && jpeg[i + 1] === 0xc0
  );
  jpeg.set([0xff, 0xdc, 0xff, 0xdc], frame + 5);
  await assertRejects(
    () => decodeImage(jpeg),
    RangeError,
    "the image has 65500 x 65500 pixels, expected at most 178956970 (maxPixels)",
  );
  await assertRejects(
    () => decodeImage(jpeg, { maxPixels: -1 }),
    RangeError,
    "maxPixels -1",
  );
});

Deno.test("decodeImage() refuses a PNG file that unpacks to more than its pixels", async () => {
  const zeros = new Blob([new Uint8Array(8 * 2 ** 20)]).stream();
  const packed = new Uint8Array(
    await new Response(zeros.pipeThrough(new CompressionStream("deflate")))
      .arrayBuffer(),
  );
  const png = bytesOf("gray_1.png"); // 17 x 13 of one bit
  const bomb = new Uint8Array([
    ...png.subarray(0, 33), // signature and header
    ...new Uint8Array(Uint32Array.of(packed.length).buffer).reverse(),
    ...new TextEncoder().encode("IDAT"),
    ...packed,
    ...[0, 0, 0, 0], // it is refused before its check sum is looked at
    ...png.subarray(-12),
  ]);
  await assertRejects(
    () => decodeImage(bomb),
    RangeError,
    `${packed.length} bytes are packed for 17 x 13 pixels, expected at most`,
  );
});

Deno.test("decodeImage() refuses an index that the palette does not have", async () => {
  const png = bytesOf("palette_8.png");
  const at = png.findIndex((_, i) =>
    new TextDecoder().decode(png.subarray(i, i + 4)) === "PLTE"
  );
  // without its palette, which lies between the header and the pixels
  const without = Uint8Array.of(
    ...png.subarray(0, at - 4),
    ...png.subarray(at + 8 + 3 * 256),
  );
  await assertRejects(
    () => decodeImage(without),
    SyntaxError,
    "of a palette of 0 colours",
  );
  const indices = await decodeImage(without, { mode: "unchanged" });
  assertEquals(indices.data, PIL.get("palette_8.png.unchanged")?.data);
});

Deno.test("readImage() goes by content, whatever a file is called", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/photo.png`;
    await Deno.copyFile(new URL("baseline_420.jpg", FOLDER), path);
    const want = PIL.get("baseline_420.jpg.rgb")?.data;
    assertEquals((await readImage(path)).data, want);
    assertEquals(readImageSync(path).data, want);
    assertEquals((await readImage(new URL(`file://${path}`))).data, want);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readImage() names the file that it can't read", async () => {
  await loadCodecs();
  const folder = await Deno.makeTempDir();
  try {
    const empty = `${folder}/empty.jpg`;
    await Deno.writeFile(empty, new Uint8Array());
    const cut = `${folder}/cut.png`;
    await Deno.writeFile(cut, bytesOf("rgb_8.png").subarray(0, 300));
    const page = `${folder}/page.jpg`;
    await Deno.writeTextFile(page, "<html><body>404");
    const missing = `${folder}/missing.jpg`;
    const { NotFound, IsADirectory } = Deno.errors;
    const cases: [string, new () => Error, string][] = [
      [empty, SyntaxError, "JPEG data ends after 0 bytes"],
      [cut, SyntaxError, "PNG data ends after 300 bytes"],
      [page, SyntaxError, "expected JPEG or PNG data, got a web page"],
      [missing, NotFound, "there is no such file"],
      [folder, IsADirectory, "expected an image file, got a folder"],
    ];
    for (const [path, type, why] of cases) {
      const message = `Cannot read "${path}": ${why}`;
      await assertRejects(() => readImage(path), type, message);
      assertThrows(() => readImageSync(path), type, message);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
