/**
 * Matrix products. One op multiplies equally shaped stacks of matrices, and may
 * add a bias. The other functions compose it with views, and copy an operand only
 * if strides cannot express its transposed or broadcast dims.
 *
 * Kernels compute in float32; float16 is cast to it and back. Integers have
 * kernels of their own (integers.ts), in int32, which wraps around.
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
  /** Whether the rows of each operand are closer than its columns. */
  readonly turned: readonly [boolean, boolean];
}

// ([..., m, k], [..., k, n], [n]?) -> [..., m, n]
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

  // rows, columns, matrices, and terms of the sums, whose first part adds the bias
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

  // da = dy b^T and db = a^T dy, each in the layout of its operand
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
 * Returns the matrix product of the last two dims; the leading dims broadcast. A
 * vector is a row on the left and a column on the right, so that two vectors give
 * their dot product.
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

// Multiplies tensors with at least two dims, whose leading dims broadcast.
function stackedProduct(a: Tensor, b: Tensor): Tensor {
  if (b.ndim === 2) {
    // one matrix for all rows: neither it nor its gradient is repeated
    return overRows(a, (flat) => inWords([flat, b], product));
  }
  const leading = broadcastShapes("matmul", [
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  ]);
  const expand = (x: Tensor) => x.expand([...leading, ...x.shape.slice(-2)]);
  return inWords([expand(a), expand(b)], product);
}

// Runs `body` on the rows of x as one matrix.
function overRows(x: Tensor, body: (flat: Tensor) => Tensor): Tensor {
  if (x.ndim === 2) return body(x);
  const rows = x.shape.slice(0, -1);
  const y = body(x.reshape([sizeOf(rows), x.shape.at(-1)!]));
  return y.reshape([...rows, y.shape[1]!]);
}

/**
 * Returns the product of two matrices.
 *
 * Source: torch.mm.
 *
 * @throws {TypeError} If an operand is not a matrix, or inner sizes differ
 */
export function mm(a: Tensor, b: Tensor): Tensor {
  checkRanks("mm", a, b, 2, 2);
  checkInner("mm", a, b, a.shape[1]!, b.shape[0]!);
  return matmul(a, b);
}

/**
 * Returns the products of two equally long stacks of matrices.
 *
 * Source: torch.bmm.
 *
 * @throws {TypeError} If an operand does not have three dims, or inner sizes or
 * batch sizes differ
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
 * Returns the product of a matrix and a vector.
 *
 * Source: torch.mv.
 *
 * @throws {TypeError} If `a` is not a matrix, `vector` not a vector, or inner
 * sizes differ
 */
export function mv(a: Tensor, vector: Tensor): Tensor {
  checkRanks("mv", a, vector, 2, 1);
  checkInner("mv", a, vector, a.shape[1]!, vector.shape[0]!);
  return matmul(a, vector);
}

/**
 * Returns the dot product of two vectors.
 *
 * Source: torch.dot.
 *
 * @throws {TypeError} If an operand is not a vector, or their lengths differ
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkRanks("dot", a, b, 1, 1);
  checkInner("dot", a, b, a.shape[0]!, b.shape[0]!);
  return matmul(a, b);
}

/**
 * Returns the outer product of two vectors: y[i, j] = a[i] * b[j]. Dtypes are
 * promoted as in `mul`.
 *
 * Source: torch.outer.
 *
 * @throws {TypeError} If an operand is not a vector
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkTensors("outer", a, b);
  checkDims("outer", a, b, 1, 1);
  return a.unsqueeze(1).mul(b);
}

/** Options of `addmm` and `baddbmm`. */
export interface AddProductOptions {
  /** Factor of `input`; 0 ignores its values, even NaN. Default: 1. */
  readonly beta?: number;
  /** Factor of the product. Default: 1. */
  readonly alpha?: number;
}

/**
 * Returns beta * input + alpha * (a b), of matrices.
 *
 * Source: torch.addmm.
 *
 * @throws {TypeError} If `a` or `b` is not a matrix, or the shapes do not fit
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
 * Returns beta * input + alpha * (a b), of stacks of matrices.
 *
 * Source: torch.baddbmm.
 *
 * @throws {TypeError} If `a` or `b` does not have three dims, or the shapes do not
 * fit
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
      // values of the input are ignored, even NaN; as in torch, its gradient is 0
      const never = zeros([], { dtype: "bool" });
      return input!.where(never, 0).add(scaled);
    }
    return (beta === 1 ? input! : input!.mul(beta)).add(scaled);
  });
}

/**
 * Returns x w^T + bias, along the last dim of x.
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
          `expected [${outs}], the outputs of weight ` +
          formatShape(weight.shape),
      );
    }
  }
  return overRows(
    x,
    (flat) => inWords([flat, swap(weight), ...(bias ? [bias] : [])], product),
  );
}

// Computes float16 in float32, and uint8 and uint32 in int32.
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
