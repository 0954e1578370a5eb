/**
 * Arguments and options that transforms don't have: none is ignored.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";

import { fromHost } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import * as T from "../../src/vision/transforms/mod.ts";

const list = [T.toFloat()];

/** All arguments that a factory takes; the last may be its options. */
const FACTORIES: Readonly<
  Record<
    string,
    readonly [arguments: readonly unknown[], hasOptions?: "options"]
  >
> = {
  compose: [[list]],
  lambda: [[(x: unknown) => x]],
  randomApply: [[list, 0.5]],
  randomChoice: [[list, [1]]],
  randomOrder: [[list]],
  joint: [[list, {}], "options"],
  centerCrop: [[4]],
  pad: [[1, {}], "options"],
  randomCrop: [[4, {}], "options"],
  randomHorizontalFlip: [[0.5]],
  randomVerticalFlip: [[0.5]],
  randomResizedCrop: [[4, {}], "options"],
  resize: [[4, {}], "options"],
  letterbox: [[4, {}], "options"],
  fiveCrop: [[4]],
  tenCrop: [[4, {}], "options"],
  randomAffine: [[10, {}], "options"],
  randomPerspective: [[{}], "options"],
  randomRotation: [[10, {}], "options"],
  colorJitter: [[{}], "options"],
  convertImageDtype: [["uint8"]],
  gaussianBlur: [[3, {}], "options"],
  grayscale: [[{}], "options"],
  normalize: [[[0], [1]]],
  randomAdjustSharpness: [[2, 0.5]],
  randomAutocontrast: [[0.5]],
  randomEqualize: [[0.5]],
  randomGrayscale: [[0.5]],
  randomInvert: [[0.5]],
  randomPosterize: [[4, 0.5]],
  randomSolarize: [[100, 0.5]],
  toFloat: [[]],
  toTensor: [[]],
  randomErasing: [[{}], "options"],
};

/** All arguments that a class takes. */
const CLASSES: Readonly<Record<string, readonly unknown[]>> = {
  CenterCrop: [4],
  ChanceTransform: ["name", [], 0.5],
  ColorJitter: [{}],
  Compose: [list],
  FixedTransform: ["name", []],
  GaussianBlur: [3, 1],
  Joint: [list, {}],
  Lambda: [(x: unknown) => x],
  Letterbox: [4, {}],
  RandomAffine: [10, {}],
  RandomApply: [list, 0.5],
  RandomChoice: [list, [1]],
  RandomCrop: [4, {}],
  RandomErasing: [{}],
  RandomOrder: [list],
  RandomPerspective: [{}],
  RandomResizedCrop: [4, {}],
  RandomRotation: [10, {}],
  Resize: [4, {}],
  SeveralCrops: ["name", 4, "hflip"],
};

Deno.test("Classes of transforms refuse an argument too many", () => {
  const classes = Object.entries(T).filter(([name, value]) =>
    typeof value === "function" && /^[A-Z]/.test(name) && name !== "Transform"
  );
  assertEquals(classes.map(([name]) => name).sort(), Object.keys(CLASSES));
  for (const [name, value] of classes) {
    // of any arguments, as untyped programs give them
    const Class = value as unknown as new (...given: unknown[]) => unknown;
    const given = CLASSES[name]!; // the same names
    new Class(...given);
    for (const extra of [{ fill: 114 }, 7, undefined]) {
      assertThrows(
        () => new Class(...given, extra),
        TypeError,
        `as argument ${given.length + 1} of ${name}: expected `,
      );
    }
  }
});

type Anything = (...given: readonly unknown[]) => unknown;

/** The exports of a namespace whose names begin like functions'. */
function functionsOf(space: object): [string, Anything][] {
  return Object.entries(space).filter(([name, value]) =>
    typeof value === "function" && /^[a-z]/.test(name)
  );
}

Deno.test("Transforms are all in the table of arguments", () => {
  assertEquals(
    functionsOf(T).map(([name]) => name).sort(),
    Object.keys(FACTORIES).sort(),
  );
});

for (const [name, make] of functionsOf(T)) {
  Deno.test(`${name}() refuses an argument too many, and options it lacks`, () => {
    const [given = [], hasOptions] = FACTORIES[name] ?? [];
    make(...given);
    for (const extra of [{ fill: 114 }, 7, undefined]) {
      assertThrows(
        () => make(...given, extra),
        TypeError,
        `as argument ${given.length + 1} of ${name}: expected `,
      );
    }
    // in the place of the options, or of what may be left out
    const options = { nonsense: 1 };
    const last = hasOptions ? given.length - 1 : given.length;
    assertThrows(
      () => make(...given.slice(0, last), options),
      TypeError,
      hasOptions
        ? `Cannot use "nonsense" as an option of ${name}`
        : `Cannot use an object as argument ${last + 1} of ${name}`,
    );
    for (let count = 0; count < given.length; count++) {
      assertThrows(() => make(...given.slice(0, count), options), Error);
    }
  });
}

