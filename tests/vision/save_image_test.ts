import { assert, assertEquals, assertRejects } from "@std/assert";

import { HostArray } from "../../src/tensor/host_array.ts";
import { fromHost, tensor, zeros } from "../../src/tensor/create.ts";
import { decodeImage, readImage } from "../../src/vision/decode.ts";
import { encodeImage } from "../../src/vision/encode.ts";
import { Image } from "../../src/vision/image.ts";
import { convertImage } from "../../src/vision/image_mode.ts";
import { imageFromTensor, saveImage } from "../../src/vision/save_image.ts";

const PHOTO = new URL("images/baseline_444.jpg", import.meta.url);

async function inFolder(body: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The mean difference of two images' bytes; halved colour alone makes it 5. */
function distance(a: Image, b: Image): number {
  assertEquals([a.width, a.height, a.channels], [
    b.width,
    b.height,
    b.channels,
  ]);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    sum += Math.abs(a.data[i]! - b.data[i]!);
  }
  return sum / a.data.length;
}

Deno.test("encodeImage() as PNG loses nothing", async () => {
  const photo = await readImage(PHOTO);
  for (const mode of ["gray", "rgb", "rgba"] as const) {
    const image = convertImage(photo, mode);
    const bytes = await encodeImage(image);
    assertEquals((await decodeImage(bytes, { mode })).data, image.data, mode);
  }
  const opacity = new Image(Uint8Array.of(9, 8, 7, 0, 1, 2, 3, 128), 2, 1, 4);
  const back = await decodeImage(await encodeImage(opacity), { mode: "rgba" });
  assertEquals(back.data, opacity.data);
});

Deno.test("encodeImage() as JPEG loses less with more quality", async () => {
  const photo = await readImage(PHOTO);
  const losses: number[] = [];
  const sizes: number[] = [];
  for (const quality of [20, 75, 95]) {
    const bytes = await encodeImage(photo, { format: "jpeg", quality });
    assertEquals([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
    losses.push(distance(await decodeImage(bytes), photo));
    sizes.push(bytes.length);
  }
  assert(losses[0]! > losses[1]! && losses[1]! > losses[2]!, `${losses}`);
  assert(sizes[0]! < sizes[1]! && sizes[1]! < sizes[2]!, `${sizes}`);
  assert(losses[2]! < 7, `${losses}`);
});

Deno.test("encodeImage() as JPEG keeps grey grey", async () => {
  const photo = await readImage(PHOTO, { mode: "gray" });
  const bytes = await encodeImage(photo, { format: "jpeg", quality: 95 });
  const back = await decodeImage(bytes, { mode: "unchanged" });
  assert(distance(back, photo) < 2);
});

Deno.test("encodeImage() names what it refuses", async () => {
  const image = new Image(new Uint8Array(4), 1, 1, 4);
  await assertRejects(
    () => encodeImage(image, { format: "jpeg" }),
    TypeError,
    "Cannot encode Image(1 x 1, 4 channels) as JPEG: JPEG has no opacity",
  );
  await assertRejects(
    () => encodeImage(image, { quality: 0 }),
    RangeError,
    "with quality 0: expected an integer from 1 to 100",
  );
  await assertRejects(
    // deno-lint-ignore no-explicit-any -- an untyped program's mistake
    () => encodeImage(image, { format: "gif" as any }),
    TypeError,
    'as "gif": expected "jpeg" or "png"',
  );
});

Deno.test("imageFromTensor() rounds as torchvision's save_image", async () => {
  // floor(clamp(x * 255 + 0.5, 0, 255))
  const x = tensor([[[-1, 0, 0.5 / 255, 0.1, 0.5, 1, 2, NaN, Infinity]]]);
  const image = await imageFromTensor(x);
  assertEquals([image.width, image.height, image.channels], [9, 1, 1]);
  assertEquals([...image.data], [0, 0, 1, 26, 128, 255, 255, 0, 255]);
});

Deno.test("imageFromTensor() puts a pixel's channels side by side", async () => {
  const bytes = new Uint8Array(12).map((_, i) => 20 * i);
  const x = fromHost(new HostArray(bytes, [3, 2, 2]));
  const { data } = await imageFromTensor(x);
  assertEquals([...data], [
    0,
    80,
    160,
    20,
    100,
    180,
    40,
    120,
    200,
    60,
    140,
    220,
  ]);
  const flipped = await imageFromTensor(x.flip([2]));
  assertEquals([...flipped.data.subarray(0, 3)], [20, 100, 180]);
});

Deno.test("imageFromTensor() names what it refuses", async () => {
  for (
    const x of [
      zeros([2, 4, 4]),
      zeros([3, 4]),
      zeros([3, 4, 4], { dtype: "int32" }),
    ]
  ) {
    await assertRejects(
      () => imageFromTensor(x),
      TypeError,
      "expected floats or uint8 [1 | 3 | 4, H, W]",
    );
  }
});

Deno.test("saveImage() writes images, tensors and batches", async () => {
  await inFolder(async (folder) => {
    const photo = await readImage(PHOTO);
    await saveImage(`${folder}/photo.png`, photo);
    assertEquals((await readImage(`${folder}/photo.png`)).data, photo.data);
    await saveImage(`${folder}/photo.JPEG`, photo, { quality: 95 });
    assert(distance(await readImage(`${folder}/photo.JPEG`), photo) < 7);

    const batch = tensor([[[[-1]]], [[[1]]]]); // [2, 1, 1, 1]
    const options = { normalize: true, padding: 1, padValue: 1 };
    await saveImage(`${folder}/grid`, batch, { ...options, format: "png" });
    const grid = await readImage(`${folder}/grid`, { mode: "gray" });
    assertEquals([grid.width, grid.height], [5, 3]);
    assertEquals([...grid.data.subarray(5, 10)], [255, 0, 255, 255, 255]);
    assertEquals(
      [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
      ["grid", "photo.JPEG", "photo.png"], // and no part of a file
    );
  });
});

Deno.test("saveImage() takes the URL of a file as readImage() does", async () => {
  await inFolder(async (folder) => {
    const image = new Image(Uint8Array.of(1, 2, 3), 1, 1);
    const url = new URL(`file://${folder}/a%20photo.png`);
    await saveImage(url, image);
    assertEquals((await readImage(url)).data, image.data);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "a photo.png",
    ]);
    await assertRejects(
      () => saveImage(new URL("https://example.org/photo.png"), image),
      TypeError,
      'Cannot save an image as "https://example.org/photo.png": expected a ' +
        "path, or the URL of a file",
    );
  });
});

Deno.test("saveImage() refuses before it writes", async () => {
  await inFolder(async (folder) => {
    const image = new Image(new Uint8Array(3), 1, 1);
    await assertRejects(
      () => saveImage(`${folder}/photo.gif`, image),
      TypeError,
      '/photo.gif": expected a name that ends in .jpg, .jpeg, .png',
    );
    await assertRejects(
      () => saveImage(`${folder}/no/photo.png`, image),
      Deno.errors.NotFound,
      `Cannot write "${folder}/no/photo.png": there is no such folder`,
    );
    await assertRejects(
      // what programs without types do
      () => saveImage(`${folder}/photo.png`, 5 as unknown as Image),
      TypeError,
      `Cannot save 5 as "${folder}/photo.png": expected an Image, a tensor or ` +
        `a list of tensors`,
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});
