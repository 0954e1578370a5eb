/**
 * Functions on tensors of images: what the goldens of PyTorch don't ask.
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

import { memory } from "../../src/gpu/pool.ts";
import { rand } from "../../src/ops/random/random.ts";
import { fromHost, tensor, zeros } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { Image } from "../../src/vision/image.ts";
import * as TF from "../../src/vision/transforms/functional.ts";

const floats = zeros([3, 6, 7]);
const bytes = zeros([3, 6, 7], { dtype: "uint8" });

Deno.test("toTensor() and toImage() are each other's inverse", async () => {
  const data = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);
  const image = new Image(data, 4, 2);
  const x = TF.toTensor(image);
  assertEquals([x.dtype, x.shape], ["float32", [3, 2, 4]]);
  const [first] = await x.select(0, 1).select(0, 0).data();
  assertEquals(first, Math.fround(10 / 255)); // green of the first pixel
  assertEquals((await TF.toImage(x)).data, data);
  const same = await TF.toImage(TF.convertImageDtype(x, "uint8"));
  assertEquals(same, image);
  const array = new HostArray(Uint8Array.of(255), [1, 1, 1]);
  assertEquals(await TF.toTensor(array).item(), 1);
});

Deno.test("Functions keep the leading dims and the type of their tensor", async () => {
  const plane = tensor([[1, 2, 3], [4, 5, 6]]);
  assertEquals(await TF.hflip(plane).toArray(), [[3, 2, 1], [6, 5, 4]]);
  const video = zeros([2, 5, 3, 8, 8], { dtype: "uint8" });
  const small = TF.resize(video, [4, 6]);
  assertEquals([small.dtype, small.shape], ["uint8", [2, 5, 3, 4, 6]]);
  const half = TF.adjustBrightness(floats.to("float16"), 2);
  assertEquals(half.dtype, "float16");
});

Deno.test("Functions free what they make on their way", async () => {
  const x = zeros([2, 3, 16, 16], { dtype: "uint8" });
  const before = memory().live;
  const made = [
    TF.adjustContrast(x, 1.2),
    TF.gaussianBlur(x, 3),
    TF.equalize(x),
    TF.adjustSharpness(x, 2),
    TF.autocontrast(x),
    TF.resize(x, [8, 8]),
    TF.rotate(x, 30),
  ];
  for (const each of made) each.dispose();
  await TF.toImage(x.select(0, 0));
  assert(memory().live - before <= 16); // the view of toImage's argument
});

Deno.test("adjustContrast() takes the mean of an image that is a part of others", async () => {
  const pair = rand([2, 3, 5, 4], { seed: 1 });
  const second = pair.slice(0, 1);
  assertEquals(
    await TF.adjustContrast(second, 2).data(),
    await TF.adjustContrast(second.clone(), 2).data(),
  );
});

Deno.test("crop() and hflip() take tensors of any strides", async () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i);
  const view = fromHost(new HostArray(data, [4, 3, 2])).permute([2, 0, 1]);
  const box = { top: 1, left: 0, height: 2, width: 2 };
  const got = await TF.crop(TF.hflip(view), box).data();
  const want = await TF.crop(TF.hflip(view.contiguous()), box).data();
  assertEquals(got, want);
});

Deno.test("resizedCrop() of one size scales the shorter side, as torchvision", async () => {
  const x = rand([3, 12, 11], { seed: 2 });
  for (
    const [height, width, want] of [
      [4, 6, [8, 12]],
      [6, 4, [12, 8]],
      [5, 7, [8, 11]], // 8 * 7 / 5, cut
      [3, 3, [8, 8]],
      [1, 10, [8, 80]],
    ] as const
  ) {
    const box = { top: 1, left: 1, height, width };
    const cut = TF.crop(x, box);
    for (const size of [8, [8]]) {
      const y = TF.resizedCrop(x, box, { size });
      assertEquals<readonly number[]>(y.shape, [3, ...want]);
      assertEquals(await y.data(), await TF.resize(cut, size).data());
    }
  }
  const square = { top: 0, left: 0, height: 4, width: 6 };
  assertEquals(TF.resizedCrop(x, square, { size: [8, 8] }).shape, [3, 8, 8]);
});

/** What is wrong, what makes it, and what the message says of it. */
const MISTAKES: readonly [string, () => unknown, string][] = [
  ["a tensor of no images", () => TF.hflip(zeros([3])), "expected images"],
  ["integers", () => TF.hflip(zeros([1, 2, 2], { dtype: "int32" })), "int32"],
  ["a size of 0", () => TF.resize(floats, 0), "Cannot resize to an image"],
  [
    "a maxSize for two sizes",
    () => TF.resize(floats, [2, 3], { maxSize: 9 }),
    "with maxSize 9: expected one size",
  ],
  [
    "a crop of no rows",
    () => TF.crop(floats, { top: 0, left: 0, height: 0, width: 3 }),
    "of size [0, 3]",
  ],
  [
    "a pad that leaves nothing",
    () => TF.pad(floats, -3),
    "nothing would be left",
  ],
  [
    "a reflection of more than there is",
    () => TF.pad(floats, 6, { paddingMode: "reflect" }),
    'by [6, 6, 6, 6] in mode "reflect"',
  ],
  ["a negative brightness", () => TF.adjustBrightness(floats, -1), "-1"],
  ["a negative contrast", () => TF.adjustContrast(floats, -1), "-1"],
  ["a negative saturation", () => TF.adjustSaturation(floats, -1), "-1"],
  ["a negative sharpness", () => TF.adjustSharpness(floats, -1), "-1"],
  ["a negative gamma", () => TF.adjustGamma(floats, -1), "-1 as gamma"],
  ["a hue of 0.6", () => TF.adjustHue(floats, 0.6), "from -0.5 to 0.5"],
  ["colours of two channels", () => TF.invert(zeros([2, 4, 4])), "1 or 3 cha"],
  [
    "two grey channels",
    () => TF.rgbToGrayscale(floats, { numOutputChannels: 2 }),
    "expected 1 or 3",
  ],
  ["9 bits", () => TF.posterize(bytes, 9), "expected an integer from 0 to 8"],
  ["posterized floats", () => TF.posterize(floats, 4), "expected uint8"],
  ["equalized floats", () => TF.equalize(floats), "expected uint8"],
  ["a threshold of 2", () => TF.solarize(floats, 2), "expected 1 at most"],
  ["an even kernel", () => TF.gaussianBlur(floats, 4), "expected odd sizes"],
  [
    "a large kernel",
    () => TF.gaussianBlur(floats, 15),
    "whose half is smaller",
  ],
  [
    "sigma 0",
    () => TF.gaussianBlur(floats, 3, 0),
    "expected one number above 0",
  ],
  ["normalized bytes", () => TF.normalize(bytes, [0], [1]), "toFloat()"],
  ["std 0", () => TF.normalize(floats, [0], [0]), "expected numbers above 0"],
  ["two means", () => TF.normalize(floats, [0, 0], [1, 1]), "with 2 means"],
  [
    "int32 as a type",
    () => TF.convertImageDtype(floats, "int32" as "uint8"),
    '"int32"',
  ],
  [
    "a negative row",
    () => TF.erase(floats, { i: -1, j: 0, h: 1, w: 1, v: 0 }),
    "row -1",
  ],
  [
    "two values",
    () => TF.erase(floats, { i: 0, j: 0, h: 1, w: 1, v: [0, 1] }),
    "with 2 values",
  ],
  [
    "scale 0",
    () =>
      TF.affine(floats, { angle: 0, translate: [0, 0], scale: 0, shear: 0 }),
    "expected a number above 0",
  ],
  [
    "one shift",
    () => TF.affine(floats, { angle: 0, translate: [0], scale: 1, shear: 0 }),
    "expected [x, y]",
  ],
  ["half a centre", () => TF.rotate(floats, 3, { center: [1] }), "as a centre"],
  [
    "cubic warps",
    () => TF.rotate(floats, 3, { interpolation: "bicubic" as "nearest" }),
    'Cannot use "bicubic" as an interpolation of warps',
  ],
  [
    "corners on a line",
    () =>
      TF.perspective(floats, {
        startpoints: [[0, 0], [6, 0], [6, 5], [0, 5]],
        endpoints: [[0, 0], [1, 0], [2, 0], [3, 0]],
      }),
    "no three of them on a line",
  ],
  [
    "a shift that is a number",
    () =>
      TF.affine(floats, {
        angle: 0,
        translate: 3 as unknown as number[],
        scale: 1,
        shear: 0,
      }),
    "Cannot use 3 as a shift: expected [x, y]",
  ],
  [
    "an infinite scale",
    () =>
      TF.affine(floats, {
        angle: 0,
        translate: [0, 0],
        scale: Infinity,
        shear: 0,
      }),
    "Infinity times: expected a number above 0",
  ],
  [
    "a shear by NaN",
    () =>
      TF.affine(floats, {
        angle: 0,
        translate: [0, 0],
        scale: 1,
        shear: [0, NaN],
      }),
    "Cannot use [0, NaN] as a shear: expected [x, y]",
  ],
  [
    "a centre that is a number",
    () => TF.rotate(floats, 3, { center: 1 as unknown as number[] }),
    "Cannot use 1 as a centre: expected [x, y]",
  ],
  ["a large crop", () => TF.fiveCrop(floats, 7), "the image is too small"],
  ["no image", () => TF.toTensor(3 as unknown as Image), "a tensor of 3: "],
];

for (const [what, run, message] of MISTAKES) {
  Deno.test(`Functions on images refuse ${what} by name`, () => {
    assertThrows(run, Error, message);
  });
}

Deno.test("toImage() refuses what is no image", async () => {
  await assertRejects(
    () => TF.toImage(zeros([2, 3, 4, 4])),
    TypeError,
    "expected [C, H, W] with 1, 3 or 4 channels",
  );
});
