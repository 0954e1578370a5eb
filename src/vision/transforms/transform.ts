/**
 * Transforms: data that draws actions. What is random is decided by `draw`, once
 * for an image, from a generator; what is drawn is carried out on the host or on
 * the GPU, to the same result.
 *
 * Beside each other, transforms are one run of actions, which the executors plan.
 *
 * NOTE [draw then apply]: an executor never sees a generator, so an image's
 * random numbers cannot depend on who transforms it, in which thread, or how
 * many at once. The loader uses that: it lets a worker draw, and the GPU apply.
 *
 * Results of the two executors are equal within the rounding of float32: floats
 * by some 1e-6, bytes by one level where a value lies between two.
 *
 * @module
 */

import { type Callable, invoke } from "../../data/checks/callable.ts";
import type { PendingWork } from "../../data/images/image.ts";
import type {
  StagedTransform,
  TransformPlace,
  WaitingImages,
} from "../../data/images/transform.ts";
import { formatValue } from "../../tensor/arguments.ts";
import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Channels, Image } from "../image.ts";
import type { Action, ActionName, Extent } from "../actions/action.ts";
import { extentOf, type HostImage, pixelsOf } from "../actions/pixels.ts";
import { ACTIONS, after, isBatched } from "../actions/rows.ts";
import {
  extentOfImage,
  runOnImage,
  runOnWaiting,
} from "../executors/executor.ts";

/**
 * What `compose` takes: transforms, and functions (or objects with `call`) of
 * the value and its generator. Only transforms are planned together.
 */
export type Step =
  | Transform
  | Callable<[value: never, generator: Generator], unknown>;

/**
 * A step that images go through. A class of one's own says `static url =
 * import.meta.url`, so that workers find it, and has public fields of plain
 * data.
 */
export abstract class Transform implements StagedTransform {
  /** The actions that `draw` may give. */
  abstract readonly ops: readonly ActionName[];

  /** What is done to an image of this extent. */
  abstract draw(extent: Extent, generator: Generator): readonly Action[];

  /** As torchvision prints it. */
  abstract toString(): string;

  /** What it consists of, one after the other. */
  steps(): readonly Step[] {
    return [this];
  }

  /**
   * The transformed tensor: [..., C, H, W], all of its images alike.
   *
   * @throws {TypeError} If these are no images that the transform takes
   * @throws {RangeError} If they are too small for it
   */
  call(image: Tensor, generator?: Generator): Tensor;
  /** The transformed image, on the host. */
  call(image: HostImage, generator?: Generator): HostImage;
  call(
    image: Tensor | HostImage,
    generator: Generator = defaultGenerator(),
  ): Tensor | HostImage {
    // what the last step makes of an image is for its author to know
    return runSteps(this.steps(), image, generator) as Tensor | HostImage;
  }

  /** Whether nothing is done with the samples, if they are bytes of one size. */
  isLate(place: TransformPlace): boolean {
    return place !== "host" && firstLate(this.steps(), place) === 0;
  }

  /**
   * The first stage of NOTE [stages] in sample_transform.ts: the image after
   * the steps that are done with its sample, and what is left for the batch.
   *
   * @throws {TypeError} If it is no image that the transform takes
   * @throws {RangeError} If it is too small
   */
  begin(
    image: unknown,
    generator: Generator,
    place: TransformPlace,
  ): unknown {
    const steps = this.steps();
    const first = place === "host" ? steps.length : firstLate(steps, place);
    const begun = runSteps(steps.slice(0, first), image, generator);
    const late = steps.slice(first);
    if (late.length === 0) return begun;
    const pixels = pixelsOf(begun);
    const { data, height, width, channels, planar } = pixels;
    const isBytes = data instanceof Uint8Array && (!planar || channels === 1);
    if (!isBytes) return runSteps(late, begun, generator);
    return new PendingImage(
      data,
      width,
      height,
      channels as Channels, // images on the host have as many
      drawAll(late.map(asTransform), extentOf(pixels), generator),
    );
  }

  /** What is left for the batch where nothing was done before. */
  pend(extent: Extent, generator: Generator): PendingWork {
    return drawAll([this], extent, generator);
  }

