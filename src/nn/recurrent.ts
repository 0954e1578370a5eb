/**
 * Recurrent layers over whole sequences, with one or more layers and one or two
 * directions.
 *
 * @module
 */

import { dropout } from "../ops/random/dropout.ts";
import { cat, stack } from "../ops/movement/join.ts";
import { linear } from "../ops/matmul/matmul.ts";
import {
  GATES,
  type RecurrentKind,
  type RecurrentState,
  recurrentStep,
} from "../ops/recurrent/recurrent.ts";
import { checkChoice, checkOptionNames } from "../tensor/arguments.ts";
import { zeros } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes, formatOptions } from "./_shared.ts";
import { uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";
import type { LSTMState } from "./recurrent_cell.ts";

/** Options of recurrent layers. */
export interface RecurrentOptions {
  /** Number of stacked layers. Default: 1. */
  readonly numLayers?: number;
  /** Whether gates have learned biases. Default: true. */
  readonly bias?: boolean;
  /** Whether inputs are [N, L, …] instead of [L, N, …]. Default: false. */
  readonly batchFirst?: boolean;
  /** Probability that training drops an output between layers. Default: 0. */
  readonly dropout?: number;
  /** Whether to run over sequences backwards, too. Default: false. */
  readonly bidirectional?: boolean;
}

/** Options of `RNN`. */
export interface RNNOptions extends RecurrentOptions {
  /** Default: "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/** Options of `LSTM`. */
export interface LSTMOptions extends RecurrentOptions {
  /** Size of the projected hidden state; 0 means no projection. Default: 0. */
  readonly projSize?: number;
}

const OPTIONS = [
  "numLayers",
  "bias",
  "batchFirst",
  "dropout",
  "bidirectional",
];

/** Names of the weights of one layer and direction, in order. */
const NAMES = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"];

/** States of all layers and directions, each [layers * directions, N, size]. */
interface States {
  readonly h?: Tensor | undefined;
  readonly c?: Tensor | undefined;
}

/**
 * Base class of recurrent layers: weights by layer and direction, and the loop
 * over a sequence. The state dict names the weights `weight_ih_l0`,
 * `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l0_reverse` and so on.
 */
export abstract class Recurrent<State, Out>
  extends Module<readonly [x: Tensor, state?: State], Out> {
  /** Size of the last dim of the input. */
  readonly inputSize: number;
  /** Size of the state of one direction. */
  readonly hiddenSize: number;
  /** Weights by layer and direction, in the order of their names. */
  weights: (Parameter | undefined)[][];
  /** Options with defaults filled in. */
  readonly options: Required<RecurrentOptions>;
  readonly #kind: RecurrentKind;
  readonly #outputSize: number;

  /** @throws {RangeError} If a size is not a positive integer */
  constructor(
    kind: RecurrentKind,
    inputSize: number,
    hiddenSize: number,
    options: RecurrentOptions & { readonly projSize?: number },
    ...more: readonly string[]
  ) {
    super();
    checkOptionNames(new.target.name, options, [...OPTIONS, ...more]);
    const { numLayers = 1, bias = true, batchFirst = false } = options;
    const { dropout = 0, bidirectional = false, projSize = 0 } = options;
    const name = this.constructor.name;
    checkSizes(name, 1, { inputSize, hiddenSize, numLayers });
    checkSizes(name, 0, { projSize });
    if (!(dropout >= 0 && dropout <= 1)) {
      throw new RangeError(
        `Cannot make ${name} with dropout ${dropout}: expected 0 to 1`,
      );
    }
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.options = { numLayers, bias, batchFirst, dropout, bidirectional };
    this.#kind = kind;
    this.#outputSize = projSize || hiddenSize;
    const directions = bidirectional ? 2 : 1;
    const rows = GATES[kind] * hiddenSize;
    this.weights = Array.from({ length: numLayers * directions }, (_, run) => {
      const width = run < directions
        ? inputSize
        : directions * this.#outputSize;
      return [
        emptyParameter([rows, width]),
        emptyParameter([rows, this.#outputSize]),
        bias ? emptyParameter([rows]) : undefined,
        bias ? emptyParameter([rows]) : undefined,
        projSize > 0 ? emptyParameter([projSize, hiddenSize]) : undefined,
      ];
    });
    this.resetParameters();
  }

  /** Initializes the parameters anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const each of this.parameters()) uniform_(each, -bound, bound);
  }

  protected override *members(): Iterable<readonly [string, unknown]> {
    const directions = this.options.bidirectional ? 2 : 1;
    for (const [run, weights] of this.weights.entries()) {
      const layer = `l${Math.floor(run / directions)}`;
      const suffix = run % directions === 1 ? `${layer}_reverse` : layer;
      for (const [i, weight] of weights.entries()) {
        yield [`${NAMES[i]}_${suffix}`, weight];
      }
    }
  }

  /** Returns the output and the last states, in the layout of the input. */
  protected run(
    input: Tensor,
    initial: States,
  ): { readonly output: Tensor; readonly h: Tensor; readonly c?: Tensor } {
    const isBatch = input.ndim === 3;
    if (
      (!isBatch && input.ndim !== 2) || input.shape.at(-1) !== this.inputSize
    ) {
      throw new TypeError(
        `Cannot call ${this.constructor.name} with ${input.describe()}: ` +
          `expected two or three dims, the last of size ${this.inputSize}`,
      );
    }
    const { batchFirst, dropout: p, numLayers, bidirectional } = this.options;
    let x = !isBatch
      ? input.unsqueeze(1)
      : batchFirst
      ? input.transpose(0, 1)
      : input; // [L, N, ...]
    const N = x.shape[1]!;
    const directions = bidirectional ? 2 : 1;
    const runs = numLayers * directions;
    const first = (state: Tensor | undefined, size: number): Tensor[] => {
      const shape = isBatch ? [runs, N, size] : [runs, size];
      if (state && formatShape(state.shape) !== formatShape(shape)) {
        throw new TypeError(
          `Cannot call ${this.constructor.name} with a state of shape ` +
            `${formatShape(state.shape)}: expected ${formatShape(shape)}`,
        );
      }
      const all = state ?? zeros(shape, { dtype: x.dtype });
      return all.reshape([runs, N, size]).unbind(0);
    };
    const h = first(initial.h, this.#outputSize);
    const isLstm = this.#kind === "LSTM";
    const c = isLstm ? first(initial.c, this.hiddenSize) : [];
    const last: RecurrentState[] = [];
    for (let layer = 0; layer < numLayers; layer++) {
      if (layer > 0) x = dropout(x, { p, training: this.training });
      const sides: Tensor[] = [];
      for (let side = 0; side < directions; side++) {
        const run = layer * directions + side;
        const state = { h: h[run]!, c: c[run] };
        const walked = this.#walk(x, state, this.weights[run]!, side === 1);
        sides.push(walked.output);
        last.push(walked.state);
      }
      x = sides.length === 1 ? sides[0]! : cat(sides, 2);
    }
    const whole = (states: Tensor[]): Tensor => {
      const all = stack(states);
      return isBatch ? all : all.squeeze(1);
    };
    return {
      output: !isBatch ? x.squeeze(1) : batchFirst ? x.transpose(0, 1) : x,
      h: whole(last.map((state) => state.h)),
      ...(isLstm && { c: whole(last.map((state) => state.c!)) }),
    };
  }

  // Runs one direction of one layer over x [L, N, ...].
  #walk(
    x: Tensor,
    start: RecurrentState,
    [input, hidden, biasIn, bias, projection]: (Parameter | undefined)[],
    backwards: boolean,
  ): { readonly output: Tensor; readonly state: RecurrentState } {
    const weights = { hidden: hidden!, bias, projection };
    const gates = linear(x, input!, biasIn).unbind(0); // of all steps at once
    if (backwards) gates.reverse();
    let state = start;
    const outputs = gates.map((each) => {
      state = recurrentStep(this.#kind, each, state, weights);
      return state.h;
    });
    if (backwards) outputs.reverse();
    const output = outputs.length > 0
      ? stack(outputs)
      : zeros([0, x.shape[1]!, this.#outputSize]);
    return { output, state };
  }

  protected override describe(): string {
    const options = formatOptions(this.options);
    return `${this.inputSize}, ${this.hiddenSize}, ${options}`;
  }
}

/**
 * Elman recurrent net: h_t = tanh(weight_ih * x_t + bias_ih + weight_hh *
 * h_(t-1) + bias_hh), or relu instead of tanh.
 *
 * Shapes: x [L, N, inputSize] (with `batchFirst` [N, L, inputSize]) and initial
 * states [numLayers * directions, N, hiddenSize] (default: zeros) to [output,
 * states]. The output is [L, N, directions * hiddenSize], and the last states
 * have the shape of the initial ones. All may lack N. Parameters are drawn from
 * U(-b, b) with b = 1 / sqrt(hiddenSize).
 *
 * Source: torch.nn.RNN.
 */
export class RNN extends Recurrent<Tensor, readonly [Tensor, Tensor]> {
  /**
   * Initializes the parameters.
   *
   * @throws {RangeError} If the nonlinearity is unknown
   */
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: RNNOptions = {},
  ) {
    const { nonlinearity = "tanh" } = options;
    checkChoice("make RNN", "nonlinearity", nonlinearity, ["tanh", "relu"]);
    super(nonlinearity, inputSize, hiddenSize, options, "nonlinearity");
  }

  override forward(x: Tensor, h?: Tensor): readonly [Tensor, Tensor] {
    const { output, h: last } = this.run(x, { h });
    return [output, last];
  }
}

/**
 * Gated recurrent units; shapes and parameters are those of `RNN`.
 *
 * Source: Cho et al. 2014, arXiv:1406.1078; torch.nn.GRU.
 *
 * @example The last state of each sequence
 * ```ts
 * import { nn, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const gru = new nn.GRU(4, 8, { batchFirst: true });
 * const [output, last] = gru.call(zeros([2, 5, 4]));
 * assertEquals(output.shape, [2, 5, 8]);
 * assertEquals(last.shape, [1, 2, 8]);
 * ```
 */
export class GRU extends Recurrent<Tensor, readonly [Tensor, Tensor]> {
  /** Initializes the parameters. */
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: RecurrentOptions = {},
  ) {
    super("GRU", inputSize, hiddenSize, options);
  }

  override forward(x: Tensor, h?: Tensor): readonly [Tensor, Tensor] {
    const { output, h: last } = this.run(x, { h });
    return [output, last];
  }
}

/**
 * Long short-term memory: from x and (h, c) to [output, (h, c)]. Shapes and
 * parameters are those of `RNN`. With `projSize`, outputs and h have this size,
 * projected by `weight_hr` [projSize, hiddenSize].
 *
 * Source: Hochreiter & Schmidhuber 1997; torch.nn.LSTM.
 */
export class LSTM extends Recurrent<LSTMState, readonly [Tensor, LSTMState]> {
  /** Initializes the parameters. */
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: LSTMOptions = {},
  ) {
    super("LSTM", inputSize, hiddenSize, options, "projSize");
  }

  override forward(
    x: Tensor,
    state?: LSTMState,
  ): readonly [Tensor, LSTMState] {
    const initial = { h: state?.[0], c: state?.[1] };
    const { output, h, c } = this.run(x, initial);
    return [output, [h, c!]]; // an LSTM has both
  }
}
