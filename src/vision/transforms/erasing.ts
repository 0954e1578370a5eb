/**
 * Random erasing: a rectangle of an image gets another value.
 *
 * Areas are shares of the image's area; ratios are height over width.
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
  /** Probability. Default: 0.5. */
  readonly p?: number;
  /** [least, most] share of the image's area. Default: [0.02, 0.33]. */
  readonly scale?: readonly number[];
  /** [least, most] height over width. Default: [0.3, 3.3]. */
  readonly ratio?: readonly number[];
  /**
   * A value, one for each channel, or "random" noise: normal for floats, uniform
   * over all bytes. Default: 0.
   */
  readonly value?: Fill | "random";
}

/** Transform that replaces a random rectangle. */
export class RandomErasing extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** Probability. */
  readonly p: number;
  /** [least, most] share of the image's area. */
  readonly scale: readonly [number, number];
  /** [least, most] height over width. */
  readonly ratio: readonly [number, number];
  /** A value, one for each channel, or "random" noise. */
  readonly value: Fill | "random";

  /** @throws {RangeError} If a range is invalid, or `value` is another word */
  constructor(options: RandomErasingOptions = {}) {
    super();
    checkArguments("RandomErasing", arguments, 1);
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

  /** An erasure. */
  override get ops(): readonly ActionName[] {
    return ["erase"];
  }

  /** Returns the rectangle; none by chance, or if ten draws do not fit. */
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

  /** Returns the text that torchvision prints. */
  override toString(): string {
    const { p, scale, ratio, value } = this;
    return `RandomErasing(p=${p}, scale=${tuple(scale)}, ` +
      `ratio=${tuple(ratio)}, value=${value}, inplace=False)`;
  }
}

/**
 * Sets a rectangle of random place, size and form to a value, with probability
 * `p`.
 *
 * Source: torchvision.transforms.RandomErasing.
 *
 * @throws {RangeError} If a range is invalid
 */
export function randomErasing(options?: RandomErasingOptions): RandomErasing {
  checkArguments("randomErasing", arguments, 1);
  return new RandomErasing(options);
}
