/**
 * Shapes: lists of sizes, their broadcasting, and checks.
 *
 * A shape counts elements only; the memory of the elements is a layout
 * (layout.ts).
 *
 * @module
 */

import { formatValue } from "./arguments.ts";

/** The size of each dimension; a scalar has none. */
export type Shape = readonly number[];

/** Returns the number of elements of a shape: 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** Formats a shape for messages: `[2, 3]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes have the same sizes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, dim) => length === b[dim]);
}

/**
 * Returns the shape to which all of `shapes` broadcast, aligned at the last
 * dim.
 *
 * @throws {TypeError} If a dim has two different sizes, neither of them 1
 */
export function broadcastShapes(op: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const shift = rank - shape.length;
    for (let dim = 0; dim < shape.length; dim++) {
      const length = shape[dim]!;
      const have = out[shift + dim]!;
      if (have === 1) out[shift + dim] = length;
      else if (length !== 1 && length !== have) {
        throw new TypeError(
          `Cannot ${op} ${shapes.map(formatShape).join(" and ")}: ` +
            `sizes ${have} and ${length} of dim ${shift + dim - rank} ` +
            `must be equal, or one of them 1`,
        );
      }
    }
  }
  return out;
}

/**
 * Returns a dim counted from 0, for one that may be negative.
 *
 * @throws {RangeError} If the shape has no such dim
 */
export function normalizeDim(op: string, dim: number, shape: Shape): number {
  // as in torch, dims 0 and -1 are valid for a scalar
  const rank = Math.max(shape.length, 1);
  if (!Number.isInteger(dim) || dim < -rank || dim >= rank) {
    throw new RangeError(
      `Cannot ${op} over dim ${dim}: a tensor of shape ${formatShape(shape)} ` +
        `has dims ${-rank} to ${rank - 1}`,
    );
  }
  return dim < 0 ? dim + rank : dim;
}

/**
 * Checks that sizes or dims are one array. torch takes separate arguments, too.
 *
 * @throws {TypeError} If `list` is not an array
 */
export function checkList(doing: string, list: unknown): void {
  if (!Array.isArray(list)) {
    throw new TypeError(
      `Cannot ${doing} ${formatValue(list)}: expected an array, as in [2, 3]`,
    );
  }
}

/**
 * Returns a copy of a shape after a check.
 *
 * @throws {TypeError} If the shape is not an array
 * @throws {RangeError} If a size is not a non-negative integer
 */
export function checkShape(op: string, shape: Shape): Shape {
  checkList(`${op} of shape`, shape);
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(
        `Cannot ${op} of shape ${formatShape(shape)}: ` +
          `a size must be a non-negative integer, got ${length}`,
      );
    }
  }
  return [...shape];
}
