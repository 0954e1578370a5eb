/**
 * Recurrent cells and layers.
 *
 * @module
 */

import {
  GRU,
  LSTM,
  type LSTMOptions,
  RNN,
  type RNNOptions,
} from "../../../src/nn/recurrent.ts";
import {
  type CellOptions,
  GRUCell,
  LSTMCell,
  RNNCell,
  type RNNCellOptions,
} from "../../../src/nn/recurrent_cell.ts";
import type { AnyModule } from "../../../src/nn/module.ts";
import type { Arguments } from "../arguments.ts";
import { loadParameters } from "../modules.ts";
import { Unsupported } from "../outcome.ts";
import type { Rows } from "../row.ts";

function sizes(args: Arguments): [inputSize: number, hiddenSize: number] {
  return [args.value("input_size"), args.value("hidden_size")];
}

function layerOptions(args: Arguments): LSTMOptions & RNNOptions {
  const options = args.options<LSTMOptions & RNNOptions>(
    "numLayers",
    "bias",
    "batchFirst",
    "dropout",
    "bidirectional",
    "projSize",
    "nonlinearity",
  );
  if (options.dropout) throw new Unsupported("a random result");
  return options;
}

/** Gives a cell its parameters, which cases of cells name without a prefix. */
function loadCell(cell: AnyModule, args: Arguments): void {
  const given = new Map(
    cell.namedParameters().map(([name]) => [name, args.tensor(name)]),
  );
  cell.loadStateDict(given);
  for (const [name, parameter] of cell.namedParameters()) {
    args.arrivesAt(name, parameter);
  }
}

/** Every recurrent layer and cell. */
export const RECURRENT: Rows = {
  "torch.nn.RNN": (args) => {
    const layer = new RNN(...sizes(args), layerOptions(args));
    loadParameters(layer, args);
    const [output, last] = layer.call(args.tensor("input"), args.maybe("h_0"));
    return { output, ["h_n"]: last };
  },
  "torch.nn.GRU": (args) => {
    const layer = new GRU(...sizes(args), layerOptions(args));
    loadParameters(layer, args);
    const [output, last] = layer.call(args.tensor("input"), args.maybe("h_0"));
    return { output, ["h_n"]: last };
  },
  "torch.nn.LSTM": (args) => {
    const layer = new LSTM(...sizes(args), layerOptions(args));
    loadParameters(layer, args);
    const [h, c] = [args.maybe("h_0"), args.maybe("c_0")];
    const state = h && c ? [h, c] as const : undefined;
    const [output, last] = layer.call(args.tensor("input"), state);
    return { output, ["h_n"]: last[0], ["c_n"]: last[1] };
  },
  "torch.nn.RNNCell": (args) => {
    const options = args.options<RNNCellOptions>("bias", "nonlinearity");
    const cell = new RNNCell(...sizes(args), options);
    loadCell(cell, args);
    return { h: cell.call(args.tensor("input"), args.maybe("h")) };
  },
  "torch.nn.GRUCell": (args) => {
    const cell = new GRUCell(
      ...sizes(args),
      args.options<CellOptions>("bias"),
    );
    loadCell(cell, args);
    return { h: cell.call(args.tensor("input"), args.maybe("h")) };
  },
  "torch.nn.LSTMCell": (args) => {
    const cell = new LSTMCell(
      ...sizes(args),
      args.options<CellOptions>("bias"),
    );
    loadCell(cell, args);
    const [h, c] = [args.maybe("h"), args.maybe("c")];
    const state = h && c ? [h, c] as const : undefined;
    const [nextH, nextC] = cell.call(args.tensor("input"), state);
    return { h: nextH, c: nextC };
  },
};
