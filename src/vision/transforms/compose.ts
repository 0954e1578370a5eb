/**
 * Transforms of transforms: all in order, some with a probability, or one.
 *
 * @module
 */

import {
  type Callable,
  invoke,
  isCallable,
} from "../../data/checks/callable.ts";
import { formatValue } from "../../tensor/arguments.ts";
import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action, ActionName, Extent } from "../actions/action.ts";
import type { HostImage } from "../actions/pixels.ts";
import { checkArguments, checkProbability } from "./checks.ts";
import {
  asTransform,
  drawAll,
  isDrawn,
  type Step,
  Transform,
} from "./transform.ts";

/** Steps in order. `To` is the result of an image on the host. */
export class Compose<To = HostImage> extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** The steps, in order. */
  readonly transforms: readonly Step[];

  /**
   * Takes the steps.
   *
   * @throws {TypeError} If they are not a list, or a step is neither a transform
   * nor a function
   */
  constructor(transforms: readonly Step[]) {
    super();
    checkArguments("Compose", arguments, 1);
    if (!Array.isArray(transforms)) {
      throw new TypeError(
        `Cannot compose ${formatValue(transforms)}: expected a list: ` +
          `T.compose([a, b])`,
      );
    }
    for (const step of transforms) {
      if (isDrawn(step) || isCallable(step)) continue;
      throw new TypeError(
        `Cannot compose ${formatValue(step)}: expected transforms, functions ` +
          `or objects with call`,
      );
    }
    this.transforms = transforms;
  }

  /** Names of the actions of all steps. */
  override get ops(): readonly ActionName[] {
    return this.transforms.flatMap((step) => isDrawn(step) ? step.ops : []);
  }

  /**
   * Returns the actions of all steps, in order.
   *
   * @throws {TypeError} If a step is not a transform: its actions are unknown
   */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const transforms = this.transforms.map(asTransform);
    return drawAll(transforms, extent, generator).actions;
  }

  /** Returns the steps, with those of composed steps. */
  override steps(): readonly Step[] {
    return this.transforms.flatMap((step) =>
      step instanceof Transform ? step.steps() : [step]
    );
  }

  /** Returns the tensor after all steps. */
  override call(image: Tensor, generator?: Generator): Tensor;
  /** Returns the image after all steps. */
  override call(image: HostImage, generator?: Generator): To & HostImage;
  override call(
    image: Tensor & HostImage,
    generator?: Generator,
  ): Tensor | (To & HostImage) {
    // the overloads are the parent's; the user states To
    return super.call(image, generator) as Tensor | (To & HostImage);
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    return `Compose(${lines(this.transforms)}\n)`;
  }
}

/**
 * Runs steps in order. Consecutive transforms are planned together: a crop, its
 * scaling, a flip and the changes of colour after them are one pass over the
 * image.
 *
 * Source: torchvision.transforms.Compose.
 *
 * @throws {TypeError} If a step is neither a transform nor a function
 *
 * @example Bytes to normalised floats
 * ```ts
 * import { tensor, vision } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const T = vision.transforms;
 * const steps = T.compose([T.centerCrop(1), T.toFloat(), T.normalize([0.5], [0.5])]);
 * const img = tensor(Uint8Array.of(9, 9, 9, 9, 255, 9, 9, 9, 9)).reshape([1, 3, 3]);
 * assertEquals(await steps.call(img).toArray(), [[[1]]]);
 * ```
 */
export function compose<To = HostImage>(
  transforms: readonly Step[],
): Compose<To> {
  const composed = new Compose<To>(transforms);
  checkArguments("compose", arguments, 1);
  return composed;
}

/** Returns the parts of a transform, all of which must be transforms. */
function checkParts(
  what: string,
  transforms: readonly Transform[],
): readonly Transform[] {
  const wrong = Array.isArray(transforms)
    ? transforms.find((each) => !isDrawn(each))
    : transforms;
  if (wrong === undefined && transforms.length > 0) return transforms;
  throw new TypeError(
    `Cannot make ${what} of ${
      wrong === undefined ? "no transforms" : formatValue(wrong)
    }: expected a list of transforms; instead, a function in compose may ` +
      `draw from its generator`,
  );
}

/** Transform that runs its parts with a probability. */
export class RandomApply extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** The transforms, in order. */
  readonly transforms: readonly Transform[];
  /** Probability. */
  readonly p: number;

  /** @throws {TypeError} If a part is not a transform */
  constructor(transforms: readonly Transform[], p = 0.5) {
    super();
    checkArguments("RandomApply", arguments, 2);
    this.transforms = checkParts("randomApply", transforms);
    this.p = checkProbability(p);
  }

  /** Names of the actions of all parts. */
  override get ops(): readonly ActionName[] {
    return this.transforms.flatMap(({ ops }) => ops);
  }

  /** Returns the actions of all parts, or none. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    return generator.random() < this.p
      ? drawAll(this.transforms, extent, generator).actions
      : [];
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    return `RandomApply(\n    p=${this.p}${lines(this.transforms)}\n)`;
  }
}

/**
 * Runs all transforms of a list with probability `p`, or none.
 *
 * Source: torchvision.transforms.RandomApply.
 *
 * @throws {TypeError} If a part is not a transform
 * @throws {RangeError} If `p` is not from 0 to 1
 */
