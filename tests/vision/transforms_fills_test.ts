/**
 * Fills: what images of a type don't have is refused wherever it may be given.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

import { DataLoader } from "../../src/data/loader/loader.ts";
import { fromHost } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Image } from "../../src/vision/image.ts";
import type { Fill } from "../../src/vision/actions/action.ts";
import * as T from "../../src/vision/transforms/mod.ts";
import { Pictures } from "./_pictures.ts";

const TF = T.functional;

/** Every transform that takes a fill; each is sure to use it. */
const TRANSFORMS: Readonly<Record<string, (fill: Fill) => T.Transform>> = {
  pad: (fill) => T.pad(1, { fill }),
  "pad by reflection": (fill) => T.pad(1, { fill, paddingMode: "reflect" }),
  "randomCrop with padding": (fill) => T.randomCrop(4, { padding: 1, fill }),
  "randomCrop of images that are large enough": (fill) =>
    T.randomCrop(4, { fill }),
  "randomCrop of small images": (fill) =>
    T.randomCrop(30, { padIfNeeded: true, fill }),
  "letterbox": (fill) => T.letterbox([7, 9], { fill }),
  randomRotation: (fill) => T.randomRotation([30, 30], { fill }),
  "randomRotation by a right angle": (fill) =>
    T.randomRotation([90, 90], { fill, expand: true }),
  "bilinear randomRotation": (fill) =>
    T.randomRotation([30, 30], { fill, interpolation: "bilinear" }),
  randomAffine: (fill) => T.randomAffine([30, 30], { fill }),
  randomPerspective: (fill) => T.randomPerspective({ p: 1, fill }),
  "randomPerspective that is not drawn": (fill) =>
    T.randomPerspective({ p: 0, fill }),
  randomErasing: (value) => T.randomErasing({ p: 1, value }),
  "randomErasing that is not drawn": (value) =>
    T.randomErasing({ p: 0, value }),
};

const corners = [[0, 0], [5, 0], [5, 5], [0, 5]];

/** Every function that takes a fill. */
const FUNCTIONS: Readonly<
  Record<string, (x: Tensor, fill: Fill) => unknown>
> = {
  pad: (x, fill) => TF.pad(x, 1, { fill }),
  rotate: (x, fill) => TF.rotate(x, 30, { fill }),
  affine: (x, fill) =>
    TF.affine(x, { angle: 0, translate: [1, 1], scale: 1, shear: 0, fill }),
  perspective: (x, fill) =>
    TF.perspective(x, {
      startpoints: corners,
      endpoints: [[1, 0], [5, 0], [5, 5], [0, 5]],
      fill,
    }),
  erase: (x, fill) => TF.erase(x, { i: 0, j: 0, h: 2, w: 2, v: fill }),
};

/** What bytes are not, as a number and in a list. */
const NO_BYTES: readonly Fill[] = [-1, 256, 300, 0.5, 99.7, 1e10].flatMap(
  (value) => [value, [value], [0, 0, value]],
);
/** What no image has. */
const NO_FILLS: readonly Fill[] = [NaN, Infinity, -Infinity, 1e39].flatMap(
  (value) => [value, [0, value, 0]],
);

const bytes = () => new Uint8Array(6 * 6 * 3).fill(7);
const image = () => new Image(bytes(), 6, 6);
const array = () => new HostArray(bytes(), [3, 6, 6]);
const floats = () => new HostArray(new Float32Array(108).fill(7), [3, 6, 6]);

for (const [name, make] of Object.entries(TRANSFORMS)) {
  Deno.test(`Transforms of bytes refuse a fill that is none: ${name}`, () => {
    for (const fill of NO_BYTES) {
      for (const x of [image(), array(), fromHost(array())]) {
        assertThrows(
          // each takes the three kinds of images
          () => make(fill).call(x as HostArray, new Generator(0)),
          RangeError,
          `with ${
            [fill].flat().at(-1)
          }: expected bytes, integers from 0 to 255`,
        );
      }
    }
    for (const fill of NO_FILLS) {
      assertThrows(() => make(fill), TypeError, "expected a number, or one");
    }
    for (const fill of [0, 255, [0, 114, 255]]) {
      make(fill).call(image(), new Generator(0));
    }
    // floats may be anything
    for (const fill of [-1, 0.5, [300, -2, 0.1]]) {
      make(fill).call(floats(), new Generator(0));
    }
  });
}

for (const [name, run] of Object.entries(FUNCTIONS)) {
  Deno.test(`transforms.functional refuses a fill that bytes don't have: ${name}`, () => {
    const x = fromHost(array());
    for (const fill of NO_BYTES) {
      assertThrows(() => run(x, fill), RangeError, "expected bytes, integers");
    }
    for (const fill of NO_FILLS) {
      assertThrows(() => run(x, fill), TypeError, "as a fill: expected");
    }
    run(x, [0, 114, 255]);
    run(fromHost(floats()), [-1, 0.5, 300]);
  });
}

Deno.test("DataLoader refuses a fill that bytes don't have, in every transform", async () => {
  for (const make of Object.values(TRANSFORMS)) {
    for (const name of ["transform", "batchTransform"] as const) {
      const dataset = new Pictures(2, 6);
      const loader = new DataLoader(dataset, {
        batchSize: 2,
        [name]: T.compose([make(300), T.toFloat()]),
      });
      await assertRejects(
        async () => await loader.first(),
        Error, // with the sample's name, where it is a sample's
        "with 300: expected bytes, integers from 0 to 255",
      );
    }
  }
});

Deno.test("Transforms fill bytes and floats with what is given, on host and GPU", async () => {
  for (const [name, make] of Object.entries(TRANSFORMS)) {
    if (/reflection|not drawn|right angle|large enough/.test(name)) continue;
    const draw = make([1, 200, 9]).draw(
      { channels: 3, height: 6, width: 6, dtype: "uint8" },
      new Generator(0),
    );
    const transform = new T.FixedTransform(name, draw);
    const whole = transform.call(image()) as Image;
    const gpu = transform.call(fromHost(array()));
    const planes = await gpu.permute([1, 2, 0]).data();
    assertEquals(Uint8Array.from(planes), whole.data, name);
    if (/bilinear|randomPerspective/.test(name)) continue; // which mix it
    const seen = new Set(whole.data);
    assert([1, 200, 9].every((value) => seen.has(value)), name);
  }
});

Deno.test("randomErasing() draws bytes of all values where it makes noise of bytes", async () => {
  const size = 100;
  const data = new Uint8Array(size * size);
  const erase = T.randomErasing({
    p: 1,
    scale: [0.9, 0.9],
    ratio: [1, 1],
    value: "random",
  });
  const draw = erase.draw(
    { channels: 1, height: size, width: size, dtype: "uint8" },
    new Generator(3),
  );
  const [box] = draw;
  assert(box?.op === "erase");
  const transform = new T.FixedTransform("", draw);
  const made = transform.call(new Image(data, size, size, 1)) as Image;
  const inside: number[] = [];
  for (let y = box.top; y < box.top + box.height; y++) {
    const row = y * size + box.left;
    inside.push(...made.data.subarray(row, row + box.width));
  }
  const counts = new Array<number>(256).fill(0);
  for (const value of inside) counts[value]!++;
  // 9,000 draws of 256 values: 35 each, with a deviation of 6
  assert(counts.every((count) => count > 5 && count < 70), `${counts}`);
  const onGPU = transform.call(
    fromHost(new HostArray(data, [1, size, size])),
  );
  assertEquals(Uint8Array.from(await onGPU.data()), made.data);
});
