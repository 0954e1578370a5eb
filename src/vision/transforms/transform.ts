/**
 * Transforms: data that draws actions. What is random is decided by `draw`, once
 * for an image, from a generator; what is drawn is carried out on the host or on
 * the GPU, to the same result.
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

import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Action, ActionName, Extent } from "./action.ts";
import { extentOfTensor, runOnTensor } from "./gpu.ts";
import { runOnHost } from "./host.ts";
import { extentOf, type HostImage, imageOf, pixelsOf } from "./pixels.ts";

/**
 * A step that images go through. A class of one's own says `static url =
 * import.meta.url`, so that workers find it, and has public fields of plain
 * data.
 */
export abstract class Transform {
  /** The actions that `draw` may give. */
  abstract readonly ops: readonly ActionName[];

  /** What is done to an image of this extent. */
  abstract draw(extent: Extent, generator: Generator): readonly Action[];

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
    if (image instanceof Tensor) {
      const actions = this.draw(extentOfTensor(image), generator);
      return runOnTensor(image, actions);
    }
    const pixels = pixelsOf(image);
    const actions = this.draw(extentOf(pixels), generator);
    return actions.length === 0 ? image : imageOf(runOnHost(pixels, actions));
  }

  /** As torchvision prints it. */
  abstract toString(): string;

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
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
