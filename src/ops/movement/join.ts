/**
 * Ops that join tensors, split them, and repeat or reorder their elements.
 *
 * @module
 */

import { promote } from "../../tensor/dtype.ts";
import { sliceLayout } from "../../tensor/layout.ts";
import {
  checkShape,
  formatShape,
  normalizeDim,
  type Shape,
} from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensor } from "../../tensor/create.ts";
import { defineOp, type Op } from "../define.ts";
import { copyTo } from "../launch/launch.ts";
import { narrow } from "./slicing.ts";

const catOp = defineOp<{ dim: number; shape: Shape }>({
  name: "cat",
  shape: ([first], { shape }) => ({ shape, dtype: first.dtype }),
  kernel: (inputs, [y], { dim }) => {
    let start = 0;
    for (const x of inputs) {
      const length = x.shape[dim]!;
      const part = y.detach();
      part.rebind(y.storage, sliceLayout(y.layout, dim, start, length, 1));
      start += length;
      copyTo(x, part);
    }
    return [];
  },
  composed: true,
  grad: (dy, { shapes, needs, params: { dim } }) => {
    let start = 0;
    return shapes.map((shape, i) => {
      const length = shape[dim]!;
      start += length;
      return needs[i] ? narrow(dy, dim, start - length, length) : undefined;
    });
  },
});

/**
 * Concatenates tensors along `dim`, in the type they promote to. All other sizes
 * must be equal; a tensor of shape [0] is ignored, as in torch.
 *
 * @throws {TypeError} If the list is empty, or other sizes differ
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first] = tensors;
  if (!first) {
    throw new TypeError(
      "Cannot cat an empty list: expected at least one tensor",
    );
  }
  const parts = tensors.filter((each) => each.ndim !== 1 || each.size > 0);
  // tensors of shape [0] alone take any dim
  if (parts.length === 0 && dim !== 0) return cat(tensors);
  const like = parts[0] ?? first;
  const axis = normalizeDim("cat", dim, like.shape);
  const used = parts.length > 0 ? parts : [first];
  for (const each of used) {
    const fits = each.ndim === like.ndim && each.ndim > 0 &&
      each.shape.every((n, d) => d === axis || n === like.shape[d]);
    if (!fits) {
      throw new TypeError(
        `Cannot cat ${used.map((t) => formatShape(t.shape)).join(", ")} over ` +
          `dim ${dim}: all other sizes must be equal`,
      );
    }
  }
  const dtype = tensors.map((each) => each.dtype).reduce((a, b) =>
    promote("cat", a, b)
  );
  const length = used.reduce((sum, each) => sum + each.shape[axis]!, 0);
  const inputs = used.map((each) => each.to(dtype));
  return catOp(inputs, { dim: axis, shape: like.shape.with(axis, length) })[0];
}

/** Stacks tensors of one shape along a new dim. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first] = tensors;
  if (first && tensors.some((each) => `${each.shape}` !== `${first.shape}`)) {
    throw new TypeError(
      `Cannot stack ${
        tensors.map((each) => formatShape(each.shape)).join(", ")
      }: shapes must be equal`,
    );
  }
  return cat(tensors.map((each) => each.unsqueeze(dim)), dim);
}

/**
 * Splits a tensor along `dim` into pieces of `sizes` elements (the last may have
 * fewer), or into pieces of the listed sizes.
 */
export function split(
  x: Tensor,
  sizes: number | readonly number[],
  dim = 0,
): Tensor[] {
  const axis = normalizeDim("split", dim, x.shape);
  const length = x.shape[axis] ?? 0;
  let list: readonly number[];
  if (typeof sizes === "number") {
    if (!Number.isInteger(sizes) || sizes < 1) {
      throw new RangeError(
        `Cannot split into pieces of ${sizes}: expected an integer of at ` +
          `least 1`,
      );
    }
    list = Array.from(
      { length: Math.max(1, Math.ceil(length / sizes)) },
      (_, i) => Math.min(sizes, length - i * sizes),
    );
  } else {
    list = sizes;
    const total = list.reduce((sum, n) => sum + n, 0);
    if (total !== length) {
      throw new RangeError(
        `Cannot split dim ${dim} of ${formatShape(x.shape)} into ` +
          `[${list.join(", ")}]: expected sizes that sum to ${length}, ` +
          `got ${total}`,
      );
    }
  }
  let start = 0;
  return list.map((size) => {
    start += size;
    return narrow(x, axis, start - size, size);
  });
}

/**
 * Splits a tensor into at most `chunks` pieces of equal size; the last may be
 * smaller. A dim of size 0 gives `chunks` empty pieces.
 *
 * @throws {RangeError} If `chunks` is not an integer of at least 1
 */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  const axis = normalizeDim("chunk", dim, x.shape);
  const length = x.shape[axis] ?? 0;
  if (!Number.isInteger(chunks) || chunks < 1) {
    throw new RangeError(
      `Cannot chunk ${
        formatShape(x.shape)
      } into ${chunks} pieces: expected an ` +
        `integer of at least 1`,
    );
  }
  if (length === 0) return split(x, new Array(chunks).fill(0), axis);
  return split(x, Math.ceil(length / chunks), axis);
}

