/**
 * Steps of recurrent nets, composed of matrix products and elementwise ops. A step
 * maps the state before one element of a sequence to the state after.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import { linear } from "../matmul/matmul.ts";

/** Kind of a step; `tanh` and `relu` are plain RNNs. */
export type RecurrentKind = "tanh" | "relu" | "GRU" | "LSTM";

/** State of a sequence: the hidden state and the cell state. */
export interface RecurrentState {
  /** [N, H]. */
  readonly h: Tensor;
  /** [N, H]; LSTM only. */
  readonly c?: Tensor | undefined;
}

/** Weights of the hidden state in a step; G gates of size H. */
export interface RecurrentWeights {
  /** [G * H, H']. */
  readonly hidden: Tensor;
  /** [G * H]. */
  readonly bias?: Tensor | undefined;
  /** [H', H]; projects the hidden state of an LSTM to a smaller size. */
  readonly projection?: Tensor | undefined;
}

/** Number of gates in a step. */
export const GATES: Readonly<Record<RecurrentKind, number>> = {
  tanh: 1,
  relu: 1,
  GRU: 3,
  LSTM: 4,
};

/**
 * Runs one step; `x` [N, G * H] is the input times its weights.
 *
 * With gates side by side in x and g = hidden * h + bias:
 * - tanh, relu: h' = f(x + g)
 * - GRU (r, z, n): n = tanh(x_n + sigmoid(x_r + g_r) * g_n),
 *   h' = n + sigmoid(x_z + g_z) * (h - n)
 * - LSTM (i, f, g, o), a = x + g: c' = sigmoid(a_f) * c + sigmoid(a_i) *
 *   tanh(a_g), h' = projection * (sigmoid(a_o) * tanh(c'))
 *
 * Source: torch.nn.RNN; Cho et al. 2014, arXiv:1406.1078 (GRU, with the reset
 * gate after the product, as torch has it); Hochreiter & Schmidhuber 1997 and
 * Sak et al. 2014, arXiv:1402.1128 (LSTM).
 */
export function recurrentStep(
  kind: RecurrentKind,
  x: Tensor,
  { h, c }: RecurrentState,
  { hidden, bias, projection }: RecurrentWeights,
): RecurrentState {
  const g = linear(h, hidden, bias);
  switch (kind) {
    case "tanh":
      return { h: x.add(g).tanh() };
    case "relu":
      return { h: x.add(g).relu() };
    case "GRU": {
      const [xr, xz, xn] = gatesOf(x, 3);
      const [gr, gz, gn] = gatesOf(g, 3);
      const n = xn!.add(xr!.add(gr!).sigmoid().mul(gn!)).tanh();
      return { h: n.add(xz!.add(gz!).sigmoid().mul(h.sub(n))) };
    }
    case "LSTM": {
      if (!c) throw new TypeError("Cannot step an LSTM without a cell state");
      const [i, f, a, o] = gatesOf(x.add(g), 4);
      const kept = f!.sigmoid().mul(c);
      const cell = kept.add(i!.sigmoid().mul(a!.tanh()));
      const y = o!.sigmoid().mul(cell.tanh());
      return { h: projection ? linear(y, projection) : y, c: cell };
    }
  }
}

function gatesOf(x: Tensor, count: number): Tensor[] {
  return x.split(x.shape[1]! / count, 1);
}
