/**
 * The two executors against each other, and batches against single images.
 */

import { assert, assertEquals } from "@std/assert";

import { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { fromHost } from "../../src/tensor/create.ts";
import { streamCounts } from "../../src/gpu/stream.ts";
import { type Channels, Image } from "../../src/vision/image.ts";
import type { Action } from "../../src/vision/actions/action.ts";
import { fold, isIdle } from "../../src/vision/executors/fold.ts";
import { atlasOf } from "../../src/vision/executors/atlas.ts";
import { runOnBatch, runOnTensor } from "../../src/vision/executors/gpu.ts";
import { runOnHost } from "../../src/vision/executors/host.ts";
import {
  extentOf,
  imageOf,
  pixelsOf,
} from "../../src/vision/actions/pixels.ts";
import * as T from "../../src/vision/transforms/mod.ts";

/** A picture of coloured waves: smooth, so that rounding decides little. */
function picture(
  height: number,
  width: number,
  channels: Channels = 3,
  phase = 0,
): Image {
  const data = new Uint8Array(height * width * channels);
  for (let i = 0; i < data.length; i++) {
    const c = i % channels;
    const x = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width);
    const wave = Math.sin(x / 3 + c + phase) * Math.cos(y / 4 - c * 2 + phase);
    data[i] = Math.round(127.5 + 120 * wave);
  }
  return new Image(data, width, height, channels);
}

/** The same values as floats, [C, H, W]. */
function floats(image: Image): HostArray {
  return imageOf(
    runOnHost(pixelsOf(image), [{ op: "convert", dtype: "float32" }]),
  ) as HostArray; // what floats are
}

/** Values of host images in the order of tensors, [C, H, W]. */
function planes(image: Image | HostArray): number[] {
  if (image instanceof HostArray) return [...image.data];
  const { data, channels } = image;
  const count = data.length / channels;
  return Array.from(
    data,
    (_, i) => data[i % count * channels + Math.floor(i / count)]!,
  );
}

/** The tensor [1, C, H, W] of an image, a view of its bytes side by side. */
function upload(image: Image | HostArray) {
  if (image instanceof HostArray) {
    return fromHost(new HostArray(image.data, [1, ...image.shape]));
  }
  const { data, height, width, channels } = image;
  return fromHost(new HostArray(data, [1, height, width, channels]))
    .permute([0, 3, 1, 2]);
}

function difference(got: ArrayLike<number>, want: readonly number[]): number {
  assertEquals(got.length, want.length);
  return want.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - got[i]!)),
    0,
  );
}