/** Returns the views at every index of a dim, without that dim. */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  const axis = normalizeDim("unbind", dim, x.shape);
  checkDims("unbind", x);
  return Array.from(
    { length: x.shape[axis] ?? 0 },
    (_, i) => x.select(axis, i),
  );
}

/** Repeats a tensor `repeats[dim]` times along each dim; extra repeats add dims. */
export function repeat(x: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.length < x.ndim) {
    throw new TypeError(
      `Cannot repeat ${formatShape(x.shape)} by [${repeats.join(", ")}]: ` +
        `expected a number for each of ${x.ndim} dims`,
    );
  }
  checkShape(`repeat ${formatShape(x.shape)} to a grid`, repeats);
  const wide = repeats.flatMap((n, dim) => n === 1 ? [] : [dim]);
  if (wide.length > 3) {
    // the view below has two dims for each repeated one; kernels take eight
    const last = wide.at(-3)!;
    const some = repeat(x, repeats.map((n, dim) => dim < last ? 1 : n));
    return repeat(some, repeats.map((n, dim) => dim < last ? n : 1));
  }
  const added = repeats.length - x.ndim;
  const shape = repeats.map((_, dim) => x.shape[dim - added] ?? 1);
  // [n, m] -> [1, n, 1, m] -> [r, n, s, m] -> [r * n, s * m]
  return x.reshape(shape.flatMap((length) => [1, length]))
    .expand(shape.flatMap((length, dim) => [repeats[dim]!, length]))
    .reshape(shape.map((length, dim) => length * repeats[dim]!));
}

/** Repeats a tensor as `repeat` does; missing leading repeats are 1. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  const missing = Math.max(0, x.ndim - repeats.length);
  return repeat(x, [...new Array<number>(missing).fill(1), ...repeats]);
}

/**
 * Repeats each element along `dim` in place: `repeats` times, or the listed count
 * for each element. Without `dim`, the tensor is flattened first.
 */
export function repeatInterleave(
  x: Tensor,
  repeats: number | readonly number[],
  dim?: number,
): Tensor {
  if (dim === undefined) return repeatInterleave(x.reshape([-1]), repeats, 0);
  const axis = normalizeDim("repeatInterleave", dim, x.shape);
  const length = x.shape[axis]!;
  const counts = typeof repeats === "number"
    ? new Array<number>(length).fill(repeats)
    : repeats;
  if (counts.length !== length) {
    throw new TypeError(
      `Cannot repeat dim ${dim} of ${formatShape(x.shape)}: expected ` +
        `${length} repeats, got ${counts.length}`,
    );
  }
  if (typeof repeats === "number") {
    const wide = [...x.shape].toSpliced(axis + 1, 0, repeats);
    return x.unsqueeze(axis + 1).expand(wide)
      .reshape(x.shape.with(axis, length * repeats));
  }
  const index = counts.flatMap((count, i) => new Array<number>(count).fill(i));
  return x.indexSelect(axis, tensor(index, { dtype: "int32" }));
}

const flipOp: Op<readonly number[]> = defineOp({
  name: "flip",
  shape: ([x]) => x,
  kernel: ([x], [y], dims) => {
    const { shape, strides, offset } = x.layout;
    const turned = x.detach();
    turned.rebind(x.storage, {
      shape,
      strides: strides.map((n, dim) => dims.includes(dim) ? -n : n),
      offset: dims.reduce(
        (at, dim) => at + strides[dim]! * Math.max(shape[dim]! - 1, 0),
        offset,
      ),
    });
    copyTo(turned, y);
    return [];
  },
  composed: true,
  grad: (dy, { params: dims }) => [flip(dy, dims)],
});

/** Reverses the order of elements along some dims. */
export function flip(x: Tensor, dims: readonly number[]): Tensor {
  const axes = dims.map((dim) => normalizeDim("flip", dim, x.shape));
  if (new Set(axes).size !== axes.length) {
    throw new RangeError(
      `Cannot flip over dims [${dims}]: expected each dim once`,
    );
  }
  return flipOp([x], axes)[0];
}

/**
 * Shifts the elements by `shifts` along `dims`; elements past the end reappear at
 * the front. Without `dims`, the tensor is flattened first.
 */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  dims?: number | readonly number[],
): Tensor {
  const by = [shifts].flat();
  if (dims === undefined) {
    return roll(x.reshape([-1]), by.slice(0, 1), 0).reshape(x.shape);
  }
  checkDims("roll", x);
  const axes = [dims].flat().map((dim) => normalizeDim("roll", dim, x.shape));
  if (axes.length !== by.length) {
    throw new TypeError(
      `Cannot roll by [${by}] over dims [${dims}]: expected as many shifts ` +
        `as dims`,
    );
  }
  let y = x;
  axes.forEach((axis, i) => {
    const length = x.shape[axis] ?? 0;
    const shift = length === 0 ? 0 : ((by[i]! % length) + length) % length;
    if (shift === 0) return;
    y = cat([
      narrow(y, axis, length - shift, shift),
      narrow(y, axis, 0, length - shift),
    ], axis);
  });
  return y;
}

// Refuses a tensor without dims, as torch does; most ops take dim 0 or -1 there.
function checkDims(op: string, x: Tensor): void {
  if (x.ndim > 0) return;
  throw new RangeError(`Cannot ${op} ${x.describe()} over a dim: it has none`);
}