Deno.test("normalize() of a record takes nothing else", () => {
  const moments = { mean: [0], std: [1] };
  const normalize: Anything = T.normalize as Anything; // as untyped programs do
  normalize(moments);
  assertThrows(
    () => normalize(moments, [2]),
    TypeError,
    "Cannot use an array as argument 2 of normalize: expected 1 at most",
  );
  assertThrows(
    () => normalize({ ...moments, inplace: true }),
    TypeError,
    'Cannot use "inplace" as an option of normalize',
  );
});

const box = { top: 0, left: 0, height: 2, width: 2 };
const corners = [[0, 0], [3, 0], [3, 3], [0, 3]];

/** Functions of two arguments and more; those of one may be given to `map`. */
const FUNCTIONS: Readonly<Record<string, readonly unknown[]>> = {
  resize: [2, {}],
  pad: [1, {}],
  crop: [box],
  centerCrop: [2],
  resizedCrop: [box, { size: 2 }],
  fiveCrop: [2],
  tenCrop: [2, {}],
  rotate: [10, {}],
  affine: [{ angle: 1, translate: [0, 0], scale: 1, shear: 0 }],
  perspective: [{ startpoints: corners, endpoints: corners }],
  adjustBrightness: [1],
  adjustContrast: [1],
  adjustSaturation: [1],
  adjustHue: [0],
  adjustGamma: [1, 1],
  adjustSharpness: [1],
  rgbToGrayscale: [{}],
  posterize: [4],
  solarize: [9],
  gaussianBlur: [3, 1],
  erase: [{ i: 0, j: 0, h: 1, w: 1, v: 0 }],
  normalize: [[0], [1]],
  convertImageDtype: ["float32"],
  hflip: [],
  vflip: [],
  invert: [],
  autocontrast: [],
  equalize: [],
  toTensor: [],
  toImage: [],
};

Deno.test("transforms.functional refuses an argument too many, and options it lacks", () => {
  const functions = functionsOf(T.functional);
  assertEquals(
    functions.map(([name]) => name).sort(),
    Object.keys(FUNCTIONS).sort(),
  );
  for (const [name, run] of functions) {
    const given = FUNCTIONS[name]!; // the same names
    if (given.length === 0) continue;
    const bytes = fromHost(new HostArray(new Uint8Array(48), [3, 4, 4]));
    const image = name === "normalize" ? bytes.to("float32") : bytes;
    assertThrows(
      () => run(image, ...given, { fill: 114 }),
      TypeError,
      `Cannot use an object as argument ${given.length + 2} of ${name}: `,
      name,
    );
    const last = given.at(-1);
    if (typeof last !== "object" || Array.isArray(last)) continue;
    for (const [i, part] of given.entries()) {
      if (typeof part !== "object") continue;
      const wrong = given.with(i, { ...part, nonsense: 1 });
      assertThrows(
        () => run(image, ...wrong),
        TypeError,
        `Cannot use "nonsense" as an option of ${name}`,
        name,
      );
    }
  }
});

Deno.test("Transforms refuse lists of numbers that are none", () => {
  const untyped = <Value>(value: unknown) => value as Value;
  for (const p of [[1], [1, -1], [0, 0], [1, NaN], [1, Infinity], 3]) {
    assertThrows(
      () => T.randomChoice([T.toFloat(), T.toFloat()], untyped(p)),
      RangeError,
      `by weights ${Array.isArray(p) ? `[${p.join(", ")}]` : p}: expected`,
    );
  }
  for (const translate of [[0.1], [0.1, 0.1, 0.1], [NaN, 0], 0.1, "x"]) {
    assertThrows(
      () => T.randomAffine(0, { translate: untyped(translate) }),
      RangeError,
      "as a shift: expected [x, y]",
    );
  }
  assertThrows(
    () => T.randomAffine(0, { translate: [0, 1.5] }),
    RangeError,
    "Cannot use 1.5 as a shift: expected a number from 0 to 1",
  );
  assertThrows(() => new T.ChanceTransform("", [], 1.5), RangeError, "1.5");
});