const GEOMETRY: Readonly<Record<string, readonly Action[]>> = {
  "crop": [{ op: "crop", top: 3, left: 5, height: 6, width: 7 }],
  "crop beyond the edge": [{
    op: "crop",
    top: -2,
    left: 9,
    height: 20,
    width: 12,
  }],
  "flips": [{ op: "hflip" }, { op: "vflip" }],
  "crop, scaling and flip": [
    { op: "crop", top: 2, left: 1, height: 9, width: 12 },
    {
      op: "resize",
      size: [5, 6],
      interpolation: "bilinear",
      antialias: true,
    },
    { op: "hflip" },
  ],
  "flip, enlargement and crop": [
    { op: "hflip" },
    {
      op: "resize",
      size: [30, 41],
      interpolation: "bicubic",
      antialias: true,
    },
    { op: "crop", top: 7, left: 3, height: 8, width: 9 },
    { op: "vflip" },
  ],
  "bicubic without antialias": [{
    op: "resize",
    size: [6, 7],
    interpolation: "bicubic",
    antialias: false,
  }],
  "flip before nearest": [
    { op: "hflip" },
    { op: "resize", size: [8, 23], interpolation: "nearest", antialias: false },
  ],
  "nearest by centres": [{
    op: "resize",
    size: [8, 11],
    interpolation: "nearest-exact",
    antialias: false,
  }],
  "pad by reflection, then scaling": [
    { op: "pad", padding: [3, 2, 1, 4], fill: 0, mode: "reflect" },
    {
      op: "resize",
      size: [12, 10],
      interpolation: "bilinear",
      antialias: true,
    },
  ],
  "crop, fill, crop and fill": [
    { op: "crop", top: 1, left: 1, height: 8, width: 8 },
    { op: "pad", padding: [2, 2, 2, 2], fill: 9, mode: "constant" },
    { op: "crop", top: 1, left: 0, height: 7, width: 9 },
    { op: "pad", padding: [1, 0, 3, 2], fill: 9, mode: "constant" },
  ],
  "crop, its frame filled, and a quarter turn": [
    { op: "crop", top: 2, left: 2, height: 9, width: 13 },
    { op: "pad", padding: [2, 2, 2, 2], fill: 0, mode: "constant" },
    {
      op: "warp",
      matrix: [0, 1, 0, -1, 0, 13, 0, 0, 1],
      size: [17, 13],
      interpolation: "nearest",
      fill: undefined,
    },
  ],
  "two fills": [
    { op: "pad", padding: [2, 2, 2, 2], fill: 9, mode: "constant" },
    { op: "pad", padding: [1, 1, 1, 1], fill: 4, mode: "constant" },
  ],
  "edge, then symmetric": [
    { op: "pad", padding: [2, 0, 2, 1], fill: 0, mode: "edge" },
    { op: "pad", padding: [4, 4, 4, 4], fill: 0, mode: "symmetric" },
  ],
  "two scalings": [
    {
      op: "resize",
      size: [9, 9],
      interpolation: "bilinear",
      antialias: true,
    },
    {
      op: "resize",
      size: [20, 15],
      interpolation: "bilinear",
      antialias: false,
    },
  ],
};

const COLOURS: Readonly<Record<string, readonly Action[]>> = {
  "brightness": [{ op: "brightness", factor: 1.3 }],
  "contrast first": [
    { op: "contrast", factor: 1.4 },
    { op: "brightness", factor: 0.8 },
  ],
  "contrast behind a crop and its frame": [
    { op: "crop", top: 2, left: 2, height: 9, width: 13 },
    { op: "pad", padding: [2, 2, 2, 2], fill: 0, mode: "edge" },
    { op: "contrast", factor: 1.4 },
  ],
  "contrast last": [
    { op: "saturation", factor: 0.5 },
    { op: "contrast", factor: 0.6 },
  ],
  "hue": [{ op: "hue", factor: -0.3 }],
  "gamma": [{ op: "gamma", gamma: 0.6, gain: 0.9 }],
  "grey": [{ op: "grayscale", channels: 3 }, {
    op: "solarize",
    threshold: 0.4,
  }],
  "one grey channel, then contrast": [
    { op: "grayscale", channels: 1 },
    { op: "contrast", factor: 1.5 },
    { op: "invert" },
  ],
  "colours, then a crop": [
    { op: "invert" },
    { op: "crop", top: 0, left: 2, height: 5, width: 5 },
    { op: "brightness", factor: 1.1 },
  ],
};

for (const [name, actions] of Object.entries({ ...GEOMETRY, ...COLOURS })) {
  Deno.test(`runOnTensor() and runOnHost() agree: ${name}`, async () => {
    for (const image of [picture(13, 17), floats(picture(13, 17))]) {
      const want = planes(imageOf(runOnHost(pixelsOf(image), actions)));
      const got = await runOnTensor(upload(image), actions).data();
      // bytes that lie between two levels may be cut to either
      const allowed = image instanceof Image ? 1 : 2e-5;
      assert(difference(got, want) <= allowed, `${difference(got, want)}`);
    }
  });
}

const FILTERS: Readonly<Record<string, readonly Action[]>> = {
  "blur": [{ op: "blur", kernelSize: [5, 3], sigma: [1.2, 0.7] }],
  "sharpness": [{ op: "sharpness", factor: 1.7 }],
  "autocontrast": [{ op: "brightness", factor: 0.5 }, { op: "autocontrast" }],
  "erase": [{
    op: "erase",
    top: 2,
    left: 3,
    height: 30,
    width: 4,
    value: [1, 0, 1],
  }],
  "noise": [
    { op: "convert", dtype: "float32" },
    {
      op: "erase",
      top: 2,
      left: 3,
      height: 5,
      width: 4,
      value: { noise: 7 },
    },
  ],
};

