/**
 * What a batch is: the types that samples become when they are put together,
 * and what the makers of a batch are told and may use.
 *
 * @module
 */

import type { TypedArray } from "../../tensor/dtype.ts";
import type { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Callable } from "../checks/callable.ts";
import type { HostPicture } from "../images/image.ts";
import type { ImageBatch } from "../images/image_batch.ts";
import type { BatchContext } from "./batch_context.ts";

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

/** A collate of unknown types. */
export type AnyCollate = Collate<unknown, unknown>;
