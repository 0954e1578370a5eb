/**
 * Matrix products. One op multiplies equally shaped stacks of matrices, and may
 * add a bias; everything else here is a composition of it and of views. No
 * operand is copied for being transposed or broadcast where strides can say it.
 *
 * Computed in float32; float16 goes there and back. Integers are computed in
 * int32 and wrap around, in kernels of their own: integers.ts.
 *
 * @module
 */

import { adapterClass } from "../../gpu/device.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import { zeros } from "../../tensor/create.ts";
import { isFloat } from "../../tensor/dtype.ts";
import type { Layout } from "../../tensor/layout.ts";
import {
  broadcastShapes,
  formatShape,
  type Shape,
  sizeOf,
} from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinBy } from "../elementwise/join_parts.ts";
import { checkTensor, defineOp, type Op, scratch } from "../define.ts";
import { integerProduct } from "./integers.ts";
import { planMatmul } from "./kernels.ts";
import { stacks } from "./stacks.ts";
import { sumTo } from "../reduce/reduce.ts";
import { inFloat32 as roundedOnce } from "../map/wide.ts";

interface Product {
  /** Whether a third input is added to every row. */
  readonly bias: boolean;
  /** Whether the operands' columns lie closer than their rows. */
  readonly turned: readonly [boolean, boolean];
}

// [..., m, k] and [..., k, n], and perhaps [n], to [..., m, n]
const productOp: Op<Product> = defineOp<Product>({
  name: "matmul",

  shape([a, b]) {
    return {
      shape: [...a.shape.slice(0, -1), b.shape.at(-1)!],
      dtype: a.dtype,
    };
  },

  kernel([a, b, bias], [y], params) {
    const stacked = stacks(a, b);
    return planMatmul(
      {
        m: a.shape.at(-2)!,
        n: b.shape.at(-1)!,
        k: a.shape.at(-1)!,
        batches: sizeOf(a.shape.slice(0, -2)),
        a: stacked.a.matrix,
        b: stacked.b.matrix,
        ...(params.bias &&
          { bias: { offset: bias.layout.offset, along: "columns" } }),
      },
      {
        a: stacked.a.tensor.storage,
        b: stacked.b.tensor.storage,
        y: y.storage,
        ...(params.bias && { bias: bias.storage }),
      },
      (elements) => scratch([elements]).storage,
      adapterClass(),
    );
  },

  // rows, columns and matrices; terms of the sums, of which the first part has
  // the bias
  axes([a], { bias }) {
    const [row, col] = [a.ndim - 2, a.ndim - 1];
    const added = <T>(dim: T): T[] => bias ? [dim] : [];
    return [
      { dims: [row, undefined, ...added(undefined), row] },
      { dims: [undefined, col, ...added(0), col] },
      ...a.shape.slice(0, -2).map((_, dim) => ({
        dims: [dim, dim, ...added(undefined), dim],
      })),
      {
        dims: [col, row, ...added(undefined), undefined],
        cut: (part, start) =>
          start === 0
            ? part
            : { ...part, params: { ...part.params, bias: false } },
        join: joinBy("add"),
      },
    ];
  },

  save([a, b], _outputs, needs) {
    return [needs[1] ? a : undefined, needs[0] ? b : undefined];
  },

  // da = dy b^T, db = a^T dy, each laid out as its operand is
  grad(dy, { saved: [a, b], needs, params: { turned } }) {
    return [
      needs[0] ? gradient(dy, swap(b), turned[0]) : undefined,
      needs[1] ? gradient(swap(a), dy, turned[1]) : undefined,
      needs[2] ? sumTo(dy, dy.shape.slice(-1)) : undefined,
    ];
  },
});

function gradient(a: Tensor, b: Tensor, turned: boolean): Tensor {
  return turned ? swap(product(swap(b), swap(a))) : product(a, b);
}

function product(a: Tensor, b: Tensor, bias?: Tensor): Tensor {
  if (a.dtype === "int32") {
    const y = integerProduct(a, b);
    return bias ? y.add(bias) : y;
  }
  const turned = [isTurned(a.layout), isTurned(b.layout)] as const;
  const inputs = bias ? [a, b, bias.contiguous()] : [a, b];
  return productOp(inputs, { bias: bias !== undefined, turned })[0];
}

function swap(x: Tensor): Tensor {
  return x.transpose(-2, -1);
}

function isTurned({ strides }: Layout): boolean {
  return strides.at(-2)! < strides.at(-1)!;
}

