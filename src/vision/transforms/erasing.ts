/**
 * Rectangles of other values, by chance.
 *
 * Sizes are shares of an image's area and height over width.
 *
 * @module
 */

import { checkChoice, checkOptionNames } from "../../tensor/arguments.ts";
import type { Generator } from "../../tensor/generator.ts";
import type { Action, ActionName, Extent, Fill } from "../actions/action.ts";
import { checkFillOf } from "../actions/rows.ts";
import { roundHalfEven } from "../actions/values.ts";
import {
  checkArguments,
  checkFill,
  checkProbability,
  checkRange,
} from "./checks.ts";
import { Transform, tuple, uniform } from "./transform.ts";

/** Options of `randomErasing`. */
export interface RandomErasingOptions {
  /** How probable it is. Default: 0.5. */
  readonly p?: number;
  /** [least, most] share of the image's area. Default: [0.02, 0.33]. */
  readonly scale?: readonly number[];
  /** [least, most] height over width. Default: [0.3, 3.3]. */
  readonly ratio?: readonly number[];
  /**
   * A value, one for each channel, or "random" noise: normal of floats, of bytes
   * each as likely as the others. Default: 0.
   */
  readonly value?: Fill | "random";
}

/** A rectangle of other values, by chance. */
export class RandomErasing extends Transform {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** How probable it is. */
  readonly p: number;
  /** [least, most] share of the image's area. */
  readonly scale: readonly [number, number];
  /** [least, most] height over width. */
  readonly ratio: readonly [number, number];
  /** A value, one for each channel, or "random" noise. */
  readonly value: Fill | "random";

  /** @throws {RangeError} If a range is none, or `value` another word */
  constructor(options: RandomErasingOptions = {}) {
    super();
    const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } =
      checkOptionNames("randomErasing", options, [
        "p",
        "scale",
        "ratio",
        "value",
      ]);
    const same = (x: number) => [x, x] as const;
    this.p = checkProbability(p);
    this.scale = checkRange("a range of areas", scale, same, 0, 1);
    this.ratio = checkRange("a range of ratios", ratio, same, 1e-6);
    this.value = typeof value === "string"
      ? checkChoice("make randomErasing", "value", value, ["random"] as const)
      : checkFill(value);
  }

  /** A rectangle. */
  override get ops(): readonly ActionName[] {
    return ["erase"];
  }

  /** The rectangle in such an image, or none where ten tries do not fit. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    if (this.value !== "random") checkFillOf("erase", this.value, extent);
    if (generator.random() >= this.p) return [];
    const { height, width } = extent;
    const logs = [Math.log(this.ratio[0]), Math.log(this.ratio[1])] as const;
    for (let tries = 0; tries < 10; tries++) {
      const area = height * width * uniform(this.scale, generator);
      const form = Math.exp(uniform(logs, generator));
      const h = roundHalfEven(Math.sqrt(area * form));
      const w = roundHalfEven(Math.sqrt(area / form));
      if (h >= height || w >= width || h < 1 || w < 1) continue;
      return [{
        op: "erase",
        value: this.value === "random"
          ? { noise: generator.drawSeed() }
          : this.value,
        top: generator.integer(height - h + 1),
        left: generator.integer(width - w + 1),
        height: h,
        width: w,
      }];
    }
    return [];
  }

  /** As torchvision prints it. */
  override toString(): string {
    const { p, scale, ratio, value } = this;
    return `RandomErasing(p=${p}, scale=${tuple(scale)}, ` +
      `ratio=${tuple(ratio)}, value=${value}, inplace=False)`;
  }
}

/**
 * A rectangle of random place, size and form set to a value, with probability
 * `p`.
 *
 * Source: torchvision.transforms.RandomErasing.
 *
 * @throws {RangeError} If a range is none
 */
export function randomErasing(options?: RandomErasingOptions): RandomErasing {
  checkArguments("randomErasing", arguments, 1);
  return new RandomErasing(options);
}
