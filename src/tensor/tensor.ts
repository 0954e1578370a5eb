/**
 * The tensor: a storage, a layout and a dtype, and a method for each op.
 *
 * The class holds no algorithm: ops live in src/ops, and `backward` in
 * src/autograd. Each method has its documentation and one line.
 *
 * @module
 */

import { Autograd } from "../autograd/node.ts";
import { isGradEnabled } from "../autograd/mode.ts";
import { backward, type BackwardOptions } from "../autograd/backward.ts";
import type { GpuBuffer } from "../gpu/plan.ts";
import { read } from "../gpu/readback.ts";
import { noteChange } from "../outside.ts";
import { recorder } from "../gpu/recorder.ts";
import { checkApproximate } from "../ops/elementwise/activation.ts";
import {
  add,
  addcdiv,
  addcmul,
  type AddOptions,
  clamp,
  clampInto,
  div,
  type DivOptions,
  maskedFill,
  nanToNum,
  type NanToNumOptions,
  pow,
  square,
  sub,
  where,
} from "../ops/elementwise/arithmetic.ts";
import {
  argmax,
  argmin,
  maxAlong,
  minAlong,
  type ValuesAndIndices,
} from "../ops/index/arg_extreme.ts";
import { at, type IndexItem, setAt } from "../ops/index/at.ts";
import { compare } from "../ops/elementwise/comparison.ts";
import { map } from "../ops/elementwise/elementwise.ts";
import { copyInto, mapInto } from "../ops/elementwise/in_place.ts";
import {
  gather,
  indexAdd,
  indexSelect,
  scatter,
  scatterAdd,
  takeAlongDim,
} from "../ops/index/index.ts";
import {
  chunk,
  flip,
  repeat,
  repeatInterleave,
  roll,
  split,
  tile,
  unbind,
} from "../ops/movement/join.ts";
import type { Operand } from "../ops/map/map.ts";
import {
  cast,
  clone,
  contiguous,
  expand,
  movedim,
  permute,
  reshape,
} from "../ops/movement/movement.ts";
import { bmm, dot, matmul, mm, mv } from "../ops/matmul/matmul.ts";
import { maskedSelect, nonzero } from "../ops/index/nonzero.ts";
import { pad, type PadOptions, tril, triu } from "../ops/index/padding.ts";
import {
  all,
  amax,
  amin,
  any,
  countNonzero,
  type Dims,
  mean,
  prod,
  sharedExtreme,
  sum,
  sumTo,
} from "../ops/reduce/reduce.ts";
import { cumprod, cumsum } from "../ops/reduce/scan.ts";
import { logSoftmax, softmax } from "../ops/softmax/softmax.ts";
import {
  diag,
  diagonal,
  narrow,
  select,
  slice,
  unfold,
} from "../ops/movement/slicing.ts";
import {
  argsort,
  sort,
  type SortOptions,
  topk,
  type TopkOptions,
} from "../ops/index/sort.ts";
import {
  logsumexp,
  norm,
  std,
  variance,
  type VarianceOptions,
} from "../ops/reduce/statistics.ts";
import { checkOptionNames } from "./arguments.ts";
import { type DType, DTYPES, type TypedArray } from "./dtype.ts";
import {
  isRowMajor,
  type Layout,
  reachOf,
  rowMajor,
  spanOf,
} from "./layout.ts";
import { formatValues } from "./print.ts";
import { keep, track } from "./scope.ts";
import { formatShape, normalizeDim, type Shape, sizeOf } from "./shape.ts";
import { type Era, Storage } from "./storage.ts";

/** Numbers in nested arrays, the result of `toArray`. */
export type NestedNumbers = number | NestedNumbers[];

/** Options of reductions. */
export interface ReduceOptions {
  /** Whether to keep reduced dims, with size 1. Default: false. */
  readonly keepdim?: boolean;
}

/** An n-dimensional array on the GPU. */
export class Tensor {
  /** Dtype of the elements. */
  readonly dtype: DType;
  /** The op that made the tensor, for messages. */
  readonly origin: string;
  #storage: Storage;
  #layout: Layout;
  /** The storage's era when the tensor was created: NOTE [moves]. */
  #era: Era | undefined;
  readonly #root: Tensor | undefined;
  /** Number of moves in the graph: NOTE [in place]. */
  #moves = 0;
  /** The moves of `#root` when this view of it was created. */
  #rootMoves: number;
  #autograd: Autograd | undefined;
  #disposed = false;

  /** Makes a view of a storage; `tensor`, `zeros`, … make tensors of values. */
  constructor(
    storage: Storage,
    layout: Layout,
    dtype: DType,
    origin: string,
    root?: Tensor,
  ) {
    this.#root = root;
    this.#rootMoves = root ? root.#moves : 0;
    this.#storage = storage;
    this.#layout = layout;
    this.#era = storage.era;
    this.dtype = dtype;
    this.origin = origin;
    storage.retain();
    track(this);
    recorder()?.made(this);
  }

