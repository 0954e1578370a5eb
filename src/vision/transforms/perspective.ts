/**
 * Random perspectives of images.
 *
 * Points are [x, y] from the upper left corner, in pixels.
 *
 * @module
 */

import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Generator } from "../../tensor/generator.ts";
import type { Action, ActionName, Extent, Fill } from "../actions/action.ts";
import { checkFillOf } from "../actions/rows.ts";
import {
  checkArguments,
  checkFill,
  checkNumber,
  checkProbability,
  checkWarpInterpolation,
} from "./checks.ts";
import { type Corners, perspectiveAction } from "./resolve_warps.ts";
import { Transform } from "./transform.ts";
import { type RandomWarpOptions, WARP_OPTIONS } from "./warps.ts";

/** Options of `randomPerspective`. */
export interface RandomPerspectiveOptions extends RandomWarpOptions {
  /** Largest move of a corner, as a share of half the image. Default: 0.5. */
  readonly distortionScale?: number;
  /** Probability. Default: 0.5. */
  readonly p?: number;
}

/** Transform that changes the perspective of images. */
export class RandomPerspective extends Transform {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** Largest move of a corner, as a share of half the image. */
  readonly distortionScale: number;
  /** Probability. */
  readonly p: number;
  /** Method that finds values between pixels. */
  readonly interpolation: "nearest" | "bilinear";
  /** Value around the image. */
  readonly fill: Fill;

  /** @throws {RangeError} If a share is not from 0 to 1 */
  constructor(options: RandomPerspectiveOptions = {}) {
    super();
    checkArguments("RandomPerspective", arguments, 1);
    const { distortionScale = 0.5, p = 0.5 } = checkOptionNames(
      "randomPerspective",
      options,
      ["distortionScale", "p", ...WARP_OPTIONS],
    );
    this.distortionScale = checkNumber("a distortion", distortionScale, 0, 1);
    this.p = checkProbability(p);
    this.interpolation = checkWarpInterpolation(
      options.interpolation ?? "bilinear",
    );
    this.fill = checkFill(options.fill ?? 0);
  }

  /** A warp. */
  override get ops(): readonly ActionName[] {
    return ["warp"];
  }

  /** Returns the map; none by chance, or if the image is too small. */
  override draw(extent: Extent, generator: Generator): readonly Action[] {
    const { interpolation, fill } = this;
    checkFillOf("warp", fill, extent);
    if (generator.random() >= this.p) return [];
    const points = this.params(extent, generator);
    const action = perspectiveAction(
      { ...points, interpolation, fill },
      extent,
    );
    return action ? [action] : [];
  }

  /** Returns the corners of an image, and draws the points they move to. */
  params(
    { height, width }: Pick<Extent, "height" | "width">,
    generator: Generator,
  ): { readonly startpoints: Corners; readonly endpoints: Corners } {
    const right = width - 1;
    const bottom = height - 1;
    const far = (length: number): number =>
      generator.integer(
        Math.trunc(this.distortionScale * Math.floor(length / 2)) + 1,
      );
    return {
      startpoints: [[0, 0], [right, 0], [right, bottom], [0, bottom]],
      endpoints: [
        [far(width), far(height)],
        [right - far(width), far(height)],
        [right - far(width), bottom - far(height)],
        [far(width), bottom - far(height)],
      ],
    };
  }

  /** Returns the text that torchvision prints. */
  override toString(): string {
    return `RandomPerspective(p=${this.p})`;
  }
}

/**
 * Changes the perspective of images with probability `p`: corners move inwards.
 *
 * Source: torchvision.transforms.RandomPerspective.
 *
 * @throws {RangeError} If a share is not from 0 to 1
 */
export function randomPerspective(
  options?: RandomPerspectiveOptions,
): RandomPerspective {
  checkArguments("randomPerspective", arguments, 1);
  return new RandomPerspective(options);
}
