/**
 * Making tensors of values: from the host, filled, counted.
 *
 * @module
 */

import { acquireIdle, upload } from "../gpu/stream.ts";
import { copyTo } from "../ops/movement.ts";
import { checkOptionNames, formatValue } from "./arguments.ts";
import { checkDType, type DType, DTYPES, type TypedArray } from "./dtype.ts";
import { HostArray } from "./host_array.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "./shape.ts";
import { emptyTensor, type Tensor } from "./tensor.ts";

/** Options of everything that makes a tensor. */
export interface TensorOptions {
  /** Type of an element; each function says its default. */
  readonly dtype?: DType;
  /** Whether gradients flow to it. Default: false. */
  readonly requiresGrad?: boolean;
}

const OPTIONS = ["dtype", "requiresGrad"];

/** Values for a tensor: a number, a boolean, or nested arrays of them. */
export type NestedValues = number | boolean | readonly NestedValues[];

/**
 * A tensor of the given values: numbers, booleans, nested arrays of them, or a
 * typed array (one dim, in its own type). Numbers become float32, booleans
 * bool, unless `dtype` says otherwise.
 *
 * @throws {TypeError} If nested arrays have unequal lengths, or hold anything
 * but numbers and booleans
 * @throws {RangeError} If a value does not fit an integer type
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
  for (let i = 0; i < flat.length; i++) data[i] = fit(flat[i]!, dtype);
  return fromHost(new HostArray(data, shape, dtype), options);
}

function ragged(shape: Shape): TypeError {
  return new TypeError(
    `Cannot make a tensor of nested arrays: the first ones have shape ` +
      `${formatShape(shape)}, others have other lengths`,
  );
}

const RANGES: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint8: [0, 255],
};

function fit(value: number, dtype: DType): number {
  if (dtype === "bool") return value === 0 ? 0 : 1;
  const range = RANGES[dtype];
  if (!range) return value;
  const whole = Math.trunc(value);
  if (!(whole >= range[0] && whole <= range[1])) {
    throw new RangeError(
      `Cannot put ${value} into a ${dtype} tensor: ` +
        `expected ${range[0]} to ${range[1]}`,
    );
  }
  return whole;
}

/** Elements that a storage keeps a copy of: the labels of any usual batch. */
const MAX_WRITTEN = 4096;

/** The tensor of a host array, in its type or in another. */
export function fromHost(
  array: HostArray,
  options: TensorOptions = {},
): Tensor {
  const { dtype = array.dtype, requiresGrad = false } = checkOptionNames(
    "fromHost",
    options,
    OPTIONS,
  );
  const made = emptyTensor(array.shape, array.dtype, "tensor", acquireIdle);
  upload(made.storage.buffer, array.data);
  if (array.data.length <= MAX_WRITTEN) {
    made.storage.written = array.data.slice();
  }
  return finish(made.dtype === dtype ? made : made.to(dtype), requiresGrad);
}

/** A tensor filled with one value. Default type: float32. */
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
  fill(made, fit(value, dtype));
  return finish(made, requiresGrad);
}

/** Writes one value to every element. */
export function fill(target: Tensor, value: number): void {
  copyTo(value, target);
}

/** A tensor of zeros. Default type: float32. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 0, options);
}

/** A tensor of ones. Default type: float32. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 1, options);
}

/** Zeros in the shape and type of another tensor. */
export function zerosLike(other: Tensor): Tensor {
  return full(other.shape, 0, { dtype: other.dtype });
}

/** Ones in the shape and type of another tensor. */
export function onesLike(other: Tensor): Tensor {
  return full(other.shape, 1, { dtype: other.dtype });
}

/**
 * The numbers `start`, `start + step`, … below `stop`; with one argument, from
 * 0. Default type: int32 if all are integers, else float32.
 *
 * @throws {RangeError} If `step` is 0 or leads away from `stop`
 */
export function arange(
  start: number,
  stop?: number,
  step = 1,
  options: TensorOptions = {},
): Tensor {
  checkOptionNames("arange", options, OPTIONS);
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || (to - from) / step < 0) {
    throw new RangeError(
      `Cannot count from ${from} to ${to} in steps of ${step}`,
    );
  }
  const isWhole = [from, to, step].every(Number.isInteger);
  const dtype = options.dtype ?? (isWhole ? "int32" : "float32");
  const data = new DTYPES[checkDType("make a tensor", dtype)].array(
    Math.ceil((to - from) / step),
  );
  for (let i = 0; i < data.length; i++) data[i] = fit(from + i * step, dtype);
  return fromHost(new HostArray(data, [data.length], dtype), options);
}

/** The identity matrix of `rows` by `columns`. Default type: float32. */
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

/** `count` numbers from `start` to `stop`, both included. float32 by default. */
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
    // from both ends, so that the last one is `stop` to the bit
    data[i] = i < count / 2 ? start + i * step : stop - (count - 1 - i) * step;
  }
  return fromHost(new HostArray(data, [count], dtype), options);
}

function finish(made: Tensor, requiresGrad: boolean): Tensor {
  return requiresGrad ? made.requiresGrad_() : made;
}
