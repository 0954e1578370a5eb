/**
 * What tests of ops with gradients share: values, closeness, and gradients by
 * differences.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

import { grad } from "../../src/autograd/backward.ts";
import { type AdapterClass, withAdapterClass } from "../../src/gpu/device.ts";
import { fromHost } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Values without a pattern, between -2 and 2; another `salt`, other values. */
export function values(size: number, salt = 0): Float32Array<ArrayBuffer> {
  return new Float32Array(size).map((_, i) =>
    2 * Math.sin(12.9898 * (i + 1) + 78.233 * salt)
  );
}

/** A float32 tensor of given values, or of `values`. */
export function made(
  shape: Shape,
  given: ArrayLike<number> = values(sizeOf(shape)),
): Tensor {
  return fromHost(new HostArray(Float32Array.from(given), shape, "float32"));
}

/** An int32 tensor of given values. */
export function indices(shape: Shape, given: ArrayLike<number>): Tensor {
  return fromHost(new HostArray(Int32Array.from(given), shape, "int32"));
}

/**
 * Asserts that all elements are within `tolerance` + `tolerance` times what was
 * expected; NaN and infinities are equal to themselves.
 */
export async function assertClose(
  got: Tensor,
  expected: ArrayLike<number>,
  tolerance: number,
): Promise<void> {
  const data = await got.data();
  assertEquals(data.length, expected.length, "number of elements");
  for (let i = 0; i < data.length; i++) {
    const want = expected[i]!;
    const difference = Math.abs(data[i]! - want);
    const isClose = Object.is(data[i], want) || data[i] === want ||
      difference <= tolerance * (1 + Math.abs(want));
    if (!isClose) {
      throw new Error(
        `Element ${i}: got ${data[i]}, expected ${want} within ${tolerance}`,
      );
    }
  }
}

/** Options of `assertGradients`. */
export interface GradientOptions {
  /** By how much inputs are moved. */
  readonly step?: number;
  readonly tolerance?: number;
  /** Whose kernels are run; the adapter's unless said. */
  readonly kind?: AdapterClass;
}

/**
 * Asserts that the gradients of sum(w * f(inputs)), w being some weights, equal
 * central differences, summed in double precision.
 *
 * Differences over 2 * 2^-7 of float32 values carry an error of some 1e-4, and
 * one of second order about as large: hence the tolerance.
 */
export async function assertGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { step = 2 ** -7, tolerance = 2e-3, kind }: GradientOptions = {},
): Promise<void> {
  const within = <T>(body: () => T): T =>
    kind ? withAdapterClass(kind, body) : body();
  const leaves = inputs.map((input) => input.detach().requiresGrad_());
  const y = within(() => f(...leaves));
  const w = values(y.size, 3);
  within(() => y.backward(made(y.shape, w)));
  for (const [k, input] of inputs.entries()) {
    const x = await input.data();
    const at = async (i: number, shift: number): Promise<number> => {
      const moved = Float32Array.from(x);
      moved[i]! += shift;
      const others = inputs.with(k, made(input.shape, moved));
      const shifted = await within(() => f(...others)).data();
      return w.reduce((sum, weight, j) => sum + weight * shifted[j]!, 0);
    };
    const pairs = await Promise.all(
      Array.from(x, (_, i) => Promise.all([at(i, step), at(i, -step)])),
    );
    const slopes = pairs.map(([up, down]) => (up - down) / (2 * step));
    await assertClose(leaves[k]!.grad!, slopes, tolerance);
  }
}

/** The same for the gradient of `f` with respect to its first input. */
export async function assertSecondGradients(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  tolerance = 5e-3,
): Promise<void> {
  const first = (...xs: Tensor[]): Tensor => {
    const x = xs[0]!.requiresGrad ? xs[0]! : xs[0]!.requiresGrad_();
    const y = f(x, ...xs.slice(1));
    const gradient = made(y.shape, values(y.size, 5));
    return grad(y, [x], { createGraph: true, gradient })[0]!;
  };
  await assertGradients(first, inputs, { tolerance });
}

/** A call, and the shape and values of its result. */
export type Row = readonly [() => Tensor, Shape, readonly number[]];

/** Asserts that calls give what is said, within 1e-6. */
export async function assertRows(
  rows: Readonly<Record<string, Row>>,
): Promise<void> {
  for (const [name, [call, shape, values]] of Object.entries(rows)) {
    try {
      const y = call();
      assertEquals(y.shape, shape, "shape");
      await assertClose(y, values, 1e-6);
    } catch (error) {
      throw new Error(name, { cause: error });
    }
  }
}
