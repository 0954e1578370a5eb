/**
 * The table of actions: every row on both executors.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

import { fromHost } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type {
  Action,
  ActionName,
  ActionOf,
} from "../../src/vision/actions/action.ts";
import { imageOf, pixelsOf } from "../../src/vision/actions/pixels.ts";
import { ACTIONS, isBatched } from "../../src/vision/actions/rows.ts";
import { isComposed } from "../../src/vision/executors/compositions.ts";
import { runOnTensor } from "../../src/vision/executors/gpu.ts";
import { runOnHost } from "../../src/vision/executors/host.ts";

const SIZE = [9, 11] as const;

/** An action of each name, on floats. */
const SAMPLES: Readonly<
  { [Name in ActionName]: ActionOf<Name> | readonly Action[] }
> = {
  resize: {
    op: "resize",
    size: [4, 17],
    interpolation: "bilinear",
    antialias: true,
  },
  crop: { op: "crop", top: -1, left: 2, height: 5, width: 20 },
  pad: { op: "pad", padding: [1, 2, 0, 3], fill: 0.5, mode: "symmetric" },
  hflip: { op: "hflip" },
  vflip: { op: "vflip" },
  warp: {
    op: "warp",
    matrix: [0.9, 0.1, 0.3, -0.1, 0.8, 1.1, 0, 0, 1],
    size: [7, 8],
    interpolation: "bilinear",
    fill: 0.25,
  },
  convert: { op: "convert", dtype: "uint8" },
  normalize: { op: "normalize", mean: [0.2, 0.4, 0.6], std: [0.5, 0.25, 2] },
  brightness: { op: "brightness", factor: 1.3 },
  contrast: { op: "contrast", factor: 0.6 },
  saturation: { op: "saturation", factor: 1.6 },
  hue: { op: "hue", factor: 0.2 },
  gamma: { op: "gamma", gamma: 2.2, gain: 0.9 },
  grayscale: { op: "grayscale", channels: 1 },
  invert: { op: "invert" },
  posterize: [{ op: "convert", dtype: "uint8" }, { op: "posterize", bits: 3 }],
  solarize: { op: "solarize", threshold: 0.5 },
  erase: { op: "erase", top: 1, left: 2, height: 3, width: 4, value: 0.75 },
  blur: { op: "blur", kernelSize: [3, 5], sigma: [0.8, 1.1] },
  sharpness: { op: "sharpness", factor: 1.4 },
  autocontrast: { op: "autocontrast" },
  equalize: [{ op: "convert", dtype: "uint8" }, { op: "equalize" }],
};

function waves(): HostArray {
  const [height, width] = SIZE;
  const data = Float32Array.from(
    { length: 3 * height * width },
    (_, i) => 0.5 + 0.4 * Math.sin(i / 3) * Math.cos(i / 7),
  );
  return new HostArray(data, [3, height, width]);
}

for (const [name, sample] of Object.entries(SAMPLES)) {
  const actions: readonly Action[] = [sample].flat();

  Deno.test(`ACTIONS: ${name} is alike on the host and the GPU`, async () => {
    const x = waves();
    const moved = imageOf(runOnHost(pixelsOf(x), actions));
    const want = moved instanceof HostArray ? moved : undefined;
    const got = await runOnTensor(fromHost(x), actions).data();
    assertEquals(got.length, want?.data.length);
    const isByte = got instanceof Uint8Array;
    // a byte that lies between two levels may become either
    const allowed = isByte ? 1 : 2e-5;
    want?.data.forEach((value, i) =>
      assert(Math.abs(Number(value) - Number(got[i])) <= allowed, `${i}`)
    );
  });
}

Deno.test("ACTIONS are each done by kernels, or composed of ops", () => {
  for (const action of Object.values(SAMPLES)) {
    const { op } = [action].flat().at(-1)!;
    const isFilter = !isBatched(op);
    assert(!isFilter || isComposed({ op } as Action), op); // a name is enough
    // the loader leaves to the GPU what has gradients there
    const { floats = false } = ACTIONS[op];
    assertEquals(isComposed({ op } as Action), isFilter || floats, op);
  }
});
