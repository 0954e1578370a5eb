/**
 * Transforms: data that draws actions. `draw` decides everything random, once for
 * an image, from a generator. The host or the GPU carries the actions out, to
 * the same result.
 *
 * Consecutive transforms merge into one list of actions, planned as a whole.
 *
 * NOTE [draw then apply]: an executor never sees a generator. So the random
 * numbers of an image depend neither on the thread and the executor, nor on the
 * size of its batch. The loader relies on that: a
 * worker draws, and the GPU applies.
 *
 * Results of both executors are equal within the rounding of float32: floats to
 * about 1e-6, bytes to one level where a value lies between two.
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
import { checkArguments, checkProbability } from "./checks.ts";

/**
 * A step of `compose`: a transform, or a function (or object with `call`) of the
 * value and its generator. Only transforms are planned together.
 */
export type Step =
  | Transform
  | Callable<[value: never, generator: Generator], unknown>;

/**
 * A change of images. A user's own class has public fields of plain data, and
 * `static url = import.meta.url`, by which workers find it.
 */
export abstract class Transform implements StagedTransform {
  /** Names of the actions that `draw` may return. */
  abstract readonly ops: readonly ActionName[];

  /** Returns the actions on an image of this extent. */
  abstract draw(extent: Extent, generator: Generator): readonly Action[];

  /** Returns the text that torchvision prints. */
  abstract toString(): string;

  /** Returns the steps of the transform, in order. */
  steps(): readonly Step[] {
    return [this];
  }

  /**
   * Returns the transformed tensor [..., C, H, W], all of its images alike.
   *
   * @throws {TypeError} If the transform does not take such images
   * @throws {RangeError} If the images are too small for it
   */
  call(image: Tensor, generator?: Generator): Tensor;
  /** Returns the transformed image, on the host. */
  call(image: HostImage, generator?: Generator): HostImage;
  call(
    image: Tensor | HostImage,
    generator: Generator = defaultGenerator(),
  ): Tensor | HostImage {
    // the author of the last step knows its result
    return runSteps(this.steps(), image, generator) as Tensor | HostImage;
  }

  /** Whether every step may wait for the batch, if samples are bytes of one size. */
  isLate(place: TransformPlace): boolean {
    return place !== "host" && firstLate(this.steps(), place) === 0;
  }

  /**
   * Runs the first stage of NOTE [stages] in data/images/transform.ts. Returns
   * the image after the steps of its sample, with the actions that wait for the
   * batch.
   *
   * @throws {TypeError} If the transform does not take such an image
   * @throws {RangeError} If the image is too small
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
      channels as Channels, // an image on the host has 1, 3 or 4
      drawAll(late.map(asTransform), extentOf(pixels), generator),
    );
  }

  /** Returns the actions that wait for the batch, if every step may. */
  pend(extent: Extent, generator: Generator): PendingWork {
    return drawAll([this], extent, generator);
  }

  /** Runs the second stage: returns a batch on the GPU after waiting actions. */
  finish(images: WaitingImages): Tensor {
    return runOnWaiting(
      images,
      // made by `begin` and `pend`
      images.pending.map(({ actions }) => actions as readonly Action[]),
    );
  }

  /** Text that `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/** An image with actions that wait for its batch. */
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
 * Returns the first step that may wait for the batch, with all after it. Images
 * that wait are bytes. If no step may wait, the result is the number of steps.
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

/** Whether a step draws its actions before anything is carried out. */
export function isDrawn(step: unknown): step is Transform {
  return step instanceof Transform &&
    step.steps().every((each) => each instanceof Transform);
}

/**
 * Returns the step as a transform.
 *
 * @throws {TypeError} If the step is a function
 */
export function asTransform(step: Step): Transform {
  if (isDrawn(step)) return step;
  throw new TypeError(
    `Cannot draw the actions of ${formatValue(step)}: expected a transform`,
  );
}

/** Returns the actions of transforms, in order, and the resulting extent. */
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
 * Returns the value after steps; consecutive transforms run together.
 *
 * @throws {TypeError} If a function returns a transform, or a transform does not
 * take the value
 */
function runSteps(
  steps: readonly Step[],
  value: unknown,
  generator: Generator,
): unknown {
  for (let at = 0; at < steps.length;) {
    const step = steps[at]!;
    if (!(step instanceof Transform)) {
      // the type of the value is for the step to know
      type Function = Callable<[value: unknown, generator: Generator], unknown>;
      value = invoke(step as Function, value, generator);
      if (value instanceof Transform) {
        throw new TypeError(
          `Cannot transform an image: the step ${nameOf(step)} made a ` +
            `transform, expected an image; call the factory: T.toFloat()`,
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

/** Returns a step as messages write it. */
function nameOf(step: Step): string {
  const isNamed = typeof step === "function" && step.name !== "";
  return isNamed ? step.name : formatValue(step);
}

/** Transform that draws the same actions for every image. */
export class FixedTransform extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** Printed text. */
  readonly label: string;
  /** Actions on an image. */
  readonly actions: readonly Action[];

  /** Takes the printed text and the actions. */
  constructor(label: string, actions: readonly Action[]) {
    super();
    checkArguments("FixedTransform", arguments, 2);
    this.label = label;
    this.actions = actions;
  }

  /** Names of the actions. */
  override get ops(): readonly ActionName[] {
    return this.actions.map(({ op }) => op);
  }

  /** Returns the actions. */
  override draw(): readonly Action[] {
    return this.actions;
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    return this.label;
  }
}

/** Transform that draws the same actions, or none, with a probability. */
export class ChanceTransform extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** Printed text. */
  readonly label: string;
  /** Actions on an image. */
  readonly actions: readonly Action[];
  /** Probability of the actions. */
  readonly p: number;

  /**
   * Takes the printed text, the actions and their probability.
   *
   * @throws {RangeError} If `p` is not from 0 to 1
   */
  constructor(label: string, actions: readonly Action[], p: number) {
    super();
    checkArguments("ChanceTransform", arguments, 3);
    this.label = label;
    this.actions = actions;
    this.p = checkProbability(p);
  }

  /** Names of the actions. */
  override get ops(): readonly ActionName[] {
    return this.actions.map(({ op }) => op);
  }

  /** Returns the actions, or none. */
  override draw(_: Extent, generator: Generator): readonly Action[] {
    return generator.random() < this.p ? this.actions : [];
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    return this.label;
  }
}

/** Draws a number from `low` to `high`, uniformly. */
export function uniform(
  [low, high]: readonly [number, number],
  generator: Generator,
): number {
  return low + (high - low) * generator.random();
}

/** Returns numbers as Python prints a tuple: `(256, 256)`. */
export function tuple(values: readonly (number | string)[]): string {
  return `(${values.join(", ")}${values.length === 1 ? "," : ""})`;
}

/** Returns a value as Python prints it; undefined is None. */
export function printed(value: number | boolean | undefined): string {
  if (value === undefined) return "None";
  return typeof value === "boolean" ? (value ? "True" : "False") : `${value}`;
}
