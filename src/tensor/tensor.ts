/**
 * The tensor: a storage, a layout and a type, and a method for each op.
 *
 * The class holds no algorithm: ops live in src/ops, the walk of `backward` in
 * src/autograd. It is long because a method is its documentation and one line.
 *
 * @module
 */

import { Autograd } from "../autograd/node.ts";
import { backward, type BackwardOptions } from "../autograd/backward.ts";
import { read } from "../gpu/readback.ts";
import { map } from "../ops/elementwise.ts";
import {
  gather,
  indexAdd,
  indexSelect,
  scatter,
  scatterAdd,
  takeAlongDim,
} from "../ops/indexing.ts";
import type { Operand } from "../ops/map.ts";
import {
  cast,
  contiguous,
  expand,
  permute,
  reshape,
  select,
  slice,
} from "../ops/movement.ts";
import { mean, sum, sumTo } from "../ops/reduce.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import { type DType, DTYPES, type TypedArray } from "./dtype.ts";
import { isRowMajor, type Layout, rowMajor } from "./layout.ts";
import { keep, track } from "./scope.ts";
import { formatShape, normalizeDim, type Shape, sizeOf } from "./shape.ts";
import { Storage } from "./storage.ts";

/** Numbers in nested arrays, as `toArray` gives them. */
export type NestedNumbers = number | NestedNumbers[];

/** Options of reductions. */
export interface ReduceOptions {
  /** Keep reduced dims, with size 1. */
  readonly keepdim?: boolean;
}

/** An n-dimensional array on the GPU. */
export class Tensor {
  /** Type of an element. */
  readonly dtype: DType;
  /** The op that made the tensor, for messages. */
  readonly origin: string;
  #storage: Storage;
  #layout: Layout;
  #autograd: Autograd | undefined;
  #disposed = false;

  /** A view of a storage; use `tensor`, `zeros`, … to make tensors of values. */
  constructor(storage: Storage, layout: Layout, dtype: DType, origin: string) {
    this.#storage = storage;
    this.#layout = layout;
    this.dtype = dtype;
    this.origin = origin;
    storage.retain();
    track(this);
  }

  // --- what it is -----------------------------------------------------------