  /** The second stage: what is left, done to a batch on the GPU. */
  finish(images: WaitingImages): Tensor {
    return runOnWaiting(
      images,
      // `begin` and `pend` made them
      images.pending.map(({ actions }) => actions as readonly Action[]),
    );
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/** An image that waits for its batch. */
class PendingImage extends Image {
  readonly pending: PendingWork;

  constructor(
    data: Uint8Array,
    width: number,
    height: number,
    channels: Channels,
    pending: PendingWork,
  ) {
    super(data, width, height, channels);
    this.pending = pending;
  }
}

/**
 * The first of the steps that can be left for the batch; as many as there are
 * steps if none can: what is left begins with bytes.
 */
function firstLate(
  steps: readonly Step[],
  place: Exclude<TransformPlace, "host">,
): number {
  const staysWithSample = (step: Step): boolean =>
    !isDrawn(step) ||
    step.ops.some((op) =>
      !isBatched(op) || (place === "bytes" && !ACTIONS[op].floats)
    );
  const first = steps.findLastIndex(staysWithSample) + 1;
  const mayBeFloats = steps.slice(0, first).some((step) =>
    isDrawn(step) && step.ops.some((op) => ACTIONS[op].floats)
  );
  return mayBeFloats ? steps.length : first;
}

/** Whether a step says what it does before it does it. */
export function isDrawn(step: unknown): step is Transform {
  return step instanceof Transform &&
    step.steps().every((each) => each instanceof Transform);
}

/**
 * The step as a transform.
 *
 * @throws {TypeError} If it is a function
 */
export function asTransform(step: Step): Transform {
  if (isDrawn(step)) return step;
  throw new TypeError(
    `Cannot draw the actions of ${formatValue(step)}: expected a transform`,
  );
}

/** The actions of transforms, one after the other, and what an image becomes. */
export function drawAll(
  transforms: readonly Transform[],
  extent: Extent,
  generator: Generator,
): { readonly actions: readonly Action[]; readonly result: Extent } {
  const actions: Action[] = [];
  for (const transform of transforms) {
    for (const action of transform.draw(extent, generator)) {
      extent = after(action, extent);
      actions.push(action);
    }
  }
  return { actions, result: extent };
}

/**
 * The value after steps; transforms beside each other are one run.
 *
 * @throws {TypeError} If a function makes a transform, or they do not take it
 */
function runSteps(
  steps: readonly Step[],
  value: unknown,
  generator: Generator,
): unknown {
  for (let at = 0; at < steps.length;) {
    const step = steps[at]!;
    if (!(step instanceof Transform)) {
      // a step knows what comes before it; the compiler does not
      type Function = Callable<[value: unknown, generator: Generator], unknown>;
      value = invoke(step as Function, value, generator);
      if (value instanceof Transform) {
        throw new TypeError(
          `Cannot transform an image: the step ${nameOf(step)} made a ` +
            `transform, expected an image; give it with the brackets: ` +
            `T.toFloat()`,
        );
      }
      at++;
      continue;
    }
    const run: Transform[] = [];
    for (let next = step as Step | undefined; next instanceof Transform;) {
      run.push(next);
      next = steps[++at];
    }
    const { actions } = drawAll(run, extentOfImage(value), generator);
    value = runOnImage(value, actions);
  }
  return value;
}

/** A step, as errors write it. */
function nameOf(step: Step): string {
  const isNamed = typeof step === "function" && step.name !== "";
  return isNamed ? step.name : formatValue(step);
}

/** The same actions for every image. */
export class FixedTransform extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** What it prints. */
  readonly label: string;
  /** What is done. */
  readonly actions: readonly Action[];

  /** The actions, and what the transform prints. */
  constructor(label: string, actions: readonly Action[]) {
    super();
    this.label = label;
    this.actions = actions;
  }

  /** The names of the actions. */
  override get ops(): readonly ActionName[] {
    return this.actions.map(({ op }) => op);
  }

  /** The actions. */
  override draw(): readonly Action[] {
    return this.actions;
  }

  /** As torchvision prints it. */
  override toString(): string {
    return this.label;
  }
}

/** The same actions for every image, or none, by chance. */
export class ChanceTransform extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** What it prints. */
  readonly label: string;
  /** What is done. */
  readonly actions: readonly Action[];
  /** How probable that is. */
  readonly p: number;

  /** The actions, their probability, and what the transform prints. */
  constructor(label: string, actions: readonly Action[], p: number) {
    super();
    this.label = label;
    this.actions = actions;
    this.p = p;
  }

  /** The names of the actions. */
  override get ops(): readonly ActionName[] {
    return this.actions.map(({ op }) => op);
  }

  /** The actions, or none. */
  override draw(_: Extent, generator: Generator): readonly Action[] {
    return generator.random() < this.p ? this.actions : [];
  }

  /** As torchvision prints it. */
  override toString(): string {
    return this.label;
  }
}

/** A number from `low` to `high`, each equally likely. */
export function uniform(
  [low, high]: readonly [number, number],
  generator: Generator,
): number {
  return low + (high - low) * generator.random();
}

/** Numbers as Python prints a tuple: `(256, 256)`. */
export function tuple(values: readonly (number | string)[]): string {
  return `(${values.join(", ")}${values.length === 1 ? "," : ""})`;
}

/** A value as Python prints it; undefined is None. */
export function printed(value: number | boolean | undefined): string {
  if (value === undefined) return "None";
  return typeof value === "boolean" ? (value ? "True" : "False") : `${value}`;
}
