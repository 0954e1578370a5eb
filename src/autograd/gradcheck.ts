/**
 * Gradient checks: compare backward with differences of the function.
 *
 * The function runs on the GPU in float32, so differences are inexact. A
 * formula with four points has an error of the fourth power of the step. The
 * step can then be large, which keeps the rounding error (1e-7 of the values,
 * divided by the step) small. The host sums in double precision.
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
  /** Step by which an element changes. Default: 1/32, exact in float32. */
  readonly step?: number;
  /** Absolute and relative tolerance. Default: 1e-3. */
  readonly tolerance?: number;
  /** Whether to check second derivatives, too. Default: false. */
  readonly second?: boolean;
}

/**
 * Compares the gradients of `f` at `inputs` with differences. Only float32
 * inputs are checked.
 *
 * Each element needs calls of its own, so the inputs should be small. `f` needs
 * a derivative at every point within two steps of the inputs.
 *
 * @throws {Error} If a gradient is wrong; the message names the input and the
 * element
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
    const first: Differentiable = (...points) => {
      // leaves get a fresh autograd, so that their gradient can be taken here
      const xs = points.map((x) =>
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

// Any weights suit, if they give different weight to different outputs.
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
      const shifted = inputs.with(k, upload(moved, input.shape));
      const values = await f(...shifted).data();
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
          `${i}: got ${have}, expected ${want} from differences`,
      );
    });
  }
}

/** Returns the slope at 0 from four points, with an error of fourth order. */
async function slopeAt(
  value: (shift: number) => Promise<number>,
  step: number,
): Promise<number> {
  const [a, b, c, d] = await Promise.all(
    [-2 * step, -step, step, 2 * step].map(value),
  );
  return (a! - 8 * b! + 8 * c! - d!) / (12 * step);
}
