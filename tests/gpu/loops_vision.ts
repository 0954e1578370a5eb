/**
 * Calls of transforms, whose kernels loop over taps of filters and over images.
 *
 * @module
 */

import { zeros } from "../../src/tensor/create.ts";
import type { Action } from "../../src/vision/actions/action.ts";
import { runOnTensor } from "../../src/vision/executors/gpu.ts";
import { type LoopCall, loopCall } from "./_loop_calls.ts";

/** Sides of a square image before and after. */
type Sides = readonly [from: number, to: number];

function scaled(
  name: string,
  sizes: readonly [small: Sides, far: Sides],
  options: Omit<Extract<Action, { op: "resize" }>, "op" | "size">,
): LoopCall {
  return loopCall(name, sizes, ([from, to]) => {
    const image = zeros([1, 1, from, from], { dtype: "uint8" });
    runOnTensor(image, [{ op: "resize", size: [to, to], ...options }]);
  });
}

function alike(name: string, actions: readonly Action[]): LoopCall {
  return loopCall(name, [30, 3300], (side) => {
    runOnTensor(zeros([1, 3, side, side]), actions);
  });
}

/** The calls. */
export const VISION_CALLS: readonly LoopCall[] = [
  scaled("resize", [[40, 7], [3000, 1]], {
    interpolation: "bilinear",
    antialias: true,
  }),
  scaled("resize, cubic", [[40, 7], [3000, 1]], {
    interpolation: "bicubic",
    antialias: true,
  }),
  scaled("resize without antialias", [[40, 7], [3000, 1]], {
    interpolation: "bicubic",
    antialias: false,
  }),
  alike("contrast", [{ op: "contrast", factor: 2 }]),
  alike("flip, brightness and normalize", [
    { op: "hflip" },
    { op: "brightness", factor: 2 },
    { op: "normalize", mean: [0, 0, 0], std: [1, 1, 1] },
  ]),
];
