/**
 * PNG files whose chunks are out of order, 16-bit grey, and what is written.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

import { HostArray } from "../../src/tensor/host_array.ts";
import { fromHost, tensor } from "../../src/tensor/create.ts";
import { chunkOf, PNG_SIGNATURE } from "../../src/vision/codecs/png_chunks.ts";
import {
  decodeImage,
  decodeImageSync,
  loadCodecs,
  readImage,
  readImageSync,
} from "../../src/vision/decode.ts";
import { encodeImage } from "../../src/vision/encode.ts";
import { type Channels, Image } from "../../src/vision/image.ts";
import { saveImage } from "../../src/vision/save_image.ts";
import { VOC_PALETTE } from "../../src/vision/segmentation_masks.ts";

const IMAGES = new URL("images/", import.meta.url);

await loadCodecs();

function bytesOf(name: string): Uint8Array {
  return Deno.readFileSync(new URL(name, IMAGES));
}

/** A file's chunks; the last is IEND. */
function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 8; at < bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

function nameOf(chunk: Uint8Array): string {
  return new TextDecoder().decode(chunk.subarray(4, 8));
}

function fileOf(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from([
    ...PNG_SIGNATURE,
    ...chunks.flatMap((chunk) => [...chunk]),
  ]);
}

/** A file with its pixels in two chunks. */
function inTwo(name: string): Uint8Array[] {
  return chunksOf(bytesOf(name)).flatMap((chunk) => {
    if (nameOf(chunk) !== "IDAT") return [chunk];
    const body = chunk.subarray(8, -4);
    return [
      chunkOf("IDAT", body.subarray(0, 7)),
      chunkOf("IDAT", body.subarray(7)),
    ];
  });
}

/** The chunks with `moved` in the place `to` of the others. */
function withAt(
  chunks: readonly Uint8Array[],
  moved: Uint8Array,
  to: number,
): Uint8Array[] {
  return chunks.filter((chunk) => chunk !== moved).toSpliced(to, 0, moved);
}

Deno.test("decodeImage() takes a PNG file's pixels in any number of chunks", () => {
  for (const name of ["rgb_8.png", "palette_8_opacity.png"]) {
    const parts = inTwo(name);
    const empty = chunkOf("IDAT", new Uint8Array());
    const last = parts.findLastIndex((chunk) => nameOf(chunk) === "IDAT");
    for (const chunks of [parts, withAt(parts, empty, last)]) {
      assertEquals(
        decodeImageSync(fileOf(chunks)).data,
        decodeImageSync(bytesOf(name)).data,
      );
    }
  }
});

Deno.test("decodeImage() refuses PNG files whose chunks are out of order", () => {
  const refuse = (chunks: readonly Uint8Array[], why: string): void => {
    assertThrows(
      () => decodeImageSync(fileOf(chunks), { mode: "unchanged" }),
      SyntaxError,
      `Cannot decode an image: PNG data is corrupt: ${why}`,
    );
  };
  for (const name of ["palette_8_opacity.png", "rgb_8_key.png"]) {
    const chunks = inTwo(name);
    const named = (wanted: string): number =>
      chunks.findIndex((chunk) => nameOf(chunk) === wanted);
    const pixels = named("IDAT");
    const end = chunks.length - 1;
    for (let at = 1; at <= end; at++) {
      const header = withAt(chunks, chunks[0]!, at);
      refuse(header, `expected IHDR as its first chunk, got`);
      refuse(chunks.toSpliced(at, 0, chunks[0]!), "it has two chunks IHDR");
    }
    for (const chunk of ["PLTE", "tRNS"]) {
      if (named(chunk) === -1) continue;
      const late = withAt(chunks, chunks[named(chunk)]!, end - 1);
      refuse(late, `a chunk ${chunk} stands behind its pixels`);
      const between = withAt(chunks, chunks[named(chunk)]!, pixels);
      refuse(between, `a chunk ${chunk} stands behind its pixels`);
      const twice = chunks.toSpliced(pixels, 0, chunks[named(chunk)]!);
      refuse(twice, `it has two chunks ${chunk}`);
    }
    const text = chunkOf("tEXt", new TextEncoder().encode("a\0b"));
    refuse(
      chunks.toSpliced(pixels + 1, 0, text),
      "a chunk tEXt stands between its pixels",
    );
    for (const at of [1, pixels, end]) { // where text may stand
      decodeImageSync(fileOf(chunks.toSpliced(at, 0, text)));
    }
  }
});

