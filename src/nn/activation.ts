/**
 * Activations as layers: a row for each, the function and its argument.
 *
 * Every one is a class to make with `new` and has no parameters; its type is
 * `nn.Module`. Shapes: any to the same.
 *
 * @module
 */

import { checkApproximate } from "../ops/activation.ts";
import { map } from "../ops/elementwise.ts";
import { logSoftmax, softmax } from "../ops/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { formatOptions } from "./_shared.ts";
import { Module } from "./module.ts";

/** A class of layers that are a function with arguments `A`. */
export interface Activation<A extends readonly unknown[] = []> {
  /** Makes the layer; the arguments are the function's. */
  new (...args: A): Module;
}

// `names` are those of the arguments, for printing; `check` refuses arguments.
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
      const given = this.#args.map((value, i) => [names[i], value]);
      return formatOptions(Object.fromEntries(given));
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

/** exp(x) over its sum along `dim`. Source: torch.nn.Softmax. */
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
 * Dims `startDim` (1) to `endDim` (-1) as one: [N, C, H, W] to [N, C * H * W].
 *
 * Source: torch.nn.Flatten.
 */
export const Flatten: Activation<[startDim?: number, endDim?: number]> =
  activation(
    "Flatten",
    (x, startDim = 1, endDim = -1) => x.flatten(startDim, endDim),
    ["startDim", "endDim"],
  );
