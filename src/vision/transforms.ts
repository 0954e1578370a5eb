/**
 * Transforms: steps between the samples of a dataset and what a model takes.
 *
 * A transform is data: it names what is done and with which numbers, and
 * `compose` plans neighbours together. Those here act on whole batches on the
 * GPU: the loader's `batchTransform`.
 *
 * @module
 */

import { defineOp } from "../ops/define.ts";
import { planMap } from "../ops/map.ts";
import type { MapRule } from "../ops/map_header.ts";
import { fromHost } from "../tensor/create.ts";
import { HostArray } from "../tensor/host_array.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A step on a batch of images, [N, C, H, W]. */
export interface Transform {
  /** Applies the step. */
  call(images: Tensor): Tensor;
  /** As torchvision prints it. */
  toString(): string;
}

/** Bytes 0 to 255 as floats 0 to 1; floats stay what they are. */
export class ToFloat implements Transform {
  /** Applies the step. */
  call(images: Tensor): Tensor {
    return images.dtype === "uint8"
      ? images.to("float32").div(255)
      : images.to("float32");
  }
  /** As torchvision prints it. */
  toString(): string {
    return "ToFloat()";
  }
}

/** (x - mean) / std, each channel with its own. */
export class Normalize implements Transform {
  /** Mean of each channel. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel. */
  readonly std: readonly number[];

  /**
   * One mean and one deviation for each channel, or for all of them.
   *
   * @throws {TypeError} If there are not as many means as deviations
   * @throws {RangeError} If a deviation is 0
   */
  constructor(mean: readonly number[], std: readonly number[]) {
    if (mean.length !== std.length || mean.length === 0) {
      throw new TypeError(
        `Cannot normalize by ${mean.length} means and ${std.length} ` +
          `deviations: expected one of each for a channel`,
      );
    }
    if (std.includes(0)) {
      throw new RangeError(
        `Cannot normalize by std [${std.join(", ")}]: none may be 0`,
      );
    }
    this.mean = mean;
    this.std = std;
  }

  /**
   * Applies the step to floats.
   *
   * @throws {TypeError} If the images are bytes, or have other channels
   */
  call(images: Tensor): Tensor {
    if (images.dtype === "uint8") {
      throw new TypeError(
        `Cannot normalize ${images.describe()}: expected floats, ` +
          `put toFloat() before it`,
      );
    }
    const [mean, std] = this.#perChannel(images);
    return images.sub(mean).div(std);
  }

  #perChannel(images: Tensor): [Tensor | number, Tensor | number] {
    const { mean, std } = this;
    if (mean.length === 1) return [mean[0]!, std[0]!];
    const channels = images.shape.at(-3);
    if (channels !== mean.length) {
      throw new TypeError(
        `Cannot normalize images of shape ${formatShape(images.shape)} by ` +
          `${mean.length} means: expected [..., ${mean.length}, H, W]`,
      );
    }
    const shape = [channels, 1, 1];
    const upload = (values: readonly number[]): Tensor =>
      fromHost(new HostArray(Float32Array.from(values), shape));
    return [upload(mean), upload(std)];
  }

  /** As torchvision prints it. */
  toString(): string {
    return `Normalize(mean=${formatShape(this.mean)}, std=${
      formatShape(this.std)
    })`;
  }
}

const NORMALIZE: MapRule = {
  name: "normalize",
  wgsl: "(a / 255.0 - b) / c",
  compute: "f32",
};

// Bytes to normalised floats in one pass, for images of one channel.
const normalizeBytes = defineOp<{ mean: number; std: number }>({
  name: "normalize",
  shape: ([x]) => ({ shape: x.shape, dtype: "float32" }),
  kernel: ([x], [y], { mean, std }) => planMap(NORMALIZE, [x, mean, std], y),
});

/** Several transforms, one after the other. */
export class Compose implements Transform {
  /** The steps, in order. */
  readonly transforms: readonly Transform[];

  /** The steps, in the order in which they are applied. */
  constructor(transforms: readonly Transform[]) {
    this.transforms = transforms;
  }

  /** Applies all steps; neighbours that have one kernel together take it. */
  call(images: Tensor): Tensor {
    const { transforms } = this;
    let result = images;
    for (let i = 0; i < transforms.length; i++) {
      const step = transforms[i]!;
      const next = transforms[i + 1];
      if (
        step instanceof ToFloat && next instanceof Normalize &&
        result.dtype === "uint8" && next.mean.length === 1
      ) {
        const [mean, std] = [next.mean[0]!, next.std[0]!];
        result = normalizeBytes([result], { mean, std })[0];
        i++;
      } else {
        result = step.call(result);
      }
    }
    return result;
  }

  /** As torchvision prints it. */
  toString(): string {
    return `Compose(\n    ${this.transforms.join("\n    ")}\n)`;
  }
}

/** Several transforms, one after the other. */
export function compose(transforms: readonly Transform[]): Compose {
  return new Compose(transforms);
}

/** Bytes 0 to 255 as floats 0 to 1. */
export function toFloat(): ToFloat {
  return new ToFloat();
}

/**
 * (x - mean) / std, each channel with its own.
 *
 * Source: torchvision.transforms.Normalize.
 *
 * @throws {TypeError} If there are not as many means as deviations
 * @throws {RangeError} If a deviation is 0
 */
export function normalize(
  mean: readonly number[],
  std: readonly number[],
): Normalize {
  return new Normalize(mean, std);
}