  // --- properties -----------------------------------------------------------

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
  /** Bytes per element in the storage. */
  get bytesPerElement(): number {
    return DTYPES[this.dtype].bytes;
  }
  /**
   * The layout of the elements in the storage.
   *
   * @internal
   */
  get layout(): Layout {
    if (this.#era?.end) this.#follow();
    return this.#layout;
  }
  /**
   * The storage of the elements, shared by all views.
   *
   * @internal
   * @throws {ReferenceError} If the tensor was disposed
   */
  get storage(): Storage {
    if (this.#disposed) {
      throw new ReferenceError(
        `Cannot use a disposed tensor: ${this.describe()} was disposed`,
      );
    }
    if (this.#era?.end) this.#follow();
    return this.#storage;
  }
  /**
   * All elements, in any order, if they are few, the host wrote them, and
   * nothing has written since. Otherwise undefined, as only the GPU has the
   * values.
   */
  get written(): TypedArray | undefined {
    const { written, version } = this.storage;
    // a view with the same number of elements may repeat some and skip others
    const isWhole = written?.length === this.size &&
      spanOf(this.layout) === this.size;
    return version === 0 && isWhole ? written : undefined;
  }
  /**
   * The tensor's position in the autograd graph.
   *
   * @internal
   */
  get autograd(): Autograd {
    return this.#autograd ??= new Autograd();
  }
  /** The tensor of which this one is a view; itself if it is not a view. */
  get root(): Tensor {
    return this.#root ?? this;
  }
  /**
   * Whether this is a view of a tensor that was later changed in place and has
   * gradients. Then the graph of the view does not describe its values any
   * more.
   */
  get isStale(): boolean {
    const root = this.root;
    return root !== this && root.#moves !== this.#rootMoves;
  }
  /** Describes dtype, shape and origin, for messages. */
  describe(): string {
    return `${this.dtype} ${formatShape(this.shape)} made by "${this.origin}"`;
  }

  // --- values ---------------------------------------------------------------

  /**
   * Reads the elements, row-major; bool as bytes 0 and 1. Waits for the GPU.
   */
  async data(): Promise<TypedArray> {
    const dense = isRowMajor(this.layout) ? this : this.contiguous();
    const { array, bytes } = DTYPES[this.dtype];
    const from = dense.layout.offset * bytes;
    const start = from - from % 4; // reads begin and end at whole words
    const length = Math.ceil((from + this.size * bytes - start) / 4) * 4;
    const promise = read(dense.storage.buffer, start, length);
    if (dense !== this) dense.dispose();
    return new array(await promise, from - start, this.size);
  }

  /**
   * Reads the only element, as a number. Waits for the GPU.
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

  /** Reads the elements into nested arrays; a scalar becomes a number. */
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

  /** Prints the values; of large tensors only the edges. Waits for the GPU. */
  async show(): Promise<void> {
    // deno-lint-ignore no-console -- the method prints
    console.log(formatValues(await this.data(), this.shape, this.dtype));
  }

  /**
   * Returns dtype and shape as text; `await tensor.show()` prints the values.
   */
  toString(): string {
    const made = this.#autograd?.node?.name;
    const note = this.#disposed
      ? ", disposed"
      : made
      ? `, from ${made}`
      : this.requiresGrad
      ? ", requiresGrad"
      : "";
    return `Tensor(${this.dtype} ${formatShape(this.shape)}${note})`;
  }

  /** Returns the text that `console.log` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  // --- memory ---------------------------------------------------------------

  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Frees the buffer at once, unless another view uses it. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#autograd = undefined;
    this.#storage.release();
  }

  /** Disposes the tensor at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Removes the tensor from all scopes, so that it lives until disposed. */
  keep(): this {
    keep(this);
    recorder()?.kept(this);
    return this;
  }

  /** Returns another handle on the same elements and autograd node. */
  alias(): Tensor {
    recorder()?.uses([this]);
    const { storage, layout, dtype, origin } = this;
    const root = isGradEnabled() ? this.root : undefined;
    const other = new Tensor(storage, layout, dtype, origin, root);
    other.#autograd = this.autograd;
    return other;
  }

  /**
   * Moves the handle to other elements of the same shape, as optimizers do.
   *
   * @internal
   */
  rebind(storage: Storage, layout: Layout): void {
    storage.retain();
    this.#storage.release();
    this.#storage = storage;
    this.#layout = layout;
    this.#era = storage.era;
  }

  /**
   * Stops following moves: the tensor stays on its current memory.
   *
   * @internal
   */
  stay(): this {
    if (this.#era?.end) this.#follow();
    this.#era = undefined;
    return this;
  }

  // Follows the moves since the tensor was created: NOTE [moves].
  #follow(): void {
    const { bytes } = DTYPES[this.dtype];
    for (let move = this.#era?.end; move; move = this.#era?.end) {
      const layout = this.#layout;
      const [from, to] = reachOf(layout);
      if (move.first <= from * bytes && to * bytes <= move.end) {
        const offset = layout.offset + (move.at - move.first) / bytes;
        this.rebind(move.to, { ...layout, offset });
        this.#era = move.era;
      } else this.#era = move.next;
    }
  }

  // --- gradients ------------------------------------------------------------

  /** Whether the tensor requires a gradient. */
  get requiresGrad(): boolean {
    return this.#autograd?.requiresGrad ?? false;
  }
  /** The gradient that `backward` has added up, if the tensor is a leaf. */
  get grad(): Tensor | undefined {
    const { grad, slot } = this.#autograd ?? {};
    if (grad && grad === slot) this.autograd.isSlotShown = true;
    return grad;
  }
  set grad(value: Tensor | undefined) {
    this.autograd.grad = value;
    recorder()?.setsGradient(this.autograd);
  }
  /** Whether no recorded op made the tensor. */
  get isLeaf(): boolean {
    return this.#autograd?.node === undefined;
  }

  /**
   * Sets `requiresGrad` of a leaf.
   *
   * @throws {TypeError} If the tensor is not a leaf, or not of a float dtype
   */
  requiresGrad_(on = true): this {
    if (!this.isLeaf) {
      throw new TypeError(
        `Cannot change requiresGrad of ${this.describe()}: it is not a leaf`,
      );
    }
    if (on && DTYPES[this.dtype].category !== 2) {
      throw new TypeError(
        `Cannot require a gradient of ${this.describe()}: ` +
          `only float tensors have gradients`,
      );
    }
    const { autograd } = this;
    autograd.requiresGrad = on;
    recorder()?.sets(autograd, on, () => autograd.requiresGrad = on, this);
    noteChange();
    return this;
  }

  /**
   * Sets the tensor's position in the autograd graph: NOTE [in place].
   *
   * @internal
   */
  moveTo(autograd: Autograd): void {
    this.#autograd = autograd;
    this.#moves++;
    this.#rootMoves = this.root.#moves;
  }

  /** Returns a view of the same elements, outside the autograd graph. */
  detach(): Tensor {
    recorder()?.uses([this]);
    return new Tensor(this.storage, this.layout, this.dtype, "detach");
  }

  /**
   * Adds the gradient of this tensor to `grad` of every leaf of its graph.
   * Unless `retainGraph`, the graph's saved tensors are freed.
   *
   * @throws {TypeError} If the tensor does not require a gradient, or is not a
   * scalar and `gradient` is missing
   */
  backward(gradient?: Tensor, options?: BackwardOptions): void {
    backward(this, gradient, options);
  }

  // --- views ----------------------------------------------------------------

  /** Returns the elements in another shape; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return reshape(this, shape);
  }
  /** Merges dims `startDim` to `endDim` into one. */
  flatten(startDim = 0, endDim = -1): Tensor {
    const from = normalizeDim("flatten", startDim, this.shape);
    const to = normalizeDim("flatten", endDim, this.shape);
    if (this.ndim === 0) return this.reshape([1]);
    const { shape } = this;
    if (from > to) {
      throw new RangeError(
        `Cannot flatten dims ${startDim} to ${endDim} of ` +
          `${formatShape(shape)}: startDim comes after endDim`,
      );
    }
    const joined = sizeOf(shape.slice(from, to + 1));
    return this.reshape(shape.toSpliced(from, to - from + 1, joined));
  }
  /** Reorders the dims. */
  permute(dims: readonly number[]): Tensor {
    return permute(this, dims);
  }
  /** Swaps two dims. */
  transpose(dim0: number, dim1: number): Tensor {
    const a = normalizeDim("transpose", dim0, this.shape);
    const b = normalizeDim("transpose", dim1, this.shape);
    const dims = this.shape.map((_, dim) =>
      dim === a ? b : dim === b ? a : dim
    );
    return permute(this, dims);
  }
  /** Expands dims of size 1 without a copy; -1 keeps a size. */
  expand(shape: Shape): Tensor {
    return expand(this, shape);
  }
  /**
   * Returns every `step`-th element from `start` to before `stop` of one dim.
   */
  slice(dim: number, start?: number, stop?: number, step?: number): Tensor {
    return slice(this, dim, start, stop, step);
  }
  /** Returns one index of a dim, and removes the dim. */
  select(dim: number, index: number): Tensor {
    return select(this, dim, index);
  }
  /** Removes all dims of size 1, or `dim` if its size is 1. */
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
  /** Inserts a dim of size 1 before `dim`. */
  unsqueeze(dim: number): Tensor {
    const at = normalizeDim("unsqueeze", dim, [...this.shape, 1]);
    return this.reshape(this.shape.toSpliced(at, 0, 1));
  }
  /** Transposes a matrix; returns tensors of fewer dims unchanged. */
  t(): Tensor {
    return this.ndim < 2 ? this.alias() : this.transpose(0, 1);
  }
  /** Moves some dims; the others keep their order. */
  movedim(
    source: number | readonly number[],
    destination: number | readonly number[],
  ): Tensor {
    return movedim(this, source, destination);
  }
  /** Returns `length` elements of one dim, from `start` on. */
  narrow(dim: number, start: number, length: number): Tensor {
    return narrow(this, dim, start, length);
  }
  /**
   * Returns the diagonal of two dims, shifted by `offset`, as a new last dim.
   */
  diagonal(offset?: number, dim1?: number, dim2?: number): Tensor {
    return diagonal(this, offset, dim1, dim2);
  }
  /**
   * Returns windows of `size` elements of a dim, `step` apart, as a new last
   * dim.
   */
  unfold(dim: number, size: number, step: number): Tensor {
    return unfold(this, dim, size, step);
  }
  /** Splits along `dim` into pieces of one size, or of the listed sizes. */
  split(sizes: number | readonly number[], dim?: number): Tensor[] {
    return split(this, sizes, dim);
  }
  /** Splits along `dim` into a number of pieces. */
  chunk(chunks: number, dim?: number): Tensor[] {
    return chunk(this, chunks, dim);
  }
  /** Splits into the indices of a dim, and removes the dim. */
  unbind(dim?: number): Tensor[] {
    return unbind(this, dim);
  }
  /**
   * Indexes the tensor, with one item per dim: numbers, slices as
   * `[start, stop, step]`, `"..."`, `"new"`, or tensors of indices.
   *
   * @example As Python's x[0, 1:]
   * ```ts
   * import { tensor } from "@kindling/kindling";
   * import { assertEquals } from "@std/assert";
   *
   * const x = tensor([[1, 2, 3], [4, 5, 6]]);
   * assertEquals(await x.at(0, [1]).toArray(), [2, 3]);
   * ```
   */
  at(...items: readonly IndexItem[]): Tensor {
    return at(this, items);
  }
  /** Writes `value`, which broadcasts, to the elements that `items` index. */
  setAt(items: readonly IndexItem[], value: Operand): this {
    setAt(this, items, value);
    return this;
  }
  /** Returns this tensor if contiguous, else a contiguous copy. */
  contiguous(): Tensor {
    return contiguous(this);
  }
  /** Converts to another dtype. */
  to(dtype: DType): Tensor {
    return cast(this, dtype);
  }

  // --- indexing -------------------------------------------------------------

  /** Returns the elements at the indices `index` of one dim. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return indexSelect(this, dim, index);
  }
  /** Gathers an element for each entry of `index`, its index along `dim`. */
  gather(dim: number, index: Tensor): Tensor {
    return gather(this, dim, index);
  }
  /** As `gather`, with broadcasting; without `dim`, over all elements. */
  takeAlongDim(index: Tensor, dim?: number): Tensor {
    return takeAlongDim(this, index, dim);
  }
  /**
   * Returns a copy with elements of `src` written at `index`; the last one
   * wins.
   */
  scatter(dim: number, index: Tensor, src: Tensor | number): Tensor {
    return scatter(this, dim, index, src);
  }
  /** Returns a copy with elements of `src` added at `index`. */
  scatterAdd(dim: number, index: Tensor, src: Tensor | number): Tensor {
    return scatterAdd(this, dim, index, src);
  }
  /**
   * Returns a copy with row k of `source` added to row `index[k]` along `dim`.
   */
  indexAdd(
    dim: number,
    index: Tensor,
    source: Tensor,
    options?: { readonly alpha?: number },
  ): Tensor {
    return indexAdd(this, dim, index, source, options);
  }

  /**
   * Returns the elements where `mask` is true, in order. Waits for the mask.
   */
  maskedSelect(mask: Tensor): Promise<Tensor> {
    return maskedSelect(this, mask);
  }
  /**
   * Returns the indices of nonzero elements, int32 [n, ndim]. Waits for the
   * GPU.
   */
  nonzero(): Promise<Tensor> {
    return nonzero(this);
  }

  /** Sorts along a dim, and returns the indices, too. */
  sort(options?: SortOptions): ValuesAndIndices {
    return sort(this, options);
  }
  /** Returns the indices that sort the elements along a dim. */
  argsort(options?: SortOptions): Tensor {
    return argsort(this, options);
  }
  /**
   * Returns the `k` largest elements along a dim, sorted, and their indices.
   */
  topk(k: number, options?: TopkOptions): ValuesAndIndices {
    return topk(this, k, options);
  }

  // --- copies in another arrangement ----------------------------------------

  /** Returns a copy. */
  clone(): Tensor {
    return clone(this);
  }
  /** Repeats the tensor along each dim. */
  repeat(repeats: readonly number[]): Tensor {
    return repeat(this, repeats);
  }
  /** As `repeat`; missing repeats in front are 1. */
  tile(repeats: readonly number[]): Tensor {
    return tile(this, repeats);
  }
  /** Repeats each element along `dim`. */
  repeatInterleave(repeats: number | readonly number[], dim?: number): Tensor {
    return repeatInterleave(this, repeats, dim);
  }
  /** Reverses the elements along dims. */
  flip(dims: readonly number[]): Tensor {
    return flip(this, dims);
  }
  /** Rolls the elements along dims, around the end. */
  roll(
    shifts: number | readonly number[],
    dims?: number | readonly number[],
  ): Tensor {
    return roll(this, shifts, dims);
  }
  /** Pads the tensor, the last dim first: [left, right, top, …]. */
  pad(edges: readonly number[], options?: PadOptions): Tensor {
    return pad(this, edges, options);
  }
  /** Returns lower triangles of matrices, with zeros above the diagonal. */
  tril(diagonal?: number): Tensor {
    return tril(this, diagonal);
  }
  /** Returns upper triangles of matrices, with zeros below the diagonal. */
  triu(diagonal?: number): Tensor {
    return triu(this, diagonal);
  }
  /** Returns a matrix with this diagonal, or the diagonal of a matrix. */
  diag(offset?: number): Tensor {
    return diag(this, offset);
  }

  // --- elementwise: arithmetic ----------------------------------------------

  /** a + alpha * b. */
  add(other: Operand, options?: AddOptions): Tensor {
    return add(this, other, options);
  }
  /** a - alpha * b. */
  sub(other: Operand, options?: AddOptions): Tensor {
    return sub(this, other, options);
  }
  /** a * b. */
  mul(other: Operand): Tensor {
    return map("mul", this, other);
  }
  /** a / b as floats, or rounded by `roundingMode`. */
  div(other: Operand, options?: DivOptions): Tensor {
    return div(this, other, options);
  }
  /** a to the power of `exponent`. */
  pow(exponent: Operand): Tensor {
    return pow(this, exponent);
  }
  /** `base` to the power of a. */
  rpow(base: number): Tensor {
    return map("pow", base, this);
  }
  /** other - a. */
  rsub(other: number): Tensor {
    return map("sub", other, this);
  }
  /** other / a. */
  rdiv(other: number): Tensor {
    return map("div", other, this);
  }
  /**
   * The larger of two; NaN if either is NaN. Exact for integers and a number.
   *
   * @throws {RangeError} If the result is a number out of the integer dtype's
   * range
   */
  maximum(other: Operand): Tensor {
    return map("maximum", this, other);
  }
  /**
   * The smaller of two; NaN if either is NaN. Exact for integers and a number.
   *
   * @throws {RangeError} If the result is a number out of the integer dtype's
   * range
   */
  minimum(other: Operand): Tensor {
    return map("minimum", this, other);
  }
  /** The angle of the point (other, this), in [-pi, pi]. */
  atan2(other: Operand): Tensor {
    return map("atan2", this, other);
  }
  /**
   * The remainder of a / b with the sign of a.
   *
   * @throws {RangeError} If both are integers, and the host wrote a 0 to b
   */
  fmod(other: Operand): Tensor {
    return map("fmod", this, other);
  }
  /**
   * The remainder of a / b with the sign of b.
   *
   * @throws {RangeError} If both are integers, and the host wrote a 0 to b
   */
  remainder(other: Operand): Tensor {
    return map("remainder", this, other);
  }
  /**
   * a / b, rounded down.
   *
   * @throws {RangeError} If both are integers, and the host wrote a 0 to b
   */
  floorDivide(other: Operand): Tensor {
    return map("floorDivide", this, other);
  }
  /** a + weight * (end - a). */
  lerp(end: Tensor, weight: Operand): Tensor {
    return map("lerp", this, end, weight);
  }
  /** a + value * b * c. */
  addcmul(
    b: Tensor,
    c: Operand,
    options?: { readonly value?: number },
  ): Tensor {
    return addcmul(this, b, c, options);
  }
  /** a + value * b / c. */
  addcdiv(
    b: Tensor,
    c: Operand,
    options?: { readonly value?: number },
  ): Tensor {
    return addcdiv(this, b, c, options);
  }
  /**
   * Clamps the elements to [min, max]. Exact for integers and numbers.
   *
   * @throws {RangeError} If elements would be out of the integer dtype's range
   */
  clamp(min?: Operand, max?: Operand): Tensor {
    return clamp(this, min, max);
  }
  /** Replaces NaN and infinities by finite numbers. */
  nanToNum(options?: NanToNumOptions): Tensor {
    return nanToNum(this, options);
  }
  /**
   * The elements where `condition` is true, else those of `other`.
   *
   * @throws {RangeError} If a number is out of the dtype's range
   */
  where(condition: Tensor, other: Operand): Tensor {
    return where(condition, this, other);
  }
  /**
   * `value` where `mask` is true, else the elements.
   *
   * @throws {RangeError} If `value` is out of the dtype's range
   */
  maskedFill(mask: Tensor, value: Operand): Tensor {
    return maskedFill(this, mask, value);
  }

  // --- elementwise: functions -----------------------------------------------

  /** -a. */
  neg(): Tensor {
    return map("neg", this);
  }
  /** The absolute value. */
  abs(): Tensor {
    return map("abs", this);
  }
  /** -1, 0 or 1; 0 for NaN. */
  sign(): Tensor {
    return map("sign", this);
  }
  /** a * a. */
  square(): Tensor {
    return square(this);
  }
  /** 1 / a. */
  reciprocal(): Tensor {
    return map("reciprocal", this);
  }
  /** The square root. */
  sqrt(): Tensor {
    return map("sqrt", this);
  }
  /** 1 / sqrt(a). */
  rsqrt(): Tensor {
    return map("rsqrt", this);
  }
  /** e to the power of a. */
  exp(): Tensor {
    return map("exp", this);
  }
  /** 2 to the power of a. */
  exp2(): Tensor {
    return map("exp2", this);
  }
  /** exp(a) - 1, exact near 0. */
  expm1(): Tensor {
    return map("expm1", this);
  }
  /** The natural logarithm. */
  log(): Tensor {
    return map("log", this);
  }
  /** The logarithm to base 2. */
  log2(): Tensor {
    return map("log2", this);
  }
  /** The logarithm to base 10. */
  log10(): Tensor {
    return map("log10", this);
  }
  /** log(1 + a), exact near 0. */
  log1p(): Tensor {
    return map("log1p", this);
  }
  /** The sine of an angle in radians. */
  sin(): Tensor {
    return map("sin", this);
  }
  /** The cosine of an angle in radians. */
  cos(): Tensor {
    return map("cos", this);
  }
  /** The tangent of an angle in radians. */
  tan(): Tensor {
    return map("tan", this);
  }
  /** The angle whose sine is a. */
  asin(): Tensor {
    return map("asin", this);
  }
  /** The angle whose cosine is a. */
  acos(): Tensor {
    return map("acos", this);
  }
  /** The angle whose tangent is a, in (-pi/2, pi/2). */
  atan(): Tensor {
    return map("atan", this);
  }
  /** The hyperbolic sine. */
  sinh(): Tensor {
    return map("sinh", this);
  }
  /** The hyperbolic cosine. */
  cosh(): Tensor {
    return map("cosh", this);
  }
  /** The hyperbolic tangent. */
  tanh(): Tensor {
    return map("tanh", this);
  }
  /** The error function. */
  erf(): Tensor {
    return map("erf", this);
  }
  /** Rounds down to an integer. */
  floor(): Tensor {
    return map("floor", this);
  }
  /** Rounds up to an integer. */
  ceil(): Tensor {
    return map("ceil", this);
  }
  /** Rounds to the nearest integer; halves to the even one. */
  round(): Tensor {
    return map("round", this);
  }
  /** Rounds towards 0. */
  trunc(): Tensor {
    return map("trunc", this);
  }
  /** The fraction: a - trunc(a). */
  frac(): Tensor {
    return map("frac", this);
  }
  /** max(a, 0); NaN stays NaN. */
  relu(): Tensor {
    return map("relu", this);
  }
  /** The scaled exponential linear unit. */
  selu(): Tensor {
    return map("selu", this);
  }
  /** 1 / (1 + exp(-a)). */
  sigmoid(): Tensor {
    return map("sigmoid", this);
  }
  /** log(sigmoid(a)). */
  logsigmoid(): Tensor {
    return map("logsigmoid", this);
  }
  /** a * sigmoid(a). */
  silu(): Tensor {
    return map("silu", this);
  }
  /** a * tanh(softplus(a)). */
  mish(): Tensor {
    return map("mish", this);
  }
  /** a * relu6(a + 3) / 6. */
  hardswish(): Tensor {
    return map("hardswish", this);
  }
  /** relu6(a + 3) / 6. */
  hardsigmoid(): Tensor {
    return map("hardsigmoid", this);
  }
  /** a / (1 + |a|). */
  softsign(): Tensor {
    return map("softsign", this);
  }
  /** Clamps to [0, 6]. */
  relu6(): Tensor {
    return map("hardtanh", this, 0, 6);
  }
  /** Clamps to [min, max]; at the bounds the gradient is 0. */
  hardtanh(min = -1, max = 1): Tensor {
    return map("hardtanh", this, min, max);
  }
  /** a above 0, slope * a below. */
  leakyRelu(slope = 0.01): Tensor {
    return map("leakyRelu", this, slope);
  }
  /** a above 0, alpha * (exp(a) - 1) below. */
  elu(alpha = 1): Tensor {
    return map("elu", this, alpha);
  }
  /** a above 0, alpha * (exp(a / alpha) - 1) below. */
  celu(alpha = 1): Tensor {
    return map("celu", this, alpha);
  }
  /** a * P(X <= a) for a standard normal X, or its approximation by tanh. */
  gelu(approximate: "none" | "tanh" = "none"): Tensor {
    checkApproximate("gelu", approximate);
    return map(approximate === "tanh" ? "geluTanh" : "gelu", this);
  }
  /** log(1 + exp(beta a)) / beta; a where beta a is above `threshold`. */
  softplus(beta = 1, threshold = 20): Tensor {
    return map("softplus", this, beta, threshold);
  }

  // --- elementwise: tests and bits ------------------------------------------

  /** a == b, as bool; of integers exact, whatever their types. */
  eq(other: Operand): Tensor {
    return compare("eq", this, other);
  }
  /** a != b, as bool; of integers exact, whatever their types. */
  ne(other: Operand): Tensor {
    return compare("ne", this, other);
  }
  /** a < b, as bool; of integers exact, whatever their types. */
  lt(other: Operand): Tensor {
    return compare("lt", this, other);
  }
  /** a <= b, as bool; of integers exact, whatever their types. */
  le(other: Operand): Tensor {
    return compare("le", this, other);
  }
  /** a > b, as bool; of integers exact, whatever their types. */
  gt(other: Operand): Tensor {
    return compare("gt", this, other);
  }
  /** a >= b, as bool; of integers exact, whatever their types. */
  ge(other: Operand): Tensor {
    return compare("ge", this, other);
  }
  /** Whether an element is NaN, as bool. */
  isnan(): Tensor {
    return map("isnan", this);
  }
  /** Whether an element is infinite, as bool. */
  isinf(): Tensor {
    return map("isinf", this);
  }
  /** Whether an element is neither NaN nor infinite, as bool. */
  isfinite(): Tensor {
    return map("isfinite", this);
  }
  /** Whether an element is 0, as bool. */
  logicalNot(): Tensor {
    return map("logicalNot", this);
  }
  /** Inverts all bits; bool values are negated. */
  bitwiseNot(): Tensor {
    return map(this.dtype === "bool" ? "logicalNot" : "bitwiseNot", this);
  }
  /** Whether both are not 0, as bool. */
  logicalAnd(other: Operand): Tensor {
    return map("logicalAnd", this, other);
  }
  /** Whether one or both are not 0, as bool. */
  logicalOr(other: Operand): Tensor {
    return map("logicalOr", this, other);
  }
  /** Whether exactly one is not 0, as bool. */
  logicalXor(other: Operand): Tensor {
    return map("logicalXor", this, other);
  }
  /** The bits set in both; integers and bool. */
  bitwiseAnd(other: Operand): Tensor {
    return map("bitwiseAnd", this, other);
  }
  /** The bits set in either; integers and bool. */
  bitwiseOr(other: Operand): Tensor {
    return map("bitwiseOr", this, other);
  }
  /** The bits set in exactly one; integers and bool. */
  bitwiseXor(other: Operand): Tensor {
    return map("bitwiseXor", this, other);
  }
  /** Shifts bits to the left by `other`. */
  bitwiseLeftShift(other: Operand): Tensor {
    return map("bitwiseLeftShift", this, other);
  }
  /** Shifts bits to the right by `other`; the sign stays. */
  bitwiseRightShift(other: Operand): Tensor {
    return map("bitwiseRightShift", this, other);
  }

  // --- written in place -----------------------------------------------------

  /** Adds alpha * `other` to the elements. */
  add_(other: Operand, options: AddOptions = {}): this {
    const { alpha = 1 } = checkOptionNames("add_", options, ["alpha"]);
    if (alpha === 1) mapInto("add", this, other);
    else mapInto("addScaled", this, other, alpha);
    return this;
  }
  /** Subtracts alpha * `other` from the elements. */
  sub_(other: Operand, options: AddOptions = {}): this {
    const { alpha = 1 } = checkOptionNames("sub_", options, ["alpha"]);
    if (alpha === 1) mapInto("sub", this, other);
    else mapInto("subScaled", this, other, alpha);
    return this;
  }
  /** Multiplies the elements by `other`. */
  mul_(other: Operand): this {
    mapInto("mul", this, other);
    return this;
  }
  /** Divides the elements by `other`. */
  div_(other: Operand): this {
    mapInto("div", this, other);
    return this;
  }
  /** Clamps the elements to [min, max]. */
  clamp_(min?: Operand, max?: Operand): this {
    clampInto(this, min, max);
    return this;
  }
  /**
   * Sets each element to `value`; integers drop its fraction.
   *
   * @throws {RangeError} If `value` is out of the dtype's range
   */
  fill_(value: number | boolean): this {
    copyInto(this, value, "fill_");
    return this;
  }
  /** Sets each element to 0. */
  zero_(): this {
    copyInto(this, 0, "zero_");
    return this;
  }
  /** Copies the elements of `source`, which broadcasts. */
  copy_(source: Tensor): this {
    copyInto(this, source);
    return this;
  }

  // --- products -------------------------------------------------------------

  /** The matrix product; for batches of matrices, that of each pair. */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }
  /** The product of two matrices. */
  mm(other: Tensor): Tensor {
    return mm(this, other);
  }
  /** The products of two batches of matrices, pair by pair. */
  bmm(other: Tensor): Tensor {
    return bmm(this, other);
  }
  /** The product of a matrix and a vector. */
  mv(vector: Tensor): Tensor {
    return mv(this, vector);
  }
  /** The dot product of two vectors. */
  dot(other: Tensor): Tensor {
    return dot(this, other);
  }

  // --- reductions -----------------------------------------------------------

  /**
   * The sum over some dims, or all. Integers and bool sum to int32, uint32 to
   * uint32; larger sums wrap around.
   */
  sum(dim?: Dims, options?: ReduceOptions): Tensor {
    return sum(this, dim, options);
  }
  /** The mean over some dims, or all. */
  mean(dim?: Dims, options?: ReduceOptions): Tensor {
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
  /** The product over some dims, or all; dtypes as for `sum`. */
  prod(dim?: Dims, options?: ReduceOptions): Tensor {
    return prod(this, dim, options);
  }
  /** The largest element over some dims, or all; ties share the gradient. */
  amax(dim?: Dims, options?: ReduceOptions): Tensor {
    return amax(this, dim, options);
  }
  /** The smallest element over some dims, or all; ties share the gradient. */
  amin(dim?: Dims, options?: ReduceOptions): Tensor {
    return amin(this, dim, options);
  }
  /** The largest element; tied ones share the gradient. */
  max(): Tensor;
  /** The largest elements along a dim, and their indices. */
  max(dim: number, options?: ReduceOptions): ValuesAndIndices;
  max(dim?: number, options?: ReduceOptions): Tensor | ValuesAndIndices {
    return dim === undefined
      ? sharedExtreme("amax", this)
      : maxAlong(this, dim, options);
  }
  /** The smallest element; tied ones share the gradient. */
  min(): Tensor;
  /** The smallest elements along a dim, and their indices. */
  min(dim: number, options?: ReduceOptions): ValuesAndIndices;
  min(dim?: number, options?: ReduceOptions): Tensor | ValuesAndIndices {
    return dim === undefined
      ? sharedExtreme("amin", this)
      : minAlong(this, dim, options);
  }
  /** The index of the largest element along `dim`, or among all. */
  argmax(dim?: number, options?: ReduceOptions): Tensor {
    return argmax(this, dim, options);
  }
  /** The index of the smallest element along `dim`, or among all. */
  argmin(dim?: number, options?: ReduceOptions): Tensor {
    return argmin(this, dim, options);
  }
  /** Whether an element is not 0, over some dims or all. */
  any(dim?: Dims, options?: ReduceOptions): Tensor {
    return any(this, dim, options);
  }
  /** Whether no element is 0, over some dims or all. */
  all(dim?: Dims, options?: ReduceOptions): Tensor {
    return all(this, dim, options);
  }
  /** The number of nonzero elements, over some dims or all. */
  countNonzero(dim?: Dims): Tensor {
    return countNonzero(this, dim);
  }
  /** The variance over some dims, or all. */
  var(dim?: Dims, options?: VarianceOptions): Tensor {
    return variance(this, dim, options);
  }
  /** The standard deviation over some dims, or all. */
  std(dim?: Dims, options?: VarianceOptions): Tensor {
    return std(this, dim, options);
  }
  /** The p-norm over some dims, or all. */
  norm(p?: number, dim?: Dims, options?: ReduceOptions): Tensor {
    return norm(this, p, dim, options);
  }
  /** log(sum(exp(a))) over some dims, without overflow. */
  logsumexp(dim: Dims, options?: ReduceOptions): Tensor {
    return logsumexp(this, dim, options);
  }
  /** The cumulative sum along `dim`. */
  cumsum(dim: number): Tensor {
    return cumsum(this, dim);
  }
  /** The cumulative product along `dim`. */
  cumprod(dim: number): Tensor {
    return cumprod(this, dim);
  }
  /** Sums over the dims that broadcasting from `shape` has expanded. */
  sumTo(shape: Shape): Tensor {
    return sumTo(this, shape);
  }
}

/**
 * Returns an uninitialized row-major tensor. `take` provides its buffer; the
 * default is the pool.
 */
export function emptyTensor(
  shape: Shape,
  dtype: DType,
  origin: string,
  take?: (bytes: number) => GpuBuffer,
): Tensor {
  const bytes = sizeOf(shape) * DTYPES[dtype].bytes;
  return new Tensor(new Storage(bytes, take), rowMajor(shape), dtype, origin);
}
