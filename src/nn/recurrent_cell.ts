/**
 * Recurrent cells: one step of a sequence at a time.
 *
 * @module
 */

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
import { checkSizes } from "./_shared.ts";
import { uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of recurrent cells. */
export interface CellOptions {
  /** Whether gates have learned biases. Default: true. */
  readonly bias?: boolean;
}

/** Options of `RNNCell`. */
export interface RNNCellOptions extends CellOptions {
  /** Default: "tanh". */
  readonly nonlinearity?: "tanh" | "relu";
}

/** The hidden and the cell state of an LSTM, [N, hiddenSize] each. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

const STATE_NAMES: Readonly<Record<string, string>> = {
  weightIh: "weight_ih",
  weightHh: "weight_hh",
  biasIh: "bias_ih",
  biasHh: "bias_hh",
};

/**
 * Base class of recurrent cells: gates from products with the input and state.
 */
export abstract class RecurrentCell<State, Out>
  extends Module<readonly [x: Tensor, state?: State], Out> {
  /** Size of the last dim of the input. */
  readonly inputSize: number;
  /** Size of the state. */
  readonly hiddenSize: number;
  /** [gates * hiddenSize, inputSize]. */
  weightIh: Parameter;
  /** [gates * hiddenSize, hiddenSize]. */
  weightHh: Parameter;
  /** [gates * hiddenSize]. */
  biasIh: Parameter | undefined;
  /** [gates * hiddenSize]. */
  biasHh: Parameter | undefined;
  readonly #kind: RecurrentKind;

  /** @throws {RangeError} If a size is not a positive integer */
  constructor(
    kind: RecurrentKind,
    inputSize: number,
    hiddenSize: number,
    options: CellOptions,
    ...more: readonly string[]
  ) {
    super();
    const { bias = true } = checkOptionNames(this.constructor.name, options, [
      "bias",
      ...more,
    ]);
    checkSizes(this.constructor.name, 1, { inputSize, hiddenSize });
    const rows = GATES[kind] * hiddenSize;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.weightIh = emptyParameter([rows, inputSize]);
    this.weightHh = emptyParameter([rows, hiddenSize]);
    this.biasIh = bias ? emptyParameter([rows]) : undefined;
    this.biasHh = bias ? emptyParameter([rows]) : undefined;
    this.#kind = kind;
    this.resetParameters();
  }

  /** Initializes the parameters anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const each of this.parameters()) uniform_(each, -bound, bound);
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return Object.entries(this).map(([name, value]) =>
      [STATE_NAMES[name] ?? name, value] as const
    );
  }

  /** Computes one step. A missing state counts as zeros; x may lack N. */
  protected step(x: Tensor, state?: Partial<RecurrentState>): RecurrentState {
    if (x.ndim < 1 || x.ndim > 2 || x.shape.at(-1) !== this.inputSize) {
      throw new TypeError(
        `Cannot call ${this.constructor.name} with ${x.describe()}: expected ` +
          `shape [N, ${this.inputSize}] or [${this.inputSize}]`,
      );
    }
    const shape = x.shape.with(-1, this.hiddenSize);
    const rows = (initial?: Tensor): Tensor => {
      if (initial && formatShape(initial.shape) !== formatShape(shape)) {
        throw new TypeError(
          `Cannot call ${this.constructor.name} with a state of shape ` +
            `${formatShape(initial.shape)}: expected ${formatShape(shape)}`,
        );
      }
      const each = initial ?? zeros(shape, { dtype: x.dtype });
      return each.reshape([-1, this.hiddenSize]);
    };
    const gates = linear(
      x.reshape([-1, this.inputSize]),
      this.weightIh,
      this.biasIh,
    );
    const before = { h: rows(state?.h), c: rows(state?.c) };
    const weights = { hidden: this.weightHh, bias: this.biasHh };
    const after = recurrentStep(this.#kind, gates, before, weights);
    return { h: after.h.reshape(shape), c: after.c?.reshape(shape) };
  }

  protected override describe(): string {
    return `${this.inputSize}, ${this.hiddenSize}`;
  }
}

/**
 * h' = tanh(weight_ih * x + bias_ih + weight_hh * h + bias_hh), or relu instead
 * of tanh.
 *
 * Shapes: x [N, inputSize] and h [N, hiddenSize] (default: zeros) to h'
 * [N, hiddenSize]; the same without N. Parameters are drawn from U(-b, b) with
 * b = 1 / sqrt(hiddenSize).
 *
 * Source: torch.nn.RNNCell.
 */
export class RNNCell extends RecurrentCell<Tensor, Tensor> {
  /**
   * Initializes the parameters.
   *
   * @throws {RangeError} If the nonlinearity is unknown
   */
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: RNNCellOptions = {},
  ) {
    const { nonlinearity = "tanh" } = options;
    checkChoice("make RNNCell", "nonlinearity", nonlinearity, ["tanh", "relu"]);
    super(nonlinearity, inputSize, hiddenSize, options, "nonlinearity");
  }

  override forward(x: Tensor, h?: Tensor): Tensor {
    return this.step(x, { h }).h;
  }
}

/**
 * One step of a gated recurrent unit; `recurrentStep` in ops/recurrent.ts has
 * the equations. Shapes and parameters are those of `RNNCell`, with three gates
 * (r, z, n) one below the other.
 *
 * Source: Cho et al. 2014, arXiv:1406.1078; torch.nn.GRUCell.
 */
export class GRUCell extends RecurrentCell<Tensor, Tensor> {
  /** Initializes the parameters. */
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: CellOptions = {},
  ) {
    super("GRU", inputSize, hiddenSize, options);
  }

  override forward(x: Tensor, h?: Tensor): Tensor {
    return this.step(x, { h }).h;
  }
}

/**
 * One step of long short-term memory, from (h, c) to (h', c');
 * `recurrentStep` in ops/recurrent.ts has the equations. Shapes and parameters
 * are those of `RNNCell`, with four gates (i, f, g, o) one below the other.
 *
 * Source: Hochreiter & Schmidhuber 1997; torch.nn.LSTMCell.
 */
export class LSTMCell extends RecurrentCell<LSTMState, LSTMState> {
  /** Initializes the parameters. */
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: CellOptions = {},
  ) {
    super("LSTM", inputSize, hiddenSize, options);
  }

  override forward(x: Tensor, state?: LSTMState): LSTMState {
    const after = this.step(x, { h: state?.[0], c: state?.[1] });
    return [after.h, after.c!]; // an LSTM's step makes both
  }
}