/**
 * The product of two tensors: of vectors their dot product, of matrices the
 * matrix product, of more dims that of every pair of matrices in the last two,
 * the leading dims broadcast. A vector stands for a row on the left, for a column
 * on the right.
 *
 * Source: torch.matmul.
 *
 * @throws {TypeError} If the shapes do not fit, or the dtypes differ or are bool
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTypes("matmul", a, b);
  if (a.ndim === 0 || b.ndim === 0) {
    refuse("matmul", a, b, "each needs at least one dim");
  }
  checkInner("matmul", a, b, a.shape.at(-1)!, b.shape.at(-2) ?? b.shape[0]!);
  if (a.dtype === "uint8" || a.dtype === "uint32") {
    return matmul(a.to("int32"), b.to("int32")).to(a.dtype);
  }
  const left = a.ndim === 1 ? a.unsqueeze(0) : a;
  const right = b.ndim === 1 ? b.unsqueeze(1) : b;
  const y = stackedProduct(left, right);
  if (a.ndim > 1 && b.ndim > 1) return y;
  return y.reshape([
    ...y.shape.slice(0, -2),
    ...(a.ndim > 1 ? y.shape.slice(-2, -1) : []),
    ...(b.ndim > 1 ? y.shape.slice(-1) : []),
  ]);
}

// Of at least two dims each, which broadcast.
function stackedProduct(a: Tensor, b: Tensor): Tensor {
  if (b.ndim === 2) {
    // one matrix for all rows: no need to repeat it, nor to sum its gradient
    return overRows(a, (flat) => inWords([flat, b], product));
  }
  const leading = broadcastShapes("matmul", [
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  ]);
  const expand = (x: Tensor) => x.expand([...leading, ...x.shape.slice(-2)]);
  return inWords([expand(a), expand(b)], product);
}

// Runs `body` on all rows of x as one matrix.
function overRows(x: Tensor, body: (flat: Tensor) => Tensor): Tensor {
  if (x.ndim === 2) return body(x);
  const rows = x.shape.slice(0, -1);
  const y = body(x.reshape([sizeOf(rows), x.shape.at(-1)!]));
  return y.reshape([...rows, y.shape[1]!]);
}

/**
 * The product of two matrices.
 *
 * Source: torch.mm.
 *
 * @throws {TypeError} If they are no matrices, or do not fit
 */
export function mm(a: Tensor, b: Tensor): Tensor {
  checkRanks("mm", a, b, 2, 2);
  checkInner("mm", a, b, a.shape[1]!, b.shape[0]!);
  return matmul(a, b);
}

/**
 * The products of two equally long stacks of matrices.
 *
 * Source: torch.bmm.
 *
 * @throws {TypeError} If they have other than three dims, or do not fit
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkRanks("bmm", a, b, 3, 3);
  const [left, right] = [a.shape[0]!, b.shape[0]!];
  if (left !== right) {
    refuse("bmm", a, b, `batch sizes must be equal, got ${left} and ${right}`);
  }
  checkInner("bmm", a, b, a.shape[2]!, b.shape[1]!);
  return matmul(a, b);
}

/**
 * The product of a matrix and a vector.
 *
 * Source: torch.mv.
 *
 * @throws {TypeError} If they are none, or do not fit
 */
export function mv(a: Tensor, vector: Tensor): Tensor {
  checkRanks("mv", a, vector, 2, 1);
  checkInner("mv", a, vector, a.shape[1]!, vector.shape[0]!);
  return matmul(a, vector);
}

/**
 * The sum of the products of two vectors' elements.
 *
 * Source: torch.dot.
 *
 * @throws {TypeError} If they are no vectors, or not equally long
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkRanks("dot", a, b, 1, 1);
  checkInner("dot", a, b, a.shape[0]!, b.shape[0]!);
  return matmul(a, b);
}

/**
 * Every product of an element of one vector with an element of another, as a
 * matrix. Types are promoted as in `mul`.
 *
 * Source: torch.outer.
 *
 * @throws {TypeError} If they are no vectors
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkTensors("outer", a, b);
  checkDims("outer", a, b, 1, 1);
  return a.unsqueeze(1).mul(b);
}

/** Options of `addmm` and `baddbmm`. */
export interface AddProductOptions {
  /** Factor of what is added to; 0 ignores it, NaN and all. */
  readonly beta?: number;
  /** Factor of the product. */
  readonly alpha?: number;
}

/**
 * beta * input + alpha * (a b), of matrices.
 *
 * Source: torch.addmm.
 *
 * @throws {TypeError} If they are no matrices, or do not fit
 */
export function addmm(
  input: Tensor,
  a: Tensor,
  b: Tensor,
  options: AddProductOptions = {},
): Tensor {
  checkOptionNames("addmm", options, ["beta", "alpha"]);
  return addProduct([input, a, b], mm, options);
}

/**
 * beta * input + alpha * (a b), of stacks of matrices.
 *
 * Source: torch.baddbmm.
 *
 * @throws {TypeError} If they have other than three dims, or do not fit
 */
