/**
 * Losses as modules, which keep the options of a loss in one place. The
 * functions in `F` document formulas and shapes.
 *
 * @module
 */

import {
  CROSS_ENTROPY_OPTIONS,
  crossEntropy,
  type CrossEntropyOptions,
  NLL_LOSS_OPTIONS,
  nllLoss,
  type NllLossOptions,
} from "../ops/loss/cross_entropy.ts";
import {
  checkReduction,
  reduceLoss,
  type Reduction,
} from "../ops/loss/reduction.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { formatOptions } from "./_shared.ts";
import { Module } from "./module.ts";
import { Buffer } from "./parameter.ts";

/** A class of losses between an output and a target, with options `O`. */
export interface Loss<O> {
  /** Makes the loss with the options of the function. */
  new (options?: O): Module<[input: Tensor, target: Tensor]>;
}

/** Options that several losses have. */
interface CommonOptions {
  readonly reduction?: Reduction;
  readonly weight?: Tensor;
}

function loss<O extends CommonOptions>(
  name: string,
  known: readonly string[],
  compute: (input: Tensor, target: Tensor, options?: O) => Tensor,
): Loss<O> {
  const made = class extends Module<[input: Tensor, target: Tensor]> {
    /** Weights of the classes, part of the state dict as in torch. */
    readonly weight: Buffer | undefined;
    readonly #options: O | undefined;

    constructor(options?: O) {
      super();
      const settings: O | Record<string, never> = options ?? {};
      checkOptionNames(name, settings, known);
      const { reduction = "mean", weight } = settings;
      checkReduction(`make ${name}`, reduction);
      this.weight = weight && new Buffer(weight);
      this.#options = options;
    }

    override forward(input: Tensor, target: Tensor): Tensor {
      const { weight } = this;
      return compute(
        input,
        target,
        this.#options && weight ? { ...this.#options, weight } : this.#options,
      );
    }

    protected override describe(): string {
      return formatOptions(this.#options ?? {});
    }
  };
  Object.defineProperty(made, "name", { value: name });
  return made;
}

/** `F.crossEntropy` as a module. Source: torch.nn.CrossEntropyLoss. */
export const CrossEntropyLoss: Loss<CrossEntropyOptions> = loss(
  "CrossEntropyLoss",
  CROSS_ENTROPY_OPTIONS,
  crossEntropy,
);

/** `F.nllLoss` as a module. Source: torch.nn.NLLLoss. */
export const NLLLoss: Loss<NllLossOptions> = loss(
  "NLLLoss",
  NLL_LOSS_OPTIONS,
  nllLoss,
);

/** Options of losses that have only a reduction. */
export interface ReductionOptions {
  /** Default: "mean". */
  readonly reduction?: Reduction;
}

/** (input - target)^2, reduced. Source: torch.nn.MSELoss. */
export const MSELoss: Loss<ReductionOptions> = loss(
  "MSELoss",
  ["reduction"],
  (input, target, { reduction = "mean" }: ReductionOptions = {}) =>
    reduceLoss(input.sub(target).square(), reduction),
);
