/**
 * Activations as layers, one row each: the function and its arguments.
 *
 * Each activation is a class without parameters; its instances are
 * `nn.Module`s. Shapes: any shape to the same shape.
 *
 * @module
 */

import { checkApproximate } from "../ops/elementwise/activation.ts";
import { map } from "../ops/elementwise/elementwise.ts";
import { logSoftmax, softmax } from "../ops/softmax/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { formatOptions } from "./_shared.ts";
import { Module } from "./module.ts";

/** A class of layers that apply a function with arguments `A`. */
export interface Activation<A extends readonly unknown[] = []> {
  /** Makes the layer with the arguments of the function. */
  new (...args: A): Module;
}

// `names` are the arguments' names for printing; `check` throws if one is
// invalid.
function activation<A extends readonly unknown[]>(
  name: string,
  compute: (x: Tensor, ...args: A) => Tensor,
  names: readonly string[] = [],
  check: (...args: A) => void = () => {},
): Activation<A> {
  const made = class extends Module {
    readonly #args: A;

    constructor(...args: A) {
      super();
      check(...args);
      this.#args = args;
    }

    override forward(x: Tensor): Tensor {
      return compute(x, ...this.#args);
    }

    protected override describe(): string {
      const named = this.#args.map((value, i) => [names[i], value]);
      return formatOptions(Object.fromEntries(named));
    }
  };
  Object.defineProperty(made, "name", { value: name });
  return made;
}

/** max(x, 0). Source: torch.nn.ReLU. */
export const ReLU: Activation = activation("ReLU", (x) => map("relu", x));

/** 1 / (1 + exp(-x)). Source: torch.nn.Sigmoid. */
export const Sigmoid: Activation = activation(
  "Sigmoid",
  (x) => map("sigmoid", x),
);

/** The hyperbolic tangent. Source: torch.nn.Tanh. */
export const Tanh: Activation = activation("Tanh", (x) => map("tanh", x));

/** x * sigmoid(x), also called swish. Source: torch.nn.SiLU. */
export const SiLU: Activation = activation("SiLU", (x) => map("silu", x));

/**
 * x times the probability that a standard normal variable is below x, or
 * (`approximate` "tanh") an approximation of it.
 *
 * Source: Hendrycks & Gimpel 2016, arXiv:1606.08415; torch.nn.GELU.
 */
export const GELU: Activation<[approximate?: "none" | "tanh"]> = activation(
  "GELU",
  (x, approximate: "none" | "tanh" = "none") => x.gelu(approximate),
  ["approximate"],
  (approximate = "none") => checkApproximate("make GELU", approximate),
);

/** x above 0, negativeSlope * x below. Source: torch.nn.LeakyReLU. */
export const LeakyReLU: Activation<[negativeSlope?: number]> = activation(
  "LeakyReLU",
  (x, negativeSlope = 0.01) => map("leakyRelu", x, negativeSlope),
  ["negativeSlope"],
);

/** exp(x) divided by its sum along `dim`. Source: torch.nn.Softmax. */
export const Softmax: Activation<[dim: number]> = activation(
  "Softmax",
  softmax,
  ["dim"],
);

/** The logarithm of softmax along `dim`. Source: torch.nn.LogSoftmax. */
export const LogSoftmax: Activation<[dim: number]> = activation(
  "LogSoftmax",
  logSoftmax,
  ["dim"],
);

/** x itself. Source: torch.nn.Identity. */
export const Identity: Activation = activation("Identity", (x) => x);

/**
 * Merges dims `startDim` (1) to `endDim` (-1): [N, C, H, W] to [N, C * H * W].
 *
 * Source: torch.nn.Flatten.
 */
export const Flatten: Activation<[startDim?: number, endDim?: number]> =
  activation(
    "Flatten",
    (x, startDim = 1, endDim = -1) => x.flatten(startDim, endDim),
    ["startDim", "endDim"],
  );
