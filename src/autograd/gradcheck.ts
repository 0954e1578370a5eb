/**
 * Checking gradients: what backward says against differences of the function.
 *
 * The function runs on the GPU in float32, so differences are inexact. They are
 * taken over four points, whose error falls with the fourth power of the step;
 * the step can then be large, and rounding (some 1e-7 of the values, divided by
 * the step) stays small. Sums are formed in double precision on the host.
 *
 * @module
 */

import { checkOptionNames } from "../tensor/arguments.ts";
import { fromHost } from "../tensor/create.ts";
import { HostArray } from "../tensor/host_array.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { grad } from "./backward.ts";

/** A differentiable function of tensors. */
export type Differentiable = (...inputs: Tensor[]) => Tensor;

/** Options of gradcheck. */
export interface GradcheckOptions {
  /** By how much elements are moved. Default: 1/32, exact in float32. */
  readonly step?: number;
  /** Allowed difference, plus as much of the expected value. Default: 1e-3. */
  readonly tolerance?: number;
  /** Check the gradient's gradient as well. Default: false. */
  readonly second?: boolean;
}

/**
 * Compares the gradients of `f` at `inputs` with differences. Inputs of other
 * types than float32 are taken as they are.
 *
 * Every element is moved by itself, so the inputs should be small; and `f` needs
 * a derivative at every point within two steps of them.
 *
 * @throws {Error} Where they differ; the message names the input and the element
 *
 * @example The derivative of x^3
 * ```ts
 * import { gradcheck, tensor } from "@kindling/kindling";
 *
 * await gradcheck((x) => x.pow(3), [tensor([0.5, -1, 2])]);
 * ```
 */
export async function gradcheck(
  f: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): Promise<void> {
  const { step = 2 ** -5, tolerance = 1e-3, second = false } = checkOptionNames(
    "gradcheck",
    options,
    ["step", "tolerance", "second"],
  );
  await compare(f, inputs, step, tolerance, "gradient");
  if (!second) return;
  const floats = inputs.filter((input) => input.dtype === "float32");
  for (let k = 0; k < floats.length; k++) {
    const first: Differentiable = (...given) => {
      // f of a fresh place in the graph, so that a leaf may come in as well
      const xs = given.map((x) =>
        x.dtype === "float32" && !x.requiresGrad
          ? x.detach().requiresGrad_()
          : x
      );
      const y = f(...xs);
      const chosen = xs.filter((x) => x.dtype === "float32")[k]!;
      const weights = upload(weightsOf(y.size, 5), y.shape);
      return grad(y, [chosen], { createGraph: true, gradient: weights })[0]!;
    };
    await compare(first, inputs, step, tolerance, `second gradient (${k})`);
  }
}

// Any weights will do, so long as no two outputs count alike.
function weightsOf(size: number, salt: number): Float32Array<ArrayBuffer> {
  return new Float32Array(size).map((_, i) =>
    Math.fround(1.5 + Math.sin(12.9898 * (i + 1) + salt))
  );
}

function upload(data: Float32Array, shape: readonly number[]): Tensor {
  return fromHost(new HostArray(data, shape));
}

async function compare(
  f: Differentiable,
  inputs: readonly Tensor[],
  step: number,
  tolerance: number,
  what: string,
): Promise<void> {
  const leaves = inputs.map((input) =>
    input.dtype === "float32" ? input.detach().requiresGrad_() : input
  );
  const y = f(...leaves);
  const weights = weightsOf(y.size, 3);
  const wanted = leaves.filter((leaf) => leaf.requiresGrad);
  const gradients = y.requiresGrad
    ? grad(y, wanted, { gradient: upload(weights, y.shape) })
    : undefined;
  for (const [k, input] of inputs.entries()) {
    if (input.dtype !== "float32") continue;
    const x = await input.data();
    const valueAt = async (i: number, shift: number): Promise<number> => {
      const moved = Float32Array.from(x);
      moved[i]! += shift;
      const given = inputs.with(k, upload(moved, input.shape));
      const values = await f(...given).data();
      return weights.reduce((sum, weight, j) => sum + weight * values[j]!, 0);
    };
    const got = await gradients?.[wanted.indexOf(leaves[k]!)]?.data();
    const differences = await Promise.all(
      Array.from(x, (_, i) => slopeAt((shift) => valueAt(i, shift), step)),
    );
    differences.forEach((want, i) => {
      const have = got?.[i] ?? 0;
      if (Math.abs(have - want) <= tolerance * (1 + Math.abs(want))) return;
      throw new Error(
        `Wrong ${what} of input ${k}, ${
          formatShape(input.shape)
        }, at element ` +
          `${i}: got ${have}, differences say ${want}`,
      );
    });
  }
}

/** The slope at 0 over four points: its error is of the fourth order. */
async function slopeAt(
  value: (shift: number) => Promise<number>,
  step: number,
): Promise<number> {
  const [a, b, c, d] = await Promise.all(
    [-2 * step, -step, step, 2 * step].map(value),
  );
  return (a! - 8 * b! + 8 * c! - d!) / (12 * step);
}
