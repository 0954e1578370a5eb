/**
 * Transforms of transforms: one after the other, some of them, or one of them.
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
import { checkArguments, checkProbability } from "./checks.ts";
import type { HostImage } from "../actions/pixels.ts";
import {
  asTransform,
  drawAll,
  isDrawn,
  type Step,
  Transform,
} from "./transform.ts";

/** Several steps, one after the other. `To` is what an image on the host becomes. */
export class Compose<To = HostImage> extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** The steps, in order. */
  readonly transforms: readonly Step[];

  /**
   * The steps, in the order in which they are applied.
   *
   * @throws {TypeError} If they are no list, or one is neither a transform nor
   * a function
   */
  constructor(transforms: readonly Step[]) {
    super();
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

  /** The actions of all steps. */
  override get ops(): readonly ActionName[] {
    return this.transforms.flatMap((step) => isDrawn(step) ? step.ops : []);
  }

  /**
   * The actions of all steps, one after the other.
   *
   * @throws {TypeError} If a step is no transform: what it does is not known
   */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const transforms = this.transforms.map(asTransform);
    return drawAll(transforms, extent, generator).actions;
  }

  /** The steps, with those of what is composed in them. */
  override steps(): readonly Step[] {
    return this.transforms.flatMap((step) =>
      step instanceof Transform ? step.steps() : [step]
    );
  }

  /** The tensor after all steps. */
  override call(image: Tensor, generator?: Generator): Tensor;
  /** The image after all steps. */
  override call(image: HostImage, generator?: Generator): To & HostImage;
  override call(
    image: Tensor & HostImage,
    generator?: Generator,
  ): Tensor | (To & HostImage) {
    // both overloads are the parent's; To is what the user says it is
    return super.call(image, generator) as Tensor | (To & HostImage);
  }

  /** As torchvision prints it. */
  override toString(): string {
    return `Compose(${lines(this.transforms)}\n)`;
  }
}

