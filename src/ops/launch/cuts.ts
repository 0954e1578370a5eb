/**
 * Cuts of ops in two, for NOTE [parts] in launch.ts: the operand that is too
 * large, and the axis along which halving shrinks it most. This module works on
 * layouts and runs nothing.
 *
 * @module
 */

import { bindingLimit } from "../../gpu/device.ts";
import { DTYPES } from "../../tensor/dtype.ts";
import { type Layout, sliceLayout } from "../../tensor/layout.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Axis, Launch } from "./launch.ts";
import { type Extents, windowBytes } from "./windows.ts";

/** A cut of an op in two: an axis, its length, and the steps before the cut. */
export interface Cut<P> {
  readonly axis: Axis<P>;
  readonly length: number;
  readonly at: number;
}

/** Returns operand `i`'s layout between two steps along a cut's axis. */
export function sliceAlong<P>(
  layout: Layout,
  { axis: { dims, strides } }: Cut<P>,
  i: number,
  start: number,
  end: number,
): Layout {
  const dim = dims[i];
  if (dim === undefined) return layout;
  const by = strides?.[i] ?? 1;
  return sliceLayout(layout, dim, start * by, (end - start) * by, 1);
}

/** Returns the largest operand, if it does not fit into a binding. */
export function worstOf<P, E extends Extents>(
  op: Launch<P>,
  operands: readonly E[],
  axes: readonly Axis<P>[],
): E | undefined {
  let worst: E | undefined;
  let most = bindingLimit();
  operands.forEach((operand, i) => {
    const bytes = isScattered(op, operand, i, axes)
      ? sizeOf(operand.layout.shape) * DTYPES[operand.dtype].bytes
      : windowBytes(operand);
    if (bytes > most) [worst, most] = [operand, bytes];
  });
  return worst;
}

/**
 * Returns true if no cut along an axis brings the elements into one window. The
 * kernel then gets a row-major copy.
 */
function isScattered<P>(
  { strided }: Launch<P>,
  { layout, dtype }: Extents,
  i: number,
  axes: readonly Axis<P>[],
): boolean {
  if (strided) return false;
  const shape = [...layout.shape];
  for (const { dims, strides } of axes) {
    const dim = dims[i];
    if (dim !== undefined) {
      shape[dim] = Math.min(shape[dim]!, strides?.[i] ?? 1);
    }
  }
  return windowBytes({ layout: { ...layout, shape }, dtype }) > bindingLimit();
}

/**
 * Returns the cut along the axis on which an operand reaches farthest. For an
 * operand that will be copied, the longest axis counts instead.
 */
export function cutOf<P>(
  op: Launch<P>,
  operands: readonly Extents[],
  axes: readonly Axis<P>[],
  worst: Extents,
): Cut<P> | undefined {
  const i = operands.indexOf(worst);
  const { shape, strides } = worst.layout;
  const isCopied = isScattered(op, worst, i, axes);
  const reach = ({ dims }: Axis<P>): number => {
    const dim = dims[i];
    if (dim === undefined) return 0;
    return (isCopied ? 1 : Math.abs(strides[dim]!)) * (shape[dim]! - 1);
  };
  return farthestCut(operands, axes, reach);
}

/** Returns the cut along the longest axis. */
export function longestCut<P>(
  operands: readonly Extents[],
  axes: readonly Axis<P>[],
): Cut<P> | undefined {
  return farthestCut(operands, axes, (axis) => stepsOf(axis, operands) - 1);
}

function farthestCut<P>(
  operands: readonly Extents[],
  axes: readonly Axis<P>[],
  reach: (axis: Axis<P>) => number,
): Cut<P> | undefined {
  let best: Axis<P> | undefined;
  let farthest = 0;
  for (const axis of axes) {
    const far = reach(axis);
    if (far > farthest && stepsOf(axis, operands) > 1) {
      [best, farthest] = [axis, far];
    }
  }
  if (!best) return undefined;
  const length = stepsOf(best, operands);
  return { axis: best, length, at: halfOf(length) };
}

function stepsOf<P>(
  { dims, strides }: Axis<P>,
  operands: readonly Extents[],
): number {
  const i = dims.findIndex((dim) => dim !== undefined);
  const dim = dims[i];
  if (dim === undefined) return 1;
  return operands[i]!.layout.shape[dim]! / (strides?.[i] ?? 1);
}

// Returns about half of a length, rounded to keep the parts' alignment.
function halfOf(length: number): number {
  const step = length >= 1024 ? 256 : length >= 8 ? 4 : 1;
  return Math.ceil(length / 2 / step) * step;
}
