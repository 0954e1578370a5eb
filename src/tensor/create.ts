/**
 * Creation of tensors: from host values, filled, or counted.
 *
 * @module
 */

import { acquireIdle, upload } from "../gpu/stream.ts";
import { copyTo } from "../ops/launch/launch.ts";
import { checkOptionNames, formatValue } from "./arguments.ts";
import {
  checkDType,
  type DType,
  DTYPES,
  fit,
  RANGES,
  type TypedArray,
} from "./dtype.ts";
import { HostArray } from "./host_array.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.ts";
import { emptyTensor, type Tensor } from "./tensor.ts";

/** Options of functions that create a tensor. */
export interface TensorOptions {
  /** Dtype of the tensor; each function documents its default. */
  readonly dtype?: DType;
  /** Whether the tensor requires a gradient. Default: false. */
  readonly requiresGrad?: boolean;
}

const OPTIONS = ["dtype", "requiresGrad"];

/** Values for a tensor: a number, a boolean, or nested arrays of them. */
export type NestedValues = number | boolean | readonly NestedValues[];

/**
 * Returns a tensor of numbers, booleans, nested arrays of them, or a typed
 * array (one dim, same type). Without `dtype`, numbers become float32 and
 * booleans bool.
 *
 * @throws {TypeError} If nested arrays have unequal lengths, or hold anything
 * but numbers and booleans
 * @throws {RangeError} If a value is out of the dtype's range, also NaN or an
 * infinity for integers (which drop fractions)
 *
 * @example A matrix
 * ```ts
 * import { tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 2], [3, 4]]);
 * assertEquals(x.shape, [2, 2]);
 * assertEquals(await x.sum().item(), 10);
 * ```
 */
export function tensor(
  values: NestedValues | TypedArray | HostArray,
  options: TensorOptions = {},
): Tensor {
  checkOptionNames("tensor", options, OPTIONS);
  if (values instanceof HostArray) return fromHost(values, options);
  if (ArrayBuffer.isView(values)) {
    return fromHost(new HostArray(values), options);
  }
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat: number[] = [];
  let booleans = true;
  const visit = (value: NestedValues, dim: number): void => {
    if (typeof value === "number" || typeof value === "boolean") {
      if (dim !== shape.length) throw ragged(shape);
      booleans &&= typeof value === "boolean";
      flat.push(Number(value));
    } else {
      if (!Array.isArray(value)) {
        throw new TypeError(
          `Cannot make a tensor of ${formatValue(value)}: expected numbers, ` +
            `booleans, nested arrays of them or a typed array`,
        );
      }
      if (value.length !== shape[dim]) throw ragged(shape);
      for (const item of value) visit(item, dim + 1);
    }
  };
  visit(values, 0);
  const natural = booleans && flat.length > 0 ? "bool" : "float32";
  const dtype = options.dtype ?? natural;
  const data = new DTYPES[checkDType("make a tensor", dtype)].array(
    flat.length,
  );
  for (let i = 0; i < flat.length; i++) {
    data[i] = fit("tensor", flat[i]!, dtype);
  }
  return fromHost(new HostArray(data, shape, dtype), options);
}

function ragged(shape: Shape): TypeError {
  return new TypeError(
    `Cannot make a tensor of nested arrays with unequal lengths: the first ` +
      `ones have shape ${formatShape(shape)}`,
  );
}

/** Maximum size of a host copy in a storage, enough for a batch of labels. */
const MAX_WRITTEN = 4096;

/**
 * Returns a tensor of a host array, in its dtype or in `dtype`.
 *
 * @throws {RangeError} If a value is out of the range of `dtype`
 */
export function fromHost(
  array: HostArray,
  options: TensorOptions = {},
): Tensor {
  const { dtype = array.dtype, requiresGrad = false } = checkOptionNames(
    "fromHost",
    options,
    OPTIONS,
  );
  checkDType("make a tensor", dtype);
  if (!holds(dtype, array.dtype)) {
    for (const value of array.data) fit("tensor", value, dtype);
  }
  const made = emptyTensor(array.shape, array.dtype, "tensor", acquireIdle);
  upload(made.storage.buffer, array.data);
  if (array.data.length <= MAX_WRITTEN) {
    made.storage.written = array.data.slice();
  }
  return finish(made.dtype === dtype ? made : made.to(dtype), requiresGrad);
}