  /** The size of each dim. */
  get shape(): Shape {
    return this.#layout.shape;
  }
  /** The number of dims. */
  get ndim(): number {
    return this.#layout.shape.length;
  }
  /** The number of elements. */
  get size(): number {
    return sizeOf(this.#layout.shape);
  }
  /** Bytes of one element in the storage. */
  get bytesPerElement(): number {
    return DTYPES[this.dtype].bytes;
  }
  /** Where the elements lie in the storage. */
  get layout(): Layout {
    return this.#layout;
  }
  /**
   * The buffer that the elements lie in, shared by all views.
   *
   * @throws {ReferenceError} If the tensor was disposed
   */
  get storage(): Storage {
    if (this.#disposed) {
      throw new ReferenceError(
        `Cannot use a disposed tensor: ${this.describe()} was disposed`,
      );
    }
    return this.#storage;
  }
  /** Where the tensor stands in the graph of computations. */
  get autograd(): Autograd {
    return this.#autograd ??= new Autograd();
  }
  /** Type, shape and origin, as errors name a tensor. */
  describe(): string {
    return `${this.dtype} ${formatShape(this.shape)} made by "${this.origin}"`;
  }

  // --- values ---------------------------------------------------------------

  /** The elements, row-major; bool as bytes 0 and 1. Waits for the GPU. */
  async data(): Promise<TypedArray> {
    const dense = isRowMajor(this.layout) ? this : this.contiguous();
    const { array, bytes } = DTYPES[this.dtype];
    const from = dense.layout.offset * bytes;
    const start = from & ~3; // reads begin and end at whole words
    const length = Math.ceil((from + this.size * bytes - start) / 4) * 4;
    const promise = read(dense.storage.buffer, start, length);
    if (dense !== this) dense.dispose();
    return new array(await promise, from - start, this.size);
  }

  /**
   * The only element, as a number. Waits for the GPU.
   *
   * @throws {TypeError} If the tensor has another number of elements
   */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new TypeError(
        `Cannot take the item of a tensor of shape ` +
          `${formatShape(this.shape)}: expected one element, got ${this.size}`,
      );
    }
    const [value] = await this.data();
    return value!;
  }

  /** The elements in nested arrays; of a scalar, the number. */
  async toArray(): Promise<NestedNumbers> {
    const flat = await this.data();
    const { shape } = this;
    let next = 0;
    const nest = (dim: number): NestedNumbers =>
      dim === shape.length
        ? flat[next++]!
        : Array.from({ length: shape[dim]! }, () => nest(dim + 1));
    return nest(0);
  }

  /** Type and shape; the values need `await tensor.show()`. */
  toString(): string {
    return `Tensor(${this.dtype} ${formatShape(this.shape)})`;
  }

  /** What `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  // --- memory ---------------------------------------------------------------

  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Gives the buffer back at once, unless another view uses it. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#autograd = undefined;
    this.#storage.release();
  }

  /** `using` a tensor disposes it. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Takes the tensor out of every scope around it. */
  keep(): this {
    keep(this);
    return this;
  }

  /** Another handle on the same elements and the same place in the graph. */
  alias(): Tensor {
    const other = new Tensor(
      this.storage,
      this.layout,
      this.dtype,
      this.origin,
    );
    other.#autograd = this.autograd;
    return other;
  }

  /** Moves the handle to other elements of the same shape: what optimizers do. */
  rebind(storage: Storage, layout: Layout): void {
    storage.retain();
    this.#storage.release();
    this.#storage = storage;
    this.#layout = layout;
  }

  // --- gradients ------------------------------------------------------------

  /** Whether gradients flow to this tensor. */
  get requiresGrad(): boolean {
    return this.#autograd?.requiresGrad ?? false;
  }
  /** The gradient that `backward` has left here, if it was a leaf. */
  get grad(): Tensor | undefined {
    return this.#autograd?.grad;
  }
  set grad(value: Tensor | undefined) {
    this.autograd.grad = value;
  }
  /** Whether the tensor was made by hand and not by a recorded op. */
  get isLeaf(): boolean {
    return this.#autograd?.node === undefined;
  }

  /**
   * Makes a leaf want a gradient, or no longer.
   *
   * @throws {TypeError} If the tensor is no leaf, or has no float type
   */
  requiresGrad_(on = true): this {
    if (!this.isLeaf) {
      throw new TypeError(
        `Cannot change requiresGrad of ${this.describe()}: it is no leaf`,
      );
    }
    if (on && DTYPES[this.dtype].category !== 2) {
      throw new TypeError(
        `Cannot require a gradient of ${this.describe()}: ` +
          `only float tensors have gradients`,
      );
    }
    this.autograd.requiresGrad = on;
    return this;
  }

  /** The same elements, cut off from the graph. */
  detach(): Tensor {
    return new Tensor(this.storage, this.layout, this.dtype, "detach");
  }

  /**
   * Adds the gradient of this tensor to `grad` of every leaf behind it. What
   * the ops have saved is freed, unless `retainGraph`.
   *
   * @throws {TypeError} If nothing behind it requires a gradient, or it is no
   * scalar and no gradient is given
   */
  backward(gradient?: Tensor, options?: BackwardOptions): void {
    backward(this, gradient, options);
  }

  // --- views ----------------------------------------------------------------

  /** The same elements in another shape; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return reshape(this, shape);
  }
  /** Dims `startDim` to `endDim` as one. */
  flatten(startDim = 0, endDim = -1): Tensor {
    const from = normalizeDim("flatten", startDim, this.shape);
    const to = normalizeDim("flatten", endDim, this.shape);
    if (this.ndim === 0) return this.reshape([1]);
    const { shape } = this;
    const joined = sizeOf(shape.slice(from, to + 1));
    return this.reshape(shape.toSpliced(from, to - from + 1, joined));
  }
  /** Dims in another order. */
  permute(dims: readonly number[]): Tensor {
    return permute(this, dims);
  }
  /** Two dims swapped. */
  transpose(dim0: number, dim1: number): Tensor {
    const a = normalizeDim("transpose", dim0, this.shape);
    const b = normalizeDim("transpose", dim1, this.shape);
    const dims = this.shape.map((_, dim) =>
      dim === a ? b : dim === b ? a : dim
    );
    return permute(this, dims);
  }
  /** Repeats along dims of size 1, without a copy; -1 keeps a size. */
  expand(shape: Shape): Tensor {
    return expand(this, shape);
  }
  /** Elements `start` to `stop` (exclusive) of one dim, every `step`-th. */
  slice(dim: number, start?: number, stop?: number, step?: number): Tensor {
    return slice(this, dim, start, stop, step);
  }
  /** One index of a dim, which goes away. */
  select(dim: number, index: number): Tensor {
    return select(this, dim, index);
  }
  /** Dims of size 1 taken away: all, or `dim` if it is one. */
  squeeze(dim?: number): Tensor {
    const only = dim === undefined
      ? undefined
      : normalizeDim("squeeze", dim, this.shape);
    return this.reshape(
      this.shape.filter((length, i) =>
        length !== 1 || (only !== undefined && i !== only)
      ),
    );
  }
  /** A new dim of size 1 before `dim`. */
  unsqueeze(dim: number): Tensor {
    const at = normalizeDim("unsqueeze", dim, [...this.shape, 1]);
    return this.reshape(this.shape.toSpliced(at, 0, 1));
  }
  /** The elements in row-major order: this tensor, or a copy. */
  contiguous(): Tensor {
    return contiguous(this);
  }
  /** The elements in another type. */
  to(dtype: DType): Tensor {
    return cast(this, dtype);
  }

  // --- indexing -------------------------------------------------------------

  /** The elements at the indices `index` of one dim. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return indexSelect(this, dim, index);
  }
  /** An element for each of `index`, which replaces the index along `dim`. */
  gather(dim: number, index: Tensor): Tensor {
    return gather(this, dim, index);
  }
  /** As `gather`, but sizes of 1 broadcast; without `dim`, over all elements. */
  takeAlongDim(index: Tensor, dim?: number): Tensor {
    return takeAlongDim(this, index, dim);
  }
  /** A copy with the elements of `src` where `index` says, the last one staying. */
  scatter(dim: number, index: Tensor, src: Tensor | number): Tensor {
    return scatter(this, dim, index, src);
  }
  /** A copy with the elements of `src` added where `index` says. */
  scatterAdd(dim: number, index: Tensor, src: Tensor | number): Tensor {
    return scatterAdd(this, dim, index, src);
  }
  /** A copy with row k of `source` added to row `index[k]` along `dim`. */
  indexAdd(
    dim: number,
    index: Tensor,
    source: Tensor,
    options?: { readonly alpha?: number },
  ): Tensor {
    return indexAdd(this, dim, index, source, options);
  }

  // --- elementwise ----------------------------------------------------------

  /** a + b. */
  add(other: Operand): Tensor {
    return map("add", this, other);
  }
  /** a - b. */
  sub(other: Operand): Tensor {
    return map("sub", this, other);
  }
  /** a * b. */
  mul(other: Operand): Tensor {
    return map("mul", this, other);
  }
  /** a / b, in floats. */
  div(other: Operand): Tensor {
    return map("div", this, other);
  }
  /** The larger of two; NaN if either is. */
  maximum(other: Operand): Tensor {
    return map("maximum", this, other);
  }
  /** The smaller of two; NaN if either is. */
  minimum(other: Operand): Tensor {
    return map("minimum", this, other);
  }
  /** -a. */
  neg(): Tensor {
    return map("neg", this);
  }
  /** e to the power of a. */
  exp(): Tensor {
    return map("exp", this);
  }
  /** The natural logarithm. */
  log(): Tensor {
    return map("log", this);
  }
  /** The square root. */
  sqrt(): Tensor {
    return map("sqrt", this);
  }
  /** a * a. */
  square(): Tensor {
    return map("square", this);
  }
  /** max(a, 0); NaN stays NaN. */
  relu(): Tensor {
    return map("relu", this);
  }
  /** a == b, as bool. */
  eq(other: Operand): Tensor {
    return map("eq", this, other);
  }
  /** a != b, as bool. */
  ne(other: Operand): Tensor {
    return map("ne", this, other);
  }
  /** a < b, as bool. */
  lt(other: Operand): Tensor {
    return map("lt", this, other);
  }
  /** a <= b, as bool. */
  le(other: Operand): Tensor {
    return map("le", this, other);
  }
  /** a > b, as bool. */
  gt(other: Operand): Tensor {
    return map("gt", this, other);
  }
  /** a >= b, as bool. */
  ge(other: Operand): Tensor {
    return map("ge", this, other);
  }

  // --- reductions -----------------------------------------------------------

  /** The sum over some dims, or all. Integers and bool sum to int32. */
  sum(dim?: number | readonly number[], options?: ReduceOptions): Tensor {
    return sum(this, dim, options);
  }
  /** The mean over some dims, or all. */
  mean(dim?: number | readonly number[], options?: ReduceOptions): Tensor {
    return mean(this, dim, options);
  }
  /** exp(a) / sum of exp(a) over a dim. */
  softmax(dim: number): Tensor {
    return softmax(this, dim);
  }
  /** The logarithm of softmax over a dim. */
  logSoftmax(dim: number): Tensor {
    return logSoftmax(this, dim);
  }
  /** The sum over the dims that broadcasting to this shape had added. */
  sumTo(shape: Shape): Tensor {
    return sumTo(this, shape);
  }
}

/** A row-major tensor with anything in it: what kernels fill. */
export function emptyTensor(
  shape: Shape,
  dtype: DType,
  origin: string,
): Tensor {
  const bytes = sizeOf(shape) * DTYPES[dtype].bytes;
  return new Tensor(new Storage(bytes), rowMajor(shape), dtype, origin);
}