export function baddbmm(
  input: Tensor,
  a: Tensor,
  b: Tensor,
  options: AddProductOptions = {},
): Tensor {
  checkOptionNames("baddbmm", options, ["beta", "alpha"]);
  return addProduct([input, a, b], bmm, options);
}

function addProduct(
  operands: readonly [input: Tensor, a: Tensor, b: Tensor],
  multiply: (a: Tensor, b: Tensor) => Tensor,
  { beta = 1, alpha = 1 }: AddProductOptions,
): Tensor {
  return roundedOnce(operands, (input, a, b) => {
    const product = multiply(a!, b!);
    for (const factor of [beta, alpha]) {
      if (isFloat(product.dtype) || Number.isInteger(factor)) continue;
      throw new TypeError(
        `Cannot scale ${product.dtype} products by ${factor}: expected an ` +
          `integer for integers`,
      );
    }
    const scaled = alpha === 1 ? product : product.mul(alpha);
    if (beta === 0) {
      if (!input!.requiresGrad) return scaled;
      // the input is not looked at, NaN and all; its gradient is 0 as torch's
      const never = zeros([], { dtype: "bool" });
      return input!.where(never, 0).add(scaled);
    }
    return (beta === 1 ? input! : input!.mul(beta)).add(scaled);
  });
}

/**
 * x w^T + bias, along the last dim of x.
 *
 * Shapes: x [..., in], weight [out, in], bias [out], to [..., out]; or weight
 * [in] and bias [], to [...].
 *
 * Source: torch.nn.functional.linear.
 *
 * @throws {TypeError} If the shapes do not fit, or the dtypes differ or are bool
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  checkTypes("linear", x, weight);
  if (weight.ndim === 1 && (bias?.ndim ?? 0) === 0) {
    return linear(x, weight.unsqueeze(0), bias?.reshape([1])).squeeze(-1);
  }
  if (x.ndim === 0 || weight.ndim !== 2) {
    refuse("linear", x, weight, "expected x [..., in] and weight [out, in]");
  }
  const [outs, ins] = weight.shape as readonly [number, number]; // ndim is 2
  checkInner("linear", x, weight, x.shape.at(-1)!, ins);
  if (bias) {
    checkTypes("linear", x, bias);
    if (bias.ndim !== 1 || bias.shape[0] !== outs) {
      throw new TypeError(
        `Cannot add a bias of shape ${formatShape(bias.shape)} in linear: ` +
          `expected [${outs}], as weight ${formatShape(weight.shape)} has it`,
      );
    }
  }
  return overRows(
    x,
    (flat) => inWords([flat, swap(weight), ...(bias ? [bias] : [])], product),
  );
}

// float16, uint8 and uint32 have no kernels of their own.
function inWords(
  inputs: readonly Tensor[],
  body: (a: Tensor, b: Tensor, bias?: Tensor) => Tensor,
): Tensor {
  const [a, b, bias] = inputs as readonly [Tensor, Tensor, Tensor?]; // 2 or 3
  if (a.dtype === "float32" || a.dtype === "int32") return body(a, b, bias);
  const type = isFloat(a.dtype) ? "float32" : "int32";
  const wide = (x: Tensor) => x.to(type);
  return body(wide(a), wide(b), bias && wide(bias)).to(a.dtype);
}

function checkTensors(op: string, a: Tensor, b: Tensor): void {
  checkTensor(op, a);
  checkTensor(`${op} ${formatShape(a.shape)} and`, b);
}

function checkTypes(op: string, a: Tensor, b: Tensor): void {
  checkTensors(op, a, b);
  if (a.dtype === b.dtype && a.dtype !== "bool") return;
  throw new TypeError(
    `Cannot ${op} ${a.dtype} and ${b.dtype}: ` +
      `expected the same type of numbers on both sides`,
  );
}

function checkRanks(
  op: string,
  a: Tensor,
  b: Tensor,
  left: number,
  right: number,
): void {
  checkTypes(op, a, b);
  checkDims(op, a, b, left, right);
}

function checkDims(
  op: string,
  a: Tensor,
  b: Tensor,
  left: number,
  right: number,
): void {
  if (a.ndim === left && b.ndim === right) return;
  refuse(
    op,
    a,
    b,
    `expected tensors of ${left} and ${right} dims, got ${a.ndim} and ${b.ndim}`,
  );
}

function checkInner(
  op: string,
  a: Tensor,
  b: Tensor,
  left: number,
  right: number,
): void {
  if (left === right) return;
  refuse(op, a, b, `inner sizes must be equal, got ${left} and ${right}`);
}

function refuse(
  op: string,
  a: { readonly shape: Shape },
  b: { readonly shape: Shape },
  why: string,
): never {
  throw new TypeError(
    `Cannot ${op} ${formatShape(a.shape)} and ${formatShape(b.shape)}: ${why}`,
  );
}
