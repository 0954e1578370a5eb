/**
 * MultiHot: from a mask of classes to labels, for learning what is in a photo
 * without learning where.
 *
 * @module
 */

import { checkOptionNames } from "../../src/tensor/arguments.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";

/** How masks become labels. */
export interface MultiHotOptions {
  /** How many classes there are. Default: 21, as in VOC. */
  readonly numClasses?: number;
  /** The value that counts for nothing. Default: 255, VOC's borders. */
  readonly ignore?: number;
}

/**
 * A target transform for masks: which classes are in one, float32 of
 * [numClasses] with 1 for each that is and 0 for the others.
 *
 * @example The classes of a mask
 * ```ts
 * import { Image, MultiHot } from "@kindling/kindling/datasets";
 * import { assertEquals } from "@std/assert";
 *
 * const mask = new Image(Uint8Array.of(0, 2, 2, 255), 2, 2, 1);
 * const labels = new MultiHot({ numClasses: 4 }).call(mask);
 * assertEquals([...labels.data], [1, 0, 1, 0]);
 * ```
 */
export class MultiHot {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** How many classes there are. */
  readonly numClasses: number;
  /** The value that counts for nothing. */
  readonly ignore: number;

  /**
   * Labels of as many classes as masks can have values.
   *
   * @throws {RangeError} If `numClasses` is not an integer from 1 to 256
   */
  constructor(options: MultiHotOptions = {}) {
    const { numClasses = 21, ignore = 255 } = checkOptionNames(
      "MultiHot",
      options,
      ["numClasses", "ignore"],
    );
    if (!Number.isInteger(numClasses) || numClasses < 1 || numClasses > 256) {
      throw new RangeError(
        `Cannot make labels of ${numClasses} classes: expected 1 to 256`,
      );
    }
    this.numClasses = numClasses;
    this.ignore = ignore;
  }

  /**
   * The labels of a mask.
   *
   * @throws {RangeError} If it has a class that there is not
   */
  call({ data, width, channels }: Image): HostArray {
    const labels = new Float32Array(this.numClasses);
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (value < labels.length) {
        if (value !== this.ignore) labels[value] = 1;
      } else if (value !== this.ignore) {
        const pixel = Math.floor(i / channels);
        throw new RangeError(
          `Cannot label a mask: pixel (${pixel % width}, ` +
            `${Math.floor(pixel / width)}) is of class ${value}, expected 0 ` +
            `to ${labels.length - 1} or ${this.ignore}`,
        );
      }
    }
    return new HostArray(labels);
  }

  /** As torchvision would print it. */
  toString(): string {
    return `MultiHot(numClasses=${this.numClasses}, ignore=${this.ignore})`;
  }
}
