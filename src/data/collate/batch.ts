/**
 * The types of batches, and of the functions that make them.
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
 * House style has no conditional types; `Collated`, `Uploaded` and
 * `PaddedBatch` are the exception. They let `for await (const [x, y] of
 * loader)` infer that x and y are tensors.
 */

/**
 * The host batch that `collate` makes of samples of a type. Arrays and numbers
 * become an array with one more dim, images an `ImageBatch`, strings a list;
 * lists and objects keep their structure.
 */
export type Collated<Sample> = Sample extends Tensor ? Tensor
  : Sample extends HostPicture ? ImageBatch
  : Sample extends HostArray | TypedArray | number | boolean ? HostArray
  : Sample extends string ? string[]
  : { [Key in keyof Sample]: Collated<Sample[Key]> };

/**
 * The batch that a loader gives: a host batch with tensors in place of arrays
 * and image batches. Single images stay images.
 */
export type Uploaded<Batch> = Batch extends HostArray | TypedArray | ImageBatch
  ? Tensor
  : Batch extends
    Tensor | HostPicture | string | number | boolean | null | undefined ? Batch
  : { [Key in keyof Batch]: Uploaded<Batch[Key]> };

/**
 * A collate: a function, or an object with `call`, that makes a batch of
 * samples. The loader leaves out a batch of undefined.
 */
export type Collate<Sample, Batch> =
  & Callable<
    [samples: Sample[], context: BatchContext],
    Batch | Promise<Batch> | undefined
  >
  & {
    /**
     * Whether the collate takes null in place of a sample whose `get` throws.
     */
    readonly takesBroken?: boolean;
  };

/** A collate of unknown types. */
export type AnyCollate = Collate<unknown, unknown>;