Deno.test("decodeImage() keeps 16-bit grey as int32, where that is asked for", async () => {
  const [width, height] = [13, 9];
  const want = Int32Array.from(
    { length: width * height },
    (_, i) => (i % width * 4099 + Math.floor(i / width) * 30011) % 65536,
  );
  for (const name of ["gray16/plain.png", "gray16/interlaced.png"]) {
    const got = await decodeImage(bytesOf(name), { mode: "gray16" });
    assertEquals(got, new HostArray(want, [1, height, width]), name);
    const path = new URL(name, IMAGES);
    assertEquals(await readImage(path, { mode: "gray16" }), got);
    assertEquals(readImageSync(path, { mode: "gray16" }), got);
    const upper = decodeImageSync(bytesOf(name), { mode: "gray" });
    assertEquals(upper.data, Uint8Array.from(want, (value) => value >> 8));
  }
  assertThrows(
    () =>
      decodeImageSync(bytesOf("gray16/plain.png"), {
        mode: "gray16",
        maxPixels: 9,
      }),
    RangeError,
    "13 x 9 pixels, expected at most 9",
  );
});

Deno.test("decodeImage() refuses other files than 16-bit grey in mode gray16", () => {
  const cases: [string, string][] = [
    ["gray_8.png", "expected PNG data of 16-bit grey, got 8 bits of grey"],
    ["rgb_16.png", "got 16 bits of RGB"],
    ["gray_alpha_16.png", "got 16 bits of grey with opacity"],
    ["palette_4.png", "got 4 bits of a palette"],
    ["gray.jpg", "expected PNG data of 16-bit grey, got JPEG data"],
  ];
  for (const [name, message] of cases) {
    assertThrows(
      () => decodeImageSync(bytesOf(name), { mode: "gray16" }),
      SyntaxError,
      message,
    );
  }
});

