/**
 * Pooling layers: reduce each window of an image or a volume to one number.
 *
 * @module
 */

import {
  adaptiveAvgPool2d,
  AVG_POOL_OPTIONS,
  avgPool2d,
  type AvgPoolOptions,
} from "../ops/pool/avg.ts";
import { maxPool2d, type MaxPoolOptions } from "../ops/pool/max.ts";
import { maxPool3d, type MaxPool3dOptions } from "../ops/pool/max3d.ts";
import type { Pair, Triple } from "../ops/per_dim.ts";
import type { OutputPair } from "../ops/pool/windows.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { formatOptions } from "./_shared.ts";
import { Module } from "./module.ts";

const MAX_POOL_OPTIONS = ["stride", "padding", "dilation", "ceilMode"];

/**
 * The maximum of each window; see `F.maxPool2d` for shapes and options.
 *
 * Source: torch.nn.MaxPool2d.
 */
export class MaxPool2d extends Module {
  /** Rows and columns of a window. */
  readonly kernelSize: Pair;
  readonly #options: Omit<MaxPoolOptions, "returnIndices">;

  /** Takes the arguments of `F.maxPool2d`. */
  constructor(
    kernelSize: Pair,
    options: Omit<MaxPoolOptions, "returnIndices"> = {},
  ) {
    super();
    checkOptionNames("MaxPool2d", options, MAX_POOL_OPTIONS);
    this.kernelSize = kernelSize;
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.#options);
  }

  protected override describe(): string {
    return formatOptions({ kernelSize: this.kernelSize, ...this.#options });
  }
}

/**
 * The maximum of each window of a volume; see `F.maxPool3d` for shapes and
 * options.
 *
 * Source: torch.nn.MaxPool3d.
 */
export class MaxPool3d extends Module {
  /** Depth, rows and columns of a window. */
  readonly kernelSize: Triple;
  readonly #options: Omit<MaxPool3dOptions, "returnIndices">;

  /** Takes the arguments of `F.maxPool3d`. */
  constructor(
    kernelSize: Triple,
    options: Omit<MaxPool3dOptions, "returnIndices"> = {},
  ) {
    super();
    checkOptionNames("MaxPool3d", options, MAX_POOL_OPTIONS);
    this.kernelSize = kernelSize;
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    return maxPool3d(x, this.kernelSize, this.#options);
  }

  protected override describe(): string {
    return formatOptions({ kernelSize: this.kernelSize, ...this.#options });
  }
}

/**
 * The mean of each window; see `F.avgPool2d` for shapes and options.
 *
 * Source: torch.nn.AvgPool2d.
 */
export class AvgPool2d extends Module {
  /** Rows and columns of a window. */
  readonly kernelSize: Pair;
  readonly #options: AvgPoolOptions;

  /** Takes the arguments of `F.avgPool2d`. */
  constructor(kernelSize: Pair, options: AvgPoolOptions = {}) {
    super();
    checkOptionNames("AvgPool2d", options, AVG_POOL_OPTIONS);
    this.kernelSize = kernelSize;
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.#options);
  }

  protected override describe(): string {
    return formatOptions({ kernelSize: this.kernelSize, ...this.#options });
  }
}

/**
 * The mean of each window, with window sizes that give `outputSize`:
 * [N, C, H, W] to [N, C, ...outputSize]. null keeps a size.
 *
 * Source: torch.nn.AdaptiveAvgPool2d.
 */
export class AdaptiveAvgPool2d extends Module {
  /** Rows and columns of the output. */
  readonly outputSize: OutputPair;

  /** Takes the arguments of `F.adaptiveAvgPool2d`. */
  constructor(outputSize: OutputPair) {
    super();
    this.outputSize = outputSize;
  }

  override forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }

  protected override describe(): string {
    return formatOptions({ outputSize: this.outputSize });
  }
}
