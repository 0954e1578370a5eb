/**
 * Runs the cases of the category models: torchvision's models with every entry
 * of their state filled by the hash rule, what they compute, and what they are
 * made of.
 *
 * @module
 */

import { noGrad } from "../../src/autograd/mode.ts";
import { crossEntropy } from "../../src/ops/loss/cross_entropy.ts";
import type { Module } from "../../src/nn/module.ts";
import { stack } from "../../src/ops/movement/join.ts";
import { fromHost } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { scope } from "../../src/tensor/scope.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { resnet18, resnet34 } from "../../src/vision/models/resnet.ts";
import { asFields, type Case, type Category, tensorOf } from "./case.ts";
import { difference } from "./compare.ts";
import { entriesOf } from "./module_state.ts";
import { hashed } from "./hash.ts";
import {
  eachCase,
  judge,
  type Outcome,
  refuseExpectations,
  Unsupported,
} from "./outcome.ts";
import { runOps } from "./run_ops.ts";

/** Models by torchvision's names. */
const MODELS: Readonly<Record<string, (numClasses: number) => Module>> = {
  resnet18: (numClasses) => resnet18({ numClasses }),
  resnet34: (numClasses) => resnet34({ numClasses }),
};

const PREFIX = "torchvision.models.";

/** What a case may say; anything else would be left undone. */
const KNOWN = new Set(["fill", "loss", "mode", "num_classes", "salt"]);

/** Runs models, and whatever else is among their cases. */
export async function runModels(category: Category): Promise<Outcome[]> {
  const isModel = ({ op }: Case): boolean => op.startsWith(PREFIX);
  const calls = category.cases.filter((golden) => !isModel(golden));
  const others = await runOps({ ...category, cases: calls });
  const outcomes = new Map(calls.map((golden, i) => [golden, others[i]!]));
  const models = category.cases.filter(isModel);
  const judged = await eachCase(
    { ...category, cases: models },
    (golden) => scope(() => runCase(category, golden)),
  );
  models.forEach((golden, i) => outcomes.set(golden, judged[i]!));
  return category.cases.map((golden) => outcomes.get(golden)!); // all were run
}

async function runCase(category: Category, golden: Case): Promise<Outcome> {
  const make = MODELS[golden.op.slice(PREFIX.length)];
  if (!make) throw new Unsupported(`no ${golden.op}`);
  const unknown = Object.keys(golden.kwargs).filter((name) => !KNOWN.has(name));
  if (unknown.length > 0) throw new Unsupported(`with ${unknown.join(", ")}`);
  const model = make(Number(golden.kwargs.num_classes ?? 1000));
  if (!golden.inputs.input) return judge(contentsOf(model, golden));
  refuseExpectations(golden);
  model.loadStateDict(filled(model, golden));
  const results = golden.kwargs.mode === "train"
    ? trainStep(category, golden, model)
    : evaluate(category, golden, model);
  const found: (string | undefined)[] = [];
  for (const [name, key] of Object.entries(golden.outputs)) {
    const tensor = results.get(name);
    const values = tensorOf(category, key);
    found.push(
      tensor
        ? difference(
          name,
          new HostArray(await tensor.data(), tensor.shape, tensor.dtype),
          { values },
          golden,
        )
        : `${name}: there is none`,
    );
  }
  return judge(found);
}

/** What is wrong with the model's entries and numbers of parameters. */
function contentsOf(model: Module, { expect }: Case): (string | undefined)[] {
  const state = entriesOf(model);
  const parameters = model.parameters();
  const sizes = parameters.map(({ size }) => size);
  const got: Readonly<Record<string, unknown>> = {
    ["state_dict"]: state,
    ["state_dict_entries"]: state.length,
    ["parameters"]: sizes.reduce((sum, size) => sum + size, 0),
    ["parameter_tensors"]: parameters.length,
  };
  return Object.entries(expect).map(([name, want]) => {
    if (!(name in got)) throw new Unsupported(`expect.${name}`);
    const [ours, theirs] = [got[name], want].map((value) =>
      JSON.stringify(value)
    );
    return ours === theirs ? undefined : `${name}: got ${ours}, not ${theirs}`;
  });
}

/** A state by the hash rule. */
function filled(model: Module, { kwargs }: Case): Map<string, HostArray> {
  const fill = asFields(kwargs.fill, "fill");
  const salt = Number(kwargs.salt);
  const state = new Map<string, HostArray>();
  for (const [name, { shape }] of model.stateDict()) {
    const [lo, hi] = rangeOf(name, shape, fill);
    const index = state.size;
    const rule = { salt, ["tensor_index"]: index, shape, lo, hi };
    state.set(name, hashed(rule));
  }
  return state;
}

function rangeOf(
  name: string,
  shape: Shape,
  fill: Readonly<Record<string, unknown>>,
): [lo: number, hi: number] {
  if (name.endsWith(".num_batches_tracked")) return [0, 0];
  if (name.endsWith(".running_var")) return [0.5, 1.5];
  if (name.endsWith(".running_mean")) return [-0.1, 0.1];
  if (shape.length >= 2) {
    const bound = Number(fill.gain) / Math.sqrt(sizeOf(shape.slice(1)));
    return [-bound, bound];
  }
  if (name.endsWith(".bias")) return [-Number(fill.bias), Number(fill.bias)];
  const [lo, hi] = Array.isArray(fill.bn) ? fill.bn.map(Number) : [];
  return [lo!, hi!];
}

/** Logits, and the outputs of the submodules `mean.*`, averaged. */
function evaluate(
  category: Category,
  golden: Case,
  model: Module,
): Map<string, Tensor> {
  const results = new Map<string, Tensor>();
  for (const [name, module] of model.namedModules()) {
    if (!(`mean.${name}` in golden.outputs)) continue;
    module.registerForwardHook((_module, _inputs, output) => {
      if (!(output instanceof Tensor)) return;
      results.set(`mean.${name}`, output.mean([2, 3]));
    });
  }
  const input = fromHost(tensorOf(category, golden.inputs.input!));
  results.set("logits", noGrad(() => model.eval().call(input)));
  return results;
}

/** One forward and one backward pass in training mode. */
function trainStep(
  category: Category,
  golden: Case,
  model: Module,
): Map<string, Tensor> {
  if (golden.kwargs.loss !== "torch.nn.functional.cross_entropy") {
    throw new Unsupported(`loss ${golden.kwargs.loss}`);
  }
  const input = fromHost(tensorOf(category, golden.inputs.input!));
  const target = fromHost(tensorOf(category, golden.inputs.target!));
  const loss = crossEntropy(model.train().call(input), target);
  loss.backward();
  const results = new Map([["loss", loss.detach()]]);
  const gradients = model.namedParameters();
  const squares = gradients.map(([, { grad }]) => grad!.square().sum().sqrt());
  results.set("grad_norms", stack(squares));
  for (const [name, { grad }] of gradients) {
    const label = `grad.${name}`;
    const key = golden.outputs[label];
    if (!key) continue;
    const [rows] = tensorOf(category, key).shape; // perhaps the first ones alone
    results.set(label, grad!.slice(0, 0, rows));
  }
  for (const [name, buffer] of model.namedBuffers()) {
    const [, module, kind] = /^(.*)\.([^.]*)$/.exec(name) ?? [];
    results.set(`${kind}.${module}`, buffer);
  }
  return results;
}