for (const [name, actions] of Object.entries(FILTERS)) {
  Deno.test(`runOnTensor() and runOnHost() agree: ${name}`, async () => {
    const image = picture(13, 17);
    const want = planes(imageOf(runOnHost(pixelsOf(image), actions)));
    const got = await runOnTensor(upload(image), actions).data();
    assert(difference(got, want) <= 1);
  });
}

Deno.test("runOnTensor() and runOnHost() take the same nearest pixels", async () => {
  for (const length of [2, 3, 6, 10, 21]) {
    const data = Uint8Array.from({ length }, (_, i) => i);
    const image = new Image(data, length, 1, 1);
    for (const width of [5, 7, 15, 21, 46, 49]) {
      const resize: Action = {
        op: "resize",
        size: [1, width],
        interpolation: "nearest-exact",
        antialias: false,
      };
      const want = planes(imageOf(runOnHost(pixelsOf(image), [resize])));
      const got = await runOnTensor(upload(image), [resize]).data();
      assertEquals([...got], want, `${length} to ${width}`);
    }
  }
});

Deno.test("runOnTensor() and runOnHost() agree: equalize", async () => {
  const image = picture(40, 40);
  const want = imageOf(runOnHost(pixelsOf(image), [{ op: "equalize" }]));
  const got = await runOnTensor(upload(image), [{ op: "equalize" }]).data();
  assertEquals([...got], planes(want));
});

Deno.test("runOnTensor() and runOnHost() agree on warps", async () => {
  const image = floats(picture(20, 24));
  for (const interpolation of ["nearest", "bilinear"] as const) {
    const maps = [
      T.randomRotation([33, 33], { interpolation, expand: true, fill: 0.3 }),
      T.randomAffine([-20, -20], {
        scale: [0.7, 0.7],
        shear: [10, 10, -5, -5],
        interpolation,
      }),
      T.randomPerspective({ p: 1, interpolation }),
    ];
    for (const map of maps) {
      const draw = map.draw(extentOf(pixelsOf(image)), new Generator(3));
      const want = planes(imageOf(runOnHost(pixelsOf(image), draw)));
      const got = await runOnTensor(upload(image), draw).data();
      const off = want.filter((value, i) => Math.abs(value - got[i]!) > 1e-3);
      // nearest pixels on half way between two may be either
      assert(off.length <= want.length / 100, `${map}: ${off.length} off`);
    }
  }
});

const AUGMENT = [
  T.randomResizedCrop(16),
  T.randomHorizontalFlip(),
  T.colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
  T.toFloat(),
  T.normalize(T.IMAGENET),
];

Deno.test("runOnBatch() does to each image what was drawn for it", async () => {
  const transform = T.compose(AUGMENT);
  const images = Array.from({ length: 5 }, (_, n) => picture(21, 33, 3, n));
  const lists = images.map((image, n) =>
    transform.draw(extentOf(pixelsOf(image)), Generator.ofSample(1, 0, n))
  );
  const bytes = new Uint8Array(5 * 21 * 33 * 3);
  images.forEach(({ data }, n) => bytes.set(data, n * data.length));
  const batch = fromHost(new HostArray(bytes, [5, 21, 33, 3]))
    .permute([0, 3, 1, 2]);
  const before = streamCounts().dispatches;
  const made = runOnBatch(atlasOf(batch), lists);
  // a pass up to contrast, the mean grey, a pass from there
  assertEquals(streamCounts().dispatches - before, 3);
  assertEquals(made.shape, [5, 3, 16, 16]);
  const got = await made.data();
  const want = images.flatMap((image, n) =>
    planes(imageOf(runOnHost(pixelsOf(image), lists[n]!)))
  );
  // a level is 1 / 255 / 0.225 = 0.017; hue and saturation carry it on
  const levels = want.map((value, i) => Math.abs(value - got[i]!) / 0.0175);
  const off = levels.filter((each) => each > 0.5).length;
  assert(off < want.length / 50, `${off} of ${want.length} values differ`);
  assert(Math.max(...levels) < 6);
});

