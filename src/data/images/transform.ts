/**
 * The loader's `transform`: its two stages, and where they run.
 *
 * NOTE [stages]: a transform of `vision.transforms` runs in two stages. The
 * first runs where samples are made, and draws all random numbers from the
 * sample's own generator. The second is data: it runs on the GPU, on the whole
 * batch.
 *
 * The place of the cut is a matter of speed. On a GPU the first stage has only
 * the steps that no batch kernel does. On a CPU adapter it has all steps on
 * bytes, and the adapter only makes floats. The host's threads do those steps
 * at least twice as fast: a resized crop takes 0.2 ms, colorJitter 1.1 ms (224
 * x 224). With a user's transform or collate, and with `host()`, everything
 * runs per sample. The results are equal within the rounding of float32.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { isPlainObject } from "../checks/values.ts";
import { type Callable, invoke } from "../checks/callable.ts";
import type { ImageExtent, PendingWork } from "./image.ts";
import { hasAll } from "../checks/kinds.ts";

/**
 * The steps of the first stage: all of them ("host"), all steps on bytes
 * ("bytes"), or only those without a batch kernel ("late").
 */
export type TransformPlace = "host" | "bytes" | "late";

/** Images on the GPU before the second stage. */
export interface WaitingImages {
  /** uint8 [N, C, H, W]; if sizes differ, all bytes, each image [H, W, C]. */
  readonly tensor: Tensor;
  /** [height, width] of each image. */
  readonly sizes: readonly (readonly [height: number, width: number])[];
  readonly channels: number;
  readonly pending: readonly PendingWork[];
}

/** A transform in two stages. */
export interface StagedTransform {
  /** Runs all steps at once, on the host. */
  call(image: never, generator: Generator): unknown;
  /** Whether the first stage is empty for bytes of one size. */
  isLate(place: TransformPlace): boolean;
  /** Runs the first stage; the result holds the rest as `pending`. */
  begin(
    image: unknown,
    generator: Generator,
    place: TransformPlace,
  ): unknown;
  /** Draws the second stage for an image of this extent. */
  pend(extent: ImageExtent, generator: Generator): PendingWork;
  /** Runs the second stage. */
  finish(images: WaitingImages): Tensor;
}

/** A transform that the loader takes. */
export type SampleTransform = Callable<
  [image: never, generator: Generator],
  unknown
>;

/** Returns the transform if it has stages, else undefined. */
export function stagedOf(
  transform: unknown,
): StagedTransform | undefined {
  return hasAll(transform, "begin", "pend", "finish")
    ? transform as StagedTransform // it has the members
    : undefined;
}

/** Transforms the first item of a sample; of a record, the first field. */
export function transformSample(
  sample: unknown,
  transform: SampleTransform,
  generator: Generator,
  place: TransformPlace,
): unknown {
  const staged = stagedOf(transform);
  // the user's transform states the type of its image
  type Call = Callable<[image: unknown, generator: Generator], unknown>;
  return changeFirst(
    sample,
    (image) =>
      staged
        ? staged.begin(image, generator, place)
        : checkMade(invoke(transform as Call, image, generator), "transform"),
  );
}

/**
 * Returns what an option made, unless that is a transform: the option was the
 * factory `T.toFloat` in place of `T.toFloat()`.
 *
 * @throws {TypeError} If it is a transform
 */
export function checkMade<Made>(
  made: Made,
  option: "transform" | "batchTransform",
): Made {
  if (!stagedOf(made)) return made;
  const [what, expected] = option === "transform"
    ? ["a sample", "an image"]
    : ["a batch", "a tensor"];
  throw new TypeError(
    `Cannot transform ${what}: the option ${option} made a transform, ` +
      `expected ${expected}; call the factory: T.toFloat()`,
  );
}

/** Applies `change` to the first item of a list or record, or to the value. */
export function changeFirst(
  value: unknown,
  change: (item: unknown) => unknown,
): unknown {
  const put = (item: unknown, into: (item: unknown) => unknown): unknown =>
    item instanceof Promise ? item.then(into) : into(item);
  if (Array.isArray(value)) {
    const [first, ...rest] = value;
    return put(change(first), (item) => [item, ...rest]);
  }
  if (isPlainObject(value)) {
    const [key] = Object.keys(value);
    return key === undefined
      ? value
      : put(change(value[key]), (item) => ({ ...value, [key]: item }));
  }
  return change(value);
}