/** Whether `dtype` holds every value of `other`, perhaps rounded. */
function holds(dtype: DType, other: DType): boolean {
  if (dtype === other || dtype === "bool" || other === "bool") return true;
  if (dtype === "float32") return true;
  const [range, inner] = [RANGES[dtype], RANGES[other]];
  if (!range) return other === "uint8";
  return inner !== undefined && range[0] <= inner[0] && inner[1] <= range[1];
}

/**
 * Returns a tensor filled with one value. Default dtype: float32.
 *
 * @throws {RangeError} If the value is out of the dtype's range
 */
export function full(
  shape: Shape,
  value: number,
  options: TensorOptions = {},
): Tensor {
  const checked = checkShape("make a tensor", shape);
  const { dtype = "float32", requiresGrad = false } = checkOptionNames(
    "a new tensor",
    options,
    OPTIONS,
  );
  checkDType("make a tensor", dtype);
  const made = emptyTensor(checked, dtype, "full");
  fill(made, fit("full", value, dtype));
  return finish(made, requiresGrad);
}

/** Writes `value` to each element of `target`. */
export function fill(target: Tensor, value: number): void {
  copyTo(value, target);
}

/** Returns a tensor of zeros. Default dtype: float32. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 0, options);
}

/** Returns a tensor of ones. Default dtype: float32. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 1, options);
}

/** Returns zeros with the shape and dtype of another tensor. */
export function zerosLike(other: Tensor): Tensor {
  return full(other.shape, 0, { dtype: other.dtype });
}

/** Returns ones with the shape and dtype of another tensor. */
export function onesLike(other: Tensor): Tensor {
  return full(other.shape, 1, { dtype: other.dtype });
}

/**
 * Returns the numbers `start`, `start + step`, … below `stop`; with one
 * argument, from 0. Default dtype: int32 if all arguments are integers, else
 * float32.
 *
 * @throws {RangeError} If `step` is 0 or leads away from `stop`, or a value is
 * out of the dtype's range
 */
export function arange(
  start: number,
  stop?: number,
  step = 1,
  options: TensorOptions = {},
): Tensor {
  checkOptionNames("arange", options, OPTIONS);
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.ceil((to - from) / step);
  if (!(count >= 0 && count < Infinity)) {
    throw new RangeError(
      `Cannot arange from ${from} to ${to} with step ${step}: expected finite ` +
        `numbers and a step that leads to the end`,
    );
  }
  const isWhole = [from, to, step].every(Number.isInteger);
  const dtype = options.dtype ?? (isWhole ? "int32" : "float32");
  const data = new DTYPES[checkDType("make a tensor", dtype)].array(count);
  for (let i = 0; i < data.length; i++) {
    data[i] = fit("arange", from + i * step, dtype);
  }
  return fromHost(new HostArray(data, [data.length], dtype), options);
}

/** Returns an identity matrix [rows, columns]. Default dtype: float32. */
export function eye(
  rows: number,
  columns: number = rows,
  options: TensorOptions = {},
): Tensor {
  checkOptionNames("eye", options, OPTIONS);
  const shape = checkShape("make an identity matrix", [rows, columns]);
  const dtype = checkDType(
    "make an identity matrix",
    options.dtype ?? "float32",
  );
  const data = new DTYPES[dtype].array(sizeOf(shape));
  for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = 1;
  return fromHost(new HostArray(data, shape, dtype), options);
}

/**
 * Returns `count` evenly spaced numbers from `start` to `stop`, both included.
 * Default dtype: float32. Integers drop fractions.
 *
 * @throws {RangeError} If a value is out of the dtype's range
 */
export function linspace(
  start: number,
  stop: number,
  count: number,
  options: TensorOptions = {},
): Tensor {
  checkOptionNames("linspace", options, OPTIONS);
  checkShape("make a tensor", [count]);
  const dtype = checkDType("linspace", options.dtype ?? "float32");
  const data = new DTYPES[dtype].array(count);
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  for (let i = 0; i < count; i++) {
    // from both ends, so that the last number is exactly `stop`
    const value = i < count / 2
      ? start + i * step
      : stop - (count - 1 - i) * step;
    data[i] = fit("linspace", value, dtype);
  }
  return fromHost(new HostArray(data, [count], dtype), options);
}

function finish(made: Tensor, requiresGrad: boolean): Tensor {
  return requiresGrad ? made.requiresGrad_() : made;
}