Deno.test("runOnBatch() equals single images where lists differ in steps", async () => {
  const batch = fromHost(
    new HostArray(
      Uint8Array.from([picture(9, 9), picture(9, 9, 3, 1)].flatMap(
        (image) => planes(image),
      )),
      [2, 3, 9, 9],
    ),
  );
  const warp = T.randomRotation([90, 90]).draw(
    { channels: 3, height: 9, width: 9, dtype: "uint8" },
    new Generator(0),
  );
  const resize: Action = {
    op: "resize",
    size: [4, 4],
    interpolation: "bilinear",
    antialias: true,
  };
  const blur: Action = { op: "blur", kernelSize: [3, 3], sigma: [1, 1] };
  const lists = [[...warp, resize], [blur, resize]];
  const got = await runOnBatch(atlasOf(batch), lists).data();
  const each = await Promise.all(
    lists.map((list, n) => runOnTensor(batch.select(0, n), list).data()),
  );
  assertEquals([...got], each.flatMap((part) => [...part]));
});

Deno.test("runOnTensor() takes any number of channels, and none of images", async () => {
  const image = floats(picture(8, 9));
  const six = fromHost(
    new HostArray(
      Float32Array.from([...image.data, ...image.data]),
      [6, 8, 9],
    ),
  );
  const actions: Action[] = [
    { op: "crop", top: 1, left: 2, height: 4, width: 5 },
    { op: "normalize", mean: [0, 1, 2, 3, 4, 5], std: [1] },
  ];
  const got = await runOnTensor(six, actions).data();
  const crop = planes(
    imageOf(runOnHost(pixelsOf(image), actions.slice(0, 1))),
  );
  const want = [...crop, ...crop].map((value, i) => value - Math.floor(i / 20));
  assert(difference(got, want) < 1e-6);

  const none = fromHost(new HostArray(new Uint8Array(), [0, 3, 8, 9]));
  const empty = runOnTensor(none, [{ op: "hflip" }, {
    op: "convert",
    dtype: "float32",
  }]);
  assertEquals([empty.shape, empty.dtype], [[0, 3, 8, 9], "float32"]);
});

Deno.test("fold() plans as few passes as give the same result", () => {
  const extent = {
    channels: 3,
    height: 40,
    width: 50,
    dtype: "uint8",
  } as const;
  const passes = (actions: readonly Action[]): number =>
    fold(actions, extent).length;
  const resize: Action = {
    op: "resize",
    size: [20, 25],
    interpolation: "bilinear",
    antialias: true,
  };
  const crop: Action = { op: "crop", top: 2, left: 2, height: 16, width: 16 };
  const rest: Action[] = [
    { op: "hflip" },
    { op: "brightness", factor: 1.1 },
    { op: "convert", dtype: "float32" },
    { op: "normalize", mean: [0.5], std: [0.5] },
  ];
  assertEquals(passes([crop, resize, crop, ...rest]), 1);
  assertEquals(passes([resize, crop, { op: "contrast", factor: 1.1 }]), 2);
  assertEquals(passes([resize, ...rest, crop]), 2);
  assertEquals(passes([resize, resize]), 2);
  assertEquals(passes([]), 1);
});

Deno.test("fold() tells a crop with a frame from the whole image", () => {
  const extent = {
    channels: 1,
    height: 8,
    width: 8,
    dtype: "float32",
  } as const;
  const crop: Action = { op: "crop", top: 1, left: 1, height: 6, width: 6 };
  const back: Action = { op: "crop", top: 1, left: 1, height: 8, width: 8 };
  const pad: Action = {
    op: "pad",
    padding: [1, 1, 1, 1],
    fill: 0,
    mode: "constant",
  };
  const contrast: Action = { op: "contrast", factor: 1.1 };
  const [first] = fold([crop, pad, contrast], extent);
  assertEquals(isIdle(first!), false);
  const [same] = fold([pad, back, contrast], extent);
  assertEquals(isIdle(same!), true);
});
