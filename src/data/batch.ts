/**
 * What a batch is: the types that samples become when they are put together,
 * and what the makers of a batch are told and may use.
 *
 * @module
 */

import type { Generator } from "../tensor/generator.ts";
import type { DType, TypedArray } from "../tensor/dtype.ts";
import type { HostArray } from "../tensor/host_array.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { HostPicture, ImageBatch } from "./image_batch.ts";

/*
 * House style has no conditional types; these two are the exception. They are
 * what lets `for await (const [x, y] of loader)` know that x and y are tensors
 * without a word from the user.
 */

/**
 * The host batch that `collate` makes of samples of a type: arrays and numbers
 * become an array with one dim more, images a batch of images, strings a list,
 * structures are kept.
 */
export type Collated<Sample> = Sample extends Tensor ? Tensor
  : Sample extends HostPicture ? ImageBatch
  : Sample extends HostArray | TypedArray | number | boolean ? HostArray
  : Sample extends string ? string[]
  : { [Key in keyof Sample]: Collated<Sample[Key]> };

/**
 * The batch that a loader gives: a host batch with tensors for its arrays. An
 * image by itself, as a sample has it, stays one.
 */
export type Uploaded<Batch> = Batch extends HostArray | TypedArray | ImageBatch
  ? Tensor
  : Batch extends
    Tensor | HostPicture | string | number | boolean | null | undefined ? Batch
  : { [Key in keyof Batch]: Uploaded<Batch[Key]> };

/** What `collate` and `getBatch` are told of a batch, and lent for it. */
export interface BatchContext {
  /** The index of each sample in the dataset. */
  readonly indices: readonly number[];

  /**
   * Memory for an array of the batch. It is used again for later batches, so
   * it holds anything at first, and the array must go nowhere but into the
   * batch. Other arrays are fine too, and slower: they must be copied to leave
   * a worker.
   */
  empty(shape: Shape, dtype: DType): HostArray;

  /** The random generator of the sample at a position in `indices`. */
  generator(position: number): Generator;

  /**
   * A sample of the loader's dataset that `generator` draws, with the random
   * numbers that follow: what a collate takes in place of another.
   *
   * @throws {TypeError} If samples have no index, or no loader asked
   */
  draw(generator: Generator): unknown;
}

/** A function, or an object with `call`, which can go to a worker. */
export type Callable<Args extends readonly unknown[], Result> =
  | ((...args: Args) => Result)
  | { call(...args: Args): Result };

/**
 * What makes a batch of samples: a function, or an object with `call`. A batch
 * of undefined is left out.
 */
export type Collate<Sample, Batch> =
  & Callable<
    [samples: Sample[], context: BatchContext],
    Batch | Promise<Batch> | undefined
  >
  & {
    /** Whether it takes null for a sample whose `get` throws. */
    readonly takesBroken?: boolean;
  };

/** Whether `value` can be called: a function, or an object with `call`. */
export function isCallable(value: unknown): boolean {
  return typeof value === "function" ||
    (typeof value === "object" && value !== null && "call" in value &&
      typeof value.call === "function");
}

/** Calls a function, or the `call` of an object. */
export function invoke<Args extends readonly unknown[], Result>(
  callable: Callable<Args, Result>,
  ...args: Args
): Result {
  // functions have a `call` too, with another meaning
  return typeof callable === "function"
    ? callable(...args)
    : callable.call(...args);
}
