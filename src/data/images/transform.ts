/**
 * The loader's `transform`: what is done to the image of each sample, and where.
 *
 * NOTE [stages]: a transform that says what it does (`vision.transforms`) is
 * done in two stages. Its first steps run where samples are made, and whatever
 * is random is drawn there, from the sample's own generator; the rest is sent
 * along as data and done on the GPU, to the whole batch at once. How many steps
 * come first is a matter of speed: on a GPU those that no batch kernel has; on
 * an adapter that computes on the CPU all that is done to bytes, which the host's
 * threads do at least twice as fast (a crop with its scaling 0.2 ms, all of
 * colorJitter 1.1 ms for 224 x 224), and only floats are made there. Other
 * transforms, collates of the user's and `host()` have everything done with the
 * sample. The result is the same but for the rounding of float32.
 *
 * @module
 */

import type { Generator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { isPlainObject } from "../checks/values.ts";
import { type Callable, invoke } from "../checks/callable.ts";
import type { Extent, PendingWork } from "./image.ts";
import { hasAll } from "../checks/kinds.ts";

/** What is done with a sample: everything, all on bytes, or what must be. */
export type TransformPlace = "host" | "bytes" | "late";

/** Images on the GPU that wait for the second stage. */
export interface WaitingImages {
  /** uint8 [N, C, H, W]; if sizes differ, the bytes of all, [H, W, C] each. */
  readonly tensor: Tensor;
  /** [height, width] of each image. */
  readonly sizes: readonly (readonly [height: number, width: number])[];
  readonly channels: number;
  readonly pending: readonly PendingWork[];
}

/** A transform in two stages. */
export interface StagedTransform {
  /** Everything at once, on the host. */
  call(image: never, generator: Generator): unknown;
  /** Whether nothing is done with the samples, if they are bytes of one size. */
  isLate(place: TransformPlace): boolean;
  /** The first stage; the result says what is left, if anything is. */
  begin(
    image: unknown,
    generator: Generator,
    place: TransformPlace,
  ): unknown;
  /** What is to be done to an image of this extent, for the second stage. */
  pend(extent: Extent, generator: Generator): PendingWork;
  /** The second stage. */
  finish(images: WaitingImages): Tensor;
}

/** What the loader takes. */
export type SampleTransform = Callable<
  [image: never, generator: Generator],
  unknown
>;

/** The transform, if it has stages. */
export function stagedOf(
  transform: unknown,
): StagedTransform | undefined {
  return hasAll(transform, "begin", "pend", "finish")
    ? transform as StagedTransform // by what it has
    : undefined;
}

/** A sample with its first item transformed: of a record, the first field. */
export function transformSample(
  sample: unknown,
  transform: SampleTransform,
  generator: Generator,
  place: TransformPlace,
): unknown {
  const staged = stagedOf(transform);
  // what an image is, is for the transform to say
  type Call = Callable<[image: unknown, generator: Generator], unknown>;
  return changeFirst(
    sample,
    (image) =>
      staged
        ? staged.begin(image, generator, place)
        : checkMade(invoke(transform as Call, image, generator), "transform"),
  );
}

/** Refuses what makes a transform where one is expected: `T.toFloat`. */
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
      `expected ${expected}; give it with the brackets: T.toFloat()`,
  );
}

/** A list or record with its first item changed, or another value changed. */
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