/** Bytes that no filter, and all of them, do well on. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, (_, i) => {
    state = (state * 48271) % 2147483647;
    return i % 40 < 20 ? i : state;
  });
}

Deno.test("encodeImage() writes what an image is, of any size", async () => {
  for (const channels of [1, 3, 4] as readonly Channels[]) {
    for (const [width, height] of [[1, 1], [1, 9], [9, 1], [31, 17]] as const) {
      for (
        const data of [
          noise(width * height * channels),
          new Uint8Array(width * height * channels), // black, and all the same
          new Uint8Array(width * height * channels).fill(255),
          noise(width * height * channels).map((byte) => byte & 1),
        ]
      ) {
        const image = new Image(data, width, height, channels);
        const bytes = await encodeImage(image);
        assertEquals(
          await decodeImage(bytes, { mode: "unchanged" }),
          image,
          `${image}`,
        );
        // 0 grey, 2 RGB, 6 RGBA, of eight bits
        assertEquals([...bytes.subarray(24, 26)], [
          8,
          { 1: 0, 3: 2, 4: 6 }[channels],
        ]);
      }
    }
  }
});

Deno.test("encodeImage() packs smooth rows by what is beside them", async () => {
  const data = new Uint8Array(64 * 64).map((_, i) => 3 * i + (i >> 6) * 5);
  const bytes = await encodeImage(new Image(data, 64, 64, 1));
  assert(bytes.length < 64 * 64 / 8, `${bytes.length} bytes`);
});

Deno.test("encodeImage() keeps the classes of a mask, and its palette where asked", async () => {
  const classes = Uint8Array.of(15, 0, 255, 1, 15, 15); // not in order
  const mask = new Image(classes, 3, 2, 1);
  const plain = await encodeImage(mask);
  assertEquals(await decodeImage(plain, { mode: "unchanged" }), mask);

  const bytes = await encodeImage(mask, { palette: VOC_PALETTE });
  const back = await decodeImage(bytes, { mode: "unchanged" });
  assertEquals(back.data, classes);
  assertEquals(back.palette, VOC_PALETTE);
  const colours = await decodeImage(bytes);
  assertEquals([...colours.data.subarray(0, 9)], [
    ...[192, 128, 128], // a person
    ...[0, 0, 0],
    ...[224, 224, 192], // the border
  ]);
  // what was read is written again
  assertEquals(await encodeImage(back, { palette: back.palette }), bytes);
  const file = await decodeImage(bytesOf("palette_8_opacity.png"), {
    mode: "unchanged",
  });
  const again = await encodeImage(file, { palette: file.palette });
  for (const mode of ["unchanged", "rgba", "rgb"] as const) {
    const want = await decodeImage(bytesOf("palette_8_opacity.png"), { mode });
    const got = await decodeImage(again, { mode });
    assertEquals(got, want);
    assertEquals(got.palette, want.palette);
  }
});

Deno.test("encodeImage() names a palette that does not fit", async () => {
  const mask = new Image(Uint8Array.of(0, 3), 2, 1, 1);
  const cases: [Image, unknown, new () => Error, string][] = [
    [mask, [], TypeError, "a palette of 0 colours: expected a list of 1 to"],
    [mask, new Array(257).fill([0, 0, 0]), TypeError, "of 257 colours"],
    [mask, "red", TypeError, "of 0 colours"],
    [mask, [[0, 0, 0], [0, 0, 256]], RangeError, "[0,0,256] as colour 1 of"],
    [mask, [[0, 0]], RangeError, "expected three or four integers"],
    [
      mask,
      VOC_PALETTE.slice(0, 3),
      RangeError,
      "of 3 colours: the image has index 3",
    ],
    [
      new Image(new Uint8Array(3), 1, 1),
      VOC_PALETTE,
      TypeError,
      "as png with a palette: expected one channel",
    ],
  ];
  for (const [image, palette, type, message] of cases) {
    await assertRejects(
      // what programs without types do
      () => encodeImage(image, { palette: palette as typeof VOC_PALETTE }),
      type,
      message,
    );
  }
  await assertRejects(
    () => encodeImage(mask, { format: "jpeg", palette: VOC_PALETTE }),
    TypeError,
    "as jpeg with a palette: expected one channel, as png",
  );
});

Deno.test("saveImage() writes one grey tensor as grey, with a palette if one is given", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/mask.png`;
    const mask = fromHost(new HostArray(Uint8Array.of(1, 0, 0, 1), [2, 2]));
    const classes = mask.unsqueeze(0);
    const shapes = [[2, 2], [1, 2, 2], [1, 1, 2, 2]];
    for (const x of shapes.map((shape) => mask.reshape(shape))) {
      for (const images of x.ndim < 4 ? [x, [x]] : [x]) {
        for (const palette of [undefined, VOC_PALETTE]) {
          await saveImage(path, images, { palette });
          const back = await readImage(path, { mode: "unchanged" });
          assertEquals(back, new Image(await bytes(mask), 2, 2, 1));
          assertEquals(back.palette, palette);
        }
      }
    }
    await saveImage(path, tensor([[[0, 1]]]));
    const floats = await readImage(path, { mode: "unchanged" });
    assertEquals(floats, new Image(Uint8Array.of(0, 255), 2, 1, 1));
    await assertRejects(
      () => saveImage(path, tensor([[[0, 1]]]), { palette: VOC_PALETTE }),
      TypeError,
      "Cannot save float32 with a palette: expected uint8, its indices",
    );
    await assertRejects(
      () => saveImage(path, [classes, classes], { palette: VOC_PALETTE }),
      TypeError,
      "3 channels) as png with a palette: expected one channel",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function bytes(x: ReturnType<typeof fromHost>): Promise<Uint8Array> {
  return Uint8Array.from(await x.data());
}