export function randomApply(
  transforms: readonly Transform[],
  p = 0.5,
): RandomApply {
  checkArguments("randomApply", arguments, 2);
  return new RandomApply(transforms, p);
}

/** Transform that runs one of its parts. */
export class RandomChoice extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** The transforms. */
  readonly transforms: readonly Transform[];
  /** Their weights; undefined means equal ones. */
  readonly p: readonly number[] | undefined;

  /**
   * @throws {TypeError} If a part is not a transform
   * @throws {RangeError} If `p` is not a list of a weight for each part
   */
  constructor(transforms: readonly Transform[], p?: readonly number[]) {
    super();
    checkArguments("RandomChoice", arguments, 2);
    this.transforms = checkParts("randomChoice", transforms);
    this.p = p;
    if (p === undefined) return;
    const isWeighted = Array.isArray(p) && p.length === transforms.length &&
      p.every((weight) => Number.isFinite(weight) && weight >= 0) &&
      p.some((weight) => weight > 0);
    if (isWeighted) return;
    const got = Array.isArray(p) ? `[${p.join(", ")}]` : formatValue(p);
    throw new RangeError(
      `Cannot choose from ${transforms.length} transforms by weights ${got}: ` +
        `expected a number of 0 or more for each, not all of them 0`,
    );
  }

  /** Names of the actions of all parts. */
  override get ops(): readonly ActionName[] {
    return this.transforms.flatMap(({ ops }) => ops);
  }

  /** Returns the actions of one part. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const weights = this.p ?? this.transforms.map(() => 1);
    const sum = weights.reduce((a, b) => a + b);
    let rest = generator.random() * sum;
    let chosen = weights.findIndex((weight) => (rest -= weight) < 0);
    // rounding can leave a rest
    if (chosen === -1) chosen = weights.findLastIndex((weight) => weight > 0);
    return this.transforms[chosen]!.draw(extent, generator);
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const weights = this.p ? `[${this.p.join(", ")}]` : "None";
    return `RandomChoice(${lines(this.transforms)}\n)(p=${weights})`;
  }
}

/**
 * Runs one transform of a list, with weights `p`; by default with equal ones.
 *
 * Source: torchvision.transforms.RandomChoice.
 *
 * @throws {TypeError} If a part is not a transform
 * @throws {RangeError} If `p` is not a list of a weight for each transform
 */
export function randomChoice(
  transforms: readonly Transform[],
  p?: readonly number[],
): RandomChoice {
  checkArguments("randomChoice", arguments, 2);
  return new RandomChoice(transforms, p);
}

/** Transform that runs its parts in random order. */
export class RandomOrder extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** The transforms. */
  readonly transforms: readonly Transform[];

  /** @throws {TypeError} If a part is not a transform */
  constructor(transforms: readonly Transform[]) {
    super();
    checkArguments("RandomOrder", arguments, 1);
    this.transforms = checkParts("randomOrder", transforms);
  }

  /** Names of the actions of all parts. */
  override get ops(): readonly ActionName[] {
    return this.transforms.flatMap(({ ops }) => ops);
  }

  /** Returns the actions of all parts, in random order. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const order = generator.shuffle([...this.transforms]);
    return drawAll(order, extent, generator).actions;
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    return `RandomOrder(${lines(this.transforms)}\n)`;
  }
}

/**
 * Runs transforms in an order that is drawn for each image.
 *
 * Source: torchvision.transforms.RandomOrder.
 *
 * @throws {TypeError} If a part is not a transform
 */
export function randomOrder(transforms: readonly Transform[]): RandomOrder {
  checkArguments("randomOrder", arguments, 1);
  return new RandomOrder(transforms);
}

/** Step that calls a function. */
export class Lambda<From, To> {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** The function. */
  readonly lambd: Callable<[value: From, generator: Generator], To>;

  /** Takes a function, or an object with `call` whose class workers find. */
  constructor(lambd: Callable<[value: From, generator: Generator], To>) {
    checkArguments("Lambda", arguments, 1);
    this.lambd = lambd;
  }

  /** Returns the function's result for a value. */
  call(value: From, generator: Generator = defaultGenerator()): To {
    return invoke(this.lambd, value, generator);
  }

  /** Returns the text that torchvision prints. */
  toString(): string {
    return "Lambda()";
  }
}

/**
 * Makes a step of a function of the value and its generator. With workers, it
 * must be an object with `call`, of a class that workers find.
 *
 * Source: torchvision.transforms.Lambda.
 *
 * @throws {TypeError} If the argument cannot be called
 */
export function lambda<From, To>(
  lambd: Callable<[value: From, generator: Generator], To>,
): Lambda<From, To> {
  checkArguments("lambda", arguments, 1);
  if (isCallable(lambd)) return new Lambda(lambd);
  throw new TypeError(
    `Cannot call ${formatValue(lambd)}: expected a function, or an object ` +
      `with call`,
  );
}

/** Returns steps as torchvision prints them, one line each. */
function lines(steps: readonly Step[]): string {
  return steps.map((step) => {
    const text = typeof step === "function"
      ? `function ${step.name || "(anonymous)"}`
      : String(step);
    return `\n    ${text.replaceAll("\n", "\n    ")}`;
  }).join("");
}
