/**
 * Masks that move with their images: of any type, and with a fill of their own.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";

import { fromHost } from "../../src/tensor/create.ts";
import { type DType, DTYPES } from "../../src/tensor/dtype.ts";
import { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Image } from "../../src/vision/image.ts";
import { VOC_PALETTE } from "../../src/vision/segmentation_masks.ts";
import * as T from "../../src/vision/transforms/mod.ts";

const [HEIGHT, WIDTH] = [7, 10];

/** Transforms that move pixels; those with zeros around say so. */
const MOVES: Readonly<Record<string, readonly T.Transform[]>> = {
  flips: [T.randomHorizontalFlip(1), T.randomVerticalFlip(1)],
  "a crop": [T.randomCrop([4, 5])],
  "a crop beyond the image": [T.centerCrop([4, 15])],
  "a crop beyond on all sides": [T.centerCrop(20)],
  padding: [T.pad([1, 2, 3, 4], { fill: 77 })],
  "padding by reflection": [T.pad(2, { paddingMode: "reflect" })],
  resize: [T.resize([11, 5])],
  letterbox: [T.letterbox(12, { fill: 114 })],
  "a crop, scaled": [T.randomResizedCrop(9)],
  rotation: [T.randomRotation([30, 30], { expand: true, fill: 9 })],
  "bilinear rotation": [
    T.randomRotation([30, 30], { interpolation: "bilinear" }),
  ],
  "a right angle": [T.randomRotation([90, 90], { expand: true })],
  perspective: [T.randomPerspective({ p: 1 })],
  "all of it, and colours": [
    T.colorJitter({ brightness: 0.5 }),
    T.letterbox(9),
    T.grayscale(),
    T.toFloat(),
    T.randomAffine(20, { scale: [0.5, 0.8] }),
    T.randomHorizontalFlip(),
    T.randomErasing({ p: 1 }),
  ],
};

/** Names of instances for 0 to 3, and for what lies around, by type. */
const NAMES: Readonly<Record<string, readonly number[]>> = {
  uint8: [0, 255, 3, 128, 254],
  int32: [0, 2147483647, -2147483648, 16777217, -1],
  uint32: [0, 4294967295, 16777217, 65536, 4294901760],
  bool: [0, 1, 1, 0, 1],
  float32: [0, 1.5, -7, 3e38, 0.1],
};

/** Classes 0 to 3 in no order. */
const CLASSES = Uint8Array.from(
  { length: HEIGHT * WIDTH },
  (_, i) => (i * 7 + (i >> 2) * 3) % 4,
);

function maskOf(dtype: DType, lead: readonly number[]): HostArray {
  const values = DTYPES[dtype].array;
  const count = lead.reduce((a, b) => a * b, 1);
  const data = new values(count * CLASSES.length);
  data.forEach((_, i) =>
    data[i] = NAMES[dtype]![CLASSES[i % CLASSES.length]!]!
  );
  return new HostArray(data, [...lead, HEIGHT, WIDTH], dtype);
}

const image = () =>
  new Image(new Uint8Array(HEIGHT * WIDTH * 3).fill(50), WIDTH, HEIGHT);

for (const [name, transforms] of Object.entries(MOVES)) {
  Deno.test(`joint() moves masks of all types alike: ${name}`, async () => {
    // classes as they are, 4 around them
    const classes = new Image(CLASSES, WIDTH, HEIGHT, 1);
    const wanted = T.joint(transforms, { maskFill: 4 })
      .call({ image: image(), mask: classes }, new Generator(6)).mask;
    for (const [type, names] of Object.entries(NAMES)) {
      const dtype = type as DType; // the table's keys are types
      const augment = T.joint(transforms, { maskFill: names[4]! });
      for (const lead of [[], [3], [0]]) {
        const mask = maskOf(dtype, lead);
        const moved = augment.call(
          { image: image(), mask },
          new Generator(6),
        ).mask;
        const size = [wanted.height, wanted.width];
        assertEquals([moved.dtype, moved.shape], [dtype, [...lead, ...size]]);
        const plane = Array.from(wanted.data, (index) => names[index]!);
        const want = new DTYPES[dtype].array(moved.data.length);
        want.forEach((_, i) => want[i] = plane[i % plane.length]!);
        assertEquals(moved.data, want, type);
        const onGPU = augment.call(
          { image: image(), mask: fromHost(mask) as Tensor },
          new Generator(6),
        ).mask;
        assertEquals([onGPU.dtype, onGPU.shape], [dtype, moved.shape]);
        assertEquals([...await onGPU.data()], [...moved.data], `${dtype}`);
      }
    }
  });
}

Deno.test("joint() fills masks with zeros, or with what it is told", () => {
  const around = [
    "a crop beyond the image",
    "padding",
    "letterbox",
    "rotation",
    "perspective",
  ];
  for (const name of around) {
    const mask = new Image(
      new Uint8Array(HEIGHT * WIDTH).fill(1),
      WIDTH,
      HEIGHT,
      1,
    );
    for (const maskFill of [undefined, 255]) {
      const options = maskFill === undefined ? {} : { maskFill };
      const augment = T.joint(MOVES[name]!, options);
      const moved = augment.call([image(), mask], new Generator(2))[1];
      const beside = moved.data.filter((value) => value !== 1);
      assert(beside.length > 0, name);
      assert(beside.every((value) => value === (maskFill ?? 0)), name);
    }
  }
});

Deno.test("joint() keeps the palette of a mask", () => {
  const mask = new Image(CLASSES, WIDTH, HEIGHT, 1, VOC_PALETTE);
  const augment = T.joint([T.letterbox(12)], { maskFill: 255 });
  assertEquals(augment.call([image(), mask])[1].palette, VOC_PALETTE);
});

Deno.test("joint() refuses a fill that the mask's type does not have", () => {
  const pad = [T.pad(1)];
  const cases: [DType, number][] = [
    ["uint8", 256],
    ["uint8", -1],
    ["uint8", 0.5],
    ["bool", 255],
    ["int32", 2 ** 31],
    ["uint32", -1],
    ["float32", 1e39],
  ];
  for (const [dtype, maskFill] of cases) {
    const augment = T.joint(pad, { maskFill });
    const mask = maskOf(dtype, []);
    for (const each of [mask, fromHost(mask) as Tensor]) {
      assertThrows(
        () => augment.call({ image: image(), mask: each }),
        RangeError,
        `Cannot fill a mask of ${dtype} with maskFill ${maskFill}: expected`,
      );
    }
  }
  const classes = new Image(CLASSES, WIDTH, HEIGHT, 1);
  assertThrows(
    () => T.joint(pad, { maskFill: 300 }).call([image(), classes]),
    RangeError,
    "Cannot fill a mask of uint8 with maskFill 300",
  );
  assertThrows(
    () => T.joint(pad, { maskFill: NaN }),
    RangeError,
    "Cannot use NaN as a fill of masks",
  );
  const halves = new HostArray(
    new Float16Array(HEIGHT * WIDTH),
    [HEIGHT, WIDTH],
  );
  assertThrows(
    () => T.joint(pad).call({ image: image(), mask: halves }),
    TypeError,
    "Cannot move a mask of float16 [7, 10]: expected uint8, bool, int32",
  );
});