/**
 * Several steps, one after the other. Transforms beside each other are planned:
 * a crop, its scaling and a flip are one pass over the image, and so are the
 * changes of colour behind them.
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

/** The parts of a transform, which must all be transforms themselves. */
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
    }: expected a list of transforms; a function may draw from the generator ` +
      `that it is given`,
  );
}

/** All of some transforms, or none. */
export class RandomApply extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** The transforms, in order. */
  readonly transforms: readonly Transform[];
  /** How probable they are. */
  readonly p: number;

  /** @throws {TypeError} If they are no transforms */
  constructor(transforms: readonly Transform[], p: number) {
    super();
    this.transforms = checkParts("randomApply", transforms);
    this.p = checkProbability(p);
  }

  /** The actions of all of them. */
  override get ops(): readonly ActionName[] {
    return this.transforms.flatMap(({ ops }) => ops);
  }

  /** The actions of all of them, or none. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    return generator.random() < this.p
      ? drawAll(this.transforms, extent, generator).actions
      : [];
  }

  /** As torchvision prints it. */
  override toString(): string {
    return `RandomApply(\n    p=${this.p}${lines(this.transforms)}\n)`;
  }
}

/**
 * All of some transforms with probability `p`, or none of them.
 *
 * Source: torchvision.transforms.RandomApply.
 *
 * @throws {TypeError} If they are no transforms
 * @throws {RangeError} If `p` is no probability
 */
export function randomApply(
  transforms: readonly Transform[],
  p = 0.5,
): RandomApply {
  checkArguments("randomApply", arguments, 2);
  return new RandomApply(transforms, p);
}

/** One of some transforms. */
export class RandomChoice extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** What is chosen from. */
  readonly transforms: readonly Transform[];
  /** Their weights; undefined: all equal. */
  readonly p: readonly number[] | undefined;

  /**
   * @throws {TypeError} If they are no transforms
   * @throws {RangeError} If there are not as many weights
   */
  constructor(transforms: readonly Transform[], p?: readonly number[]) {
    super();
    this.transforms = checkParts("randomChoice", transforms);
    this.p = p;
    const isWeighted = p === undefined ||
      (p.length === transforms.length && p.every((weight) => weight >= 0) &&
        p.some((weight) => weight > 0));
    if (!isWeighted) {
      throw new RangeError(
        `Cannot choose of ${transforms.length} transforms by weights [${
          p.join(", ")
        }]: expected a number of 0 or more for each`,
      );
    }
  }

  /** The actions of all of them. */
  override get ops(): readonly ActionName[] {
    return this.transforms.flatMap(({ ops }) => ops);
  }

  /** The actions of one. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const weights = this.p ?? this.transforms.map(() => 1);
    const sum = weights.reduce((a, b) => a + b);
    let rest = generator.random() * sum;
    let chosen = weights.findIndex((weight) => (rest -= weight) < 0);
    // rounding may leave a rest
    if (chosen === -1) chosen = weights.findLastIndex((weight) => weight > 0);
    return this.transforms[chosen]!.draw(extent, generator);
  }

  /** As torchvision prints it. */
  override toString(): string {
    const weights = this.p ? `[${this.p.join(", ")}]` : "None";
    return `RandomChoice(${lines(this.transforms)}\n)(p=${weights})`;
  }
}

/**
 * One of some transforms, by weights `p` if they are given.
 *
 * Source: torchvision.transforms.RandomChoice.
 *
 * @throws {TypeError} If they are no transforms
 * @throws {RangeError} If there are not as many weights
 */
export function randomChoice(
  transforms: readonly Transform[],
  p?: readonly number[],
): RandomChoice {
  checkArguments("randomChoice", arguments, 2);
  return new RandomChoice(transforms, p);
}

/** Some transforms in random order. */
export class RandomOrder extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** The transforms. */
  readonly transforms: readonly Transform[];

  /** @throws {TypeError} If they are no transforms */
  constructor(transforms: readonly Transform[]) {
    super();
    this.transforms = checkParts("randomOrder", transforms);
  }

  /** The actions of all of them. */
  override get ops(): readonly ActionName[] {
    return this.transforms.flatMap(({ ops }) => ops);
  }

  /** The actions of all of them, in another order. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const order = generator.shuffle([...this.transforms]);
    return drawAll(order, extent, generator).actions;
  }

  /** As torchvision prints it. */
  override toString(): string {
    return `RandomOrder(${lines(this.transforms)}\n)`;
  }
}

/**
 * Some transforms, in an order that is drawn for each image.
 *
 * Source: torchvision.transforms.RandomOrder.
 *
 * @throws {TypeError} If they are no transforms
 */
export function randomOrder(transforms: readonly Transform[]): RandomOrder {
  checkArguments("randomOrder", arguments, 1);
  return new RandomOrder(transforms);
}

/** A function as a step. */
export class Lambda<From, To> {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** What is called. */
  readonly lambd: Callable<[value: From, generator: Generator], To>;

  /** The function, or an object with `call` that workers can find. */
  constructor(lambd: Callable<[value: From, generator: Generator], To>) {
    this.lambd = lambd;
  }

  /** What the function makes of the value. */
  call(value: From, generator: Generator = defaultGenerator()): To {
    return invoke(this.lambd, value, generator);
  }

  /** As torchvision prints it. */
  toString(): string {
    return "Lambda()";
  }
}

/**
 * A function of the value, and of its generator, as a step. With workers it is
 * an object with `call` of a class that they can find.
 *
 * Source: torchvision.transforms.Lambda.
 *
 * @throws {TypeError} If it can't be called
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

/** Steps as torchvision prints them, a line each. */
function lines(steps: readonly Step[]): string {
  return steps.map((step) => {
    const text = typeof step === "function"
      ? `function ${step.name || "(anonymous)"}`
      : String(step);
    return `\n    ${text.replaceAll("\n", "\n    ")}`;
  }).join("");
}
