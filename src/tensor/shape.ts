/**
 * Shapes: lists of sizes, how they broadcast, and the words in which an op
 * refuses one.
 *
 * A shape counts elements and nothing else; how the elements lie in memory is a
 * layout (layout.ts).
 *
 * @module
 */

import { formatValue } from "./arguments.ts";

/** The size of each dimension; a scalar has none. */
export type Shape = readonly number[];

/** The number of elements of a shape: 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** A shape as errors and `console.log` write it: `[2, 3]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes have the same sizes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, dim) => length === b[dim]);
}

/**
 * The shape that all of `shapes` broadcast to, aligned at the last dimension.
 *
 * @throws {TypeError} If a dimension has two different sizes, neither of them 1
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
 * A dimension counted from the front, for one that may count from the back.
 *
 * @throws {RangeError} If the tensor has no such dimension
 */
export function normalizeDim(op: string, dim: number, shape: Shape): number {
  // torch lets a scalar's only "dimension" be called 0 or -1
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
 * Checks that sizes or dims come as one array, and not one by one as torch also
 * takes them.
 *
 * @throws {TypeError} If they do not
 */
export function checkList(doing: string, list: unknown): void {
  if (!Array.isArray(list)) {
    throw new TypeError(
      `Cannot ${doing} ${formatValue(list)}: expected an array, as in [2, 3]`,
    );
  }
}

/**
 * A checked shape.
 *
 * @throws {TypeError} If it is no array
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
