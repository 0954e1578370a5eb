/**
 * Modules, called once with the parameters of the case.
 *
 * @module
 */

import type { MultiheadAttentionCall } from "../../../src/nn/attention.ts";
import type { AnyModule } from "../../../src/nn/module.ts";
import { noGrad } from "../../../src/autograd/mode.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import type { Arguments } from "../arguments.ts";
import { buffersOf, prepare } from "../module_state.ts";
import { construct, describedModule } from "../modules.ts";
import { Unsupported } from "../outcome.ts";
import type { Results, Row, Rows } from "../row.ts";

/** The row of a class of modules. */
export function moduleRow(op: string): Row {
  const forward = FORWARD[op.slice("torch.nn.".length)] ?? ofOne;
  return (args): Results => {
    refuseRandom(op, args);
    const module = prepare(construct(op, args), args);
    const results = forward(module, args);
    return { ...results, ...buffersOf(module) };
  };
}

type Named = Record<string, Tensor>;

type Forward = (module: AnyModule, args: Arguments) => Named;

/** A tensor of one or more. What must be refused has no inputs. */
function of(...names: readonly string[]): Forward {
  return (module, args): Named => {
    if (!args.has(names[0]!)) return {};
    const output = module.call(...names.map((name) => args.tensor(name)));
    return { output: tensorOf(output) };
  };
}

const ofOne = of("input");
const ofTarget = of("input", "target");

function tensorOf(value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  throw new Unsupported("a module that gives no tensor");
}

/** The results of a call under these names; those that are missing are not. */
function named(
  value: unknown,
  ...names: readonly string[]
): Record<string, Tensor> {
  const parts = Array.isArray(value) ? value.flat() : [value];
  return Object.fromEntries(
    names.map((name, i) => [name, parts[i]] as const)
      .filter(([, part]) => part !== undefined),
  );
}

/** `last` where the state of a call is, if it is given. */
function stateOf(
  args: Arguments,
  ...names: readonly string[]
): Tensor | readonly Tensor[] | undefined {
  const parts = names.map((name) => args.maybe(name))
    .filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  if (parts.length < names.length) throw new Unsupported("half a state");
  return names.length === 1 ? parts[0] : parts;
}

function recurrent(...states: readonly string[]): Forward {
  return (module, args) => {
    const state = stateOf(args, ...states.map((name) => `${name}_0`));
    if (!args.has("input")) return {};
    return named(
      module.call(args.tensor("input"), state),
      "output",
      ...states.map((name) => `${name}_n`),
    );
  };
}

function cell(...states: readonly string[]): Forward {
  return (module, args) => {
    const state = stateOf(args, ...states);
    if (!args.has("input")) return {};
    return named(module.call(args.tensor("input"), state), ...states);
  };
}

function masksOf(args: Arguments, name: string): MultiheadAttentionCall {
  return {
    attnMask: args.maybe(`${name}_mask`),
    keyPaddingMask: args.maybe(`${name}_key_padding_mask`),
  };
}

const FORWARD: Readonly<Record<string, Forward>> = {
  Bilinear: of("input1", "input2"),
  CrossEntropyLoss: ofTarget,
  MSELoss: ofTarget,
  NLLLoss: ofTarget,
  GRU: recurrent("h"),
  LSTM: recurrent("h", "c"),
  RNN: recurrent("h"),
  GRUCell: cell("h"),
  LSTMCell: cell("h", "c"),
  RNNCell: cell("h"),

  MultiheadAttention(module, args) {
    const call = args.options<MultiheadAttentionCall>(
      "keyPaddingMask",
      "attnMask",
      "needWeights",
      "averageAttnWeights",
    );
    const isSelf = args.option<boolean>("self_attention");
    if (!args.has("query")) return {};
    const query = args.tensor("query");
    const key = isSelf ? query : args.tensor("key");
    const value = isSelf ? query : args.tensor("value");
    return named(
      module.call(query, key, value, call),
      "attn_output",
      "attn_output_weights",
    );
  },

  TransformerEncoderLayer(module, args): Named {
    const masks = masksOf(args, "src");
    if (!args.has("src")) return {};
    return { output: tensorOf(module.call(args.tensor("src"), masks)) };
  },

  TransformerDecoderLayer(module, args): Named {
    const memory = masksOf(args, "memory");
    const masks = { ...masksOf(args, "tgt"), memory };
    if (!args.has("tgt")) return {};
    const given = [args.tensor("tgt"), args.tensor("memory"), masks];
    return { output: tensorOf(module.call(...given)) };
  },

  // a list of inputs: several batches in training, then one in evaluation
  BatchNorm2d(module, args) {
    const inputs = args.list("input");
    if (inputs.length === 0) return ofOne(module, args);
    const outputs = inputs.map((input, i) =>
      [`output.${i}`, tensorOf(module.call(input))] as const
    );
    const buffers = module.namedBuffers();
    return {
      ...Object.fromEntries([...outputs, ...buffers]),
      ["eval_output"]: noGrad(() => tensorOf(module.eval().call(inputs[0]!)) // one at least
      ),
    };
  },
};

/** The names under which classes have how much of a tensor they drop. */
const DROPPED: Readonly<Record<string, string>> = {
  "torch.nn.Dropout": "p",
  "torch.nn.MultiheadAttention": "dropout",
  "torch.nn.GRU": "dropout",
  "torch.nn.LSTM": "dropout",
  "torch.nn.RNN": "dropout",
  "torch.nn.TransformerDecoderLayer": "dropout",
  "torch.nn.TransformerEncoderLayer": "dropout",
};

/** @throws {Unsupported} If what comes is random: it does not compare */
function refuseRandom(op: string, args: Arguments): void {
  const [name, mode] = [DROPPED[op], args.option("mode")];
  const isRandom = name && args.value<number>(name) !== 0 && mode !== "eval";
  if (isRandom) throw new Unsupported("a random result");
}

/** What modules can do besides being called. */
export const MODULES: Rows = {
  "torch.nn.Module.load_state_dict": (args: Arguments): Results => {
    const strict = args.option<boolean>("strict");
    const state = new Map(args.prefixed("state."));
    const module = describedModule(args.value("module"));
    module.loadStateDict(state, { strict });
    return {};
  },
};
