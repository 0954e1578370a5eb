/**
 * Ops that change layouts and compute nothing: views (new layouts of the same
 * buffer), row-major copies, and casts. slicing.ts has the parts of tensors.
 *
 * @module
 */

import { recorder } from "../../gpu/recorder.ts";
import { checkDType, type DType, isFloat } from "../../tensor/dtype.ts";
import {
  expandLayout,
  isRowMajor,
  permuteLayout,
  reshapeLayout,
  sameLayout,
} from "../../tensor/layout.ts";
import {
  checkList,
  formatShape,
  normalizeDim,
  sameShape,
  type Shape,
  sizeOf,
} from "../../tensor/shape.ts";
import { Scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { axesOf } from "../launch/axes.ts";
import { defineOp, defineView } from "../define.ts";
import { copyTo } from "../launch/launch.ts";
import { planCopy } from "../map/copy.ts";
import type { Operand } from "../map/map.ts";

const copyOp = defineOp({
  name: "contiguous",
  shape: ([x]) => x,
  kernel: ([x], [y]) => planCopy(x, y),
  axes: (inputs, _, [shape]) => axesOf(inputs, shape!),
  strided: "all",
  grad: (dy) => [dy],
});

/** Returns a row-major copy. */
export function clone(x: Tensor): Tensor {
  return copyOp([x], undefined)[0];
}

/** Returns the tensor itself if it is row-major, else a row-major copy. */
export function contiguous(x: Tensor): Tensor {
  return isRowMajor(x.layout) ? x : copyOp([x], undefined)[0];
}

const castOp = defineOp<{ from: DType; to: DType }>({
  name: "to",
  shape: ([x], { to }) => ({ shape: x.shape, dtype: to }),
  kernel: ([x], [y]) => planCopy(x, y),
  axes: (inputs, _, [shape]) => axesOf(inputs, shape!),
  strided: "all",
  grad: (dy, { params: { from } }) => [
    isFloat(from) ? cast(dy, from) : undefined,
  ],
});

/** Returns the elements in type `to`: the tensor itself if it has that type. */
export function cast(x: Tensor, to: DType): Tensor {
  checkDType("make a tensor", to);
  return x.dtype === to ? x : castOp([x], { from: x.dtype, to })[0];
}

const reshapeView = defineView<Shape>({
  name: "reshape",
  // reshape() calls this only if reshapeLayout has an answer
  layout: (x, shape) => reshapeLayout(x.layout, shape) ?? x.layout,
  grad: (dy, { shapes }) => reshape(dy, shapes[0]!),
});

/** Returns the elements in row-major order, in another shape; one size may be -1. */
export function reshape(x: Tensor, sizes: Shape): Tensor {
  const shape = inferShape(x, sizes);
  if (sameShape(shape, x.shape)) return x.alias();
  const fits = reshapeLayout(x.layout, shape) !== undefined;
  return reshapeView(fits ? x : copyOp([x], undefined)[0], shape);
}

function inferShape(x: Tensor, shape: Shape): Shape {
  checkList(`reshape ${formatShape(x.shape)} to`, shape);
  const known = shape.reduce((size, n) => n === -1 ? size : size * n, 1);
  const open = shape.filter((length) => length === -1).length;
  const isValid = shape.every((n) => Number.isInteger(n) && n >= -1) &&
    open <= 1;
  const missing = open === 1 && known > 0 ? x.size / known : 0;
  const full = shape.map((length) => length === -1 ? missing : length);
  if (
    !isValid || !Number.isInteger(missing) || sizeOf(full) !== x.size ||
    (open === 1 && known === 0)
  ) {
    throw new TypeError(
      `Cannot reshape ${formatShape(x.shape)} to ${formatShape(shape)}: ` +
        `expected a shape of ${x.size} elements with one -1 at most`,
    );
  }
  return full;
}

const permuteView = defineView<readonly number[]>({
  name: "permute",
  layout: (x, dims) => permuteLayout(x.layout, dims),
  grad: (dy, { params: dims }) =>
    permute(dy, dims.map((_, dim) => dims.indexOf(dim))),
});

/** Reorders the dims. */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  checkList(`permute ${formatShape(x.shape)} by`, dims);
  const order = dims.map((dim) => normalizeDim("permute", dim, x.shape));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    throw new RangeError(
      `Cannot permute ${formatShape(x.shape)} by [${dims.join(", ")}]: ` +
        `expected each of its ${x.ndim} dims once`,
    );
  }
  return permuteView(x, order);
}

/** Moves the dims `source` to `destination`; the others keep their order. */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const [from, to] = [source, destination].map((dims) =>
    [dims].flat().map((dim) => normalizeDim("movedim", dim, x.shape))
  );
  const isPairing = from!.length === to!.length &&
    new Set(from).size === from!.length && new Set(to).size === to!.length;
  if (!isPairing) {
    throw new RangeError(
      `Cannot move dims [${source}] of ${formatShape(x.shape)} to ` +
        `[${destination}]: expected two lists of equal length, each dim once`,
    );
  }
  const rest = x.shape.map((_, dim) => dim).filter((d) => !from!.includes(d));
  const order = x.shape.map((_, dim) => {
    const i = to!.indexOf(dim);
    return i < 0 ? rest.shift()! : from![i]!;
  });
  return permute(x, order);
}

const expandView = defineView<Shape>({
  name: "expand",
  layout: (x, shape) => expandLayout(x.layout, shape),
  grad: (dy, { shapes }) => dy.sumTo(shapes[0]!),
});

/** Repeats dims of size 1 and adds dims in front; -1 keeps a size. */
export function expand(x: Tensor, sizes: Shape): Tensor {
  const added = sizes.length - x.ndim;
  const shape = sizes.map((length, dim) =>
    length === -1 ? x.shape[dim - added] ?? -1 : length
  );
  const fits = added >= 0 &&
    shape.every((length, dim) =>
      Number.isInteger(length) && length >= 0 &&
      (dim < added || x.shape[dim - added] === length ||
        x.shape[dim - added] === 1)
    );
  if (!fits) {
    throw new TypeError(
      `Cannot expand ${formatShape(x.shape)} to ${formatShape(sizes)}: ` +
        `sizes must be integers, and only dims of size 1 can change`,
    );
  }
  return expandView(x, shape);
}

/**
 * Returns `operand`, or a copy if it shares the storage of `target` in another
 * layout: a kernel cannot bind one buffer as input and output.
 */
export function apart(operand: Operand, target: Tensor): Operand {
  return typeof operand !== "object" || operand.storage !== target.storage ||
      sameLayout(operand.layout, target.layout)
    ? operand
    : clone(operand);
}

/** Writes the elements of `source`, which broadcasts, to `target`. */
export function assign(target: Tensor, source: Tensor): void {
  recorder()?.uses([target, source]);
  using _copy = new Scope(); // of a source in the target's storage
  copyTo(apart(source, target), target);
  target.storage.version++;
}
