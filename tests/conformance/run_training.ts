/**
 * Runs the cases of the category training: a net, a loss and an optimizer over
 * a few steps, then the state and an evaluation.
 *
 * @module
 */

import { clipGradNorm_, clipGradValue_ } from "../../src/nn/clip_grad.ts";
import type { Sequential } from "../../src/nn/sequential.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { compile } from "../../src/compile/compile.ts";
import { fromHost } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { scope } from "../../src/tensor/scope.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { withArguments } from "./arguments.ts";
import {
  asFields,
  type Case,
  type Category,
  type Fields,
  tensorOf,
} from "./case.ts";
import { difference } from "./compare.ts";
import { sequentialOf } from "./modules.ts";
import { type Group, groupsOf, optimizerOf } from "./optimizers.ts";
import {
  eachCase,
  judge,
  type Outcome,
  refuseExpectations,
  Unsupported,
} from "./outcome.ts";
import { schedulerOf } from "./schedulers.ts";
import { rowOf } from "./table.ts";

/** Runs nets that are trained for some steps. */
export function runTraining(category: Category): Promise<Outcome[]> {
  return eachCase(
    category,
    (golden) => scope(() => runCase(category, golden)),
  );
}

/** Eagerly and compiled: both have to be right. */
async function runCase(category: Category, golden: Case): Promise<Outcome> {
  refuseExpectations(golden);
  const eager = await runSteps(category, golden, (step) => step);
  if (eager.kind !== "passed") return eager;
  return runSteps(category, golden, compile);
}

async function runSteps(
  category: Category,
  golden: Case,
  wrap: (step: Step) => Step,
): Promise<Outcome> {
  const unknown = Object.keys(golden.kwargs).filter((name) => !KNOWN.has(name));
  if (unknown.length > 0) throw new Unsupported(`with ${unknown.join(", ")}`);
  const net = sequentialOf(golden.kwargs.net);
  const { input, target, ...rest } = golden.inputs;
  const state = new Map<string, HostArray>();
  for (const [name, key] of Object.entries(rest)) {
    state.set(name.replace("state.", ""), tensorOf(category, key));
  }
  net.loadStateDict(state);
  const batches = fromHost(tensorOf(category, input!));
  const targets = fromHost(tensorOf(category, target!));
  const results = train(golden, net, batches, targets, wrap);
  const arrays = new Map<string, HostArray>();
  for (const [name, tensors] of results) {
    arrays.set(name, await readAll(tensors));
  }
  if (golden.expect.error !== undefined) {
    return { kind: "failed", message: "was not refused" };
  }
  return judge(
    Object.entries(golden.outputs).map(([name, key]) => {
      const got = arrays.get(name);
      const values = tensorOf(category, key);
      return got
        ? difference(name, got, { values }, golden)
        : `${name}: there is none`;
    }),
  );
}

/** A step on the parts of a batch: the loss, and the norm if it is clipped. */
type Step = (
  inputs: readonly Tensor[],
  targets: readonly Tensor[],
) => { readonly loss: Tensor; readonly norm: Tensor | undefined };

/** The results by name; lists have a value for each step. */
function train(
  golden: Case,
  net: Sequential,
  batches: Tensor,
  targets: Tensor,
  wrap: (step: Step) => Step,
): Map<string, Tensor | readonly Tensor[]> {
  const {
    accumulate,
    clip_grad_norm: maxNorm,
    clip_grad_value: maxValue,
    loss,
    steps,
  } = golden.kwargs;
  const share = Number(accumulate ?? 1);
  const { op: lossName, kwargs: lossOptions } = described(loss, "a loss");
  const lossRow = rowOf({ op: lossName });
  const optimizer = makeOptimizer(golden, net);
  const schedule = golden.kwargs.scheduler;
  const scheduler = schedule ? schedulerOf(schedule, optimizer) : undefined;
  const run = wrap((inputs, targets) => {
    optimizer.zeroGrad();
    const losses = inputs.map((input, i) => {
      const tensors = new Map([
        ["input", net.call(input)],
        ["target", targets[i]!],
      ]);
      const call = { op: lossName, kwargs: lossOptions, tensors };
      const loss = withArguments(call, lossRow);
      if (!(loss instanceof Tensor)) throw new Unsupported("several losses");
      const scaled = loss.div(share);
      scaled.backward();
      return scaled.detach();
    });
    const norm = isThere(maxNorm)
      ? clipGradNorm_(net.parameters(), Number(maxNorm))
      : undefined;
    if (isThere(maxValue)) clipGradValue_(net.parameters(), Number(maxValue));
    optimizer.step();
    scheduler?.step();
    return { loss: losses.reduce((a, b) => a.add(b)), norm };
  });
  const losses: Tensor[] = [];
  const norms: Tensor[] = [];
  net.train();
  for (let step = 0; step < Number(steps); step++) {
    const parts = Array.from({ length: share }, (_, i) => step * share + i);
    const { loss, norm } = run(
      parts.map((at) => batches.select(0, at)),
      parts.map((at) => targets.select(0, at)),
    );
    losses.push(loss);
    if (norm) norms.push(norm);
  }
  const results = new Map<string, Tensor | readonly Tensor[]>([
    ["loss", losses],
    ["total_norm", norms],
  ]);
  for (const [name, tensor] of net.stateDict()) {
    results.set(`state.${name}`, tensor);
  }
  net.eval();
  results.set("eval_output", noGrad(() => net.call(batches.select(0, 0))));
  return results;
}

function makeOptimizer(
  golden: Case,
  net: Sequential,
): ReturnType<typeof optimizerOf> {
  const { op, kwargs, groups, ...more } = asFields(
    golden.kwargs.optimizer,
    "an optimizer",
  );
  refuseOthers(more, "an optimizer");
  const named = new Map(net.namedParameters());
  const list: readonly Group[] = Array.isArray(groups)
    ? groupsOf(
      groups,
      (name) => named.get(name) ?? net.parameters()[Number(name)]!,
    )
    : [{ params: net.parameters() }];
  return optimizerOf(String(op), list, asFields(kwargs ?? {}, "kwargs"));
}

/** A call that is named, or described as {op, kwargs}. */
function described(
  value: unknown,
  what: string,
): { readonly op: string; readonly kwargs: Fields } {
  if (typeof value === "string") return { op: value, kwargs: {} };
  const { op, kwargs, ...more } = asFields(value, what);
  refuseOthers(more, what);
  return { op: String(op), kwargs: asFields(kwargs ?? {}, "kwargs") };
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function refuseOthers(fields: Fields, where: string): void {
  const [name] = Object.keys(fields);
  if (name !== undefined) throw new Unsupported(`${name} of ${where}`);
}

/** What a case may say; anything else would be left undone. */
const KNOWN = new Set([
  "accumulate",
  "clip_grad_norm",
  "clip_grad_value",
  "loss",
  "net",
  "optimizer",
  "scheduler",
  "steps",
]);

/** A tensor, or scalars one after the other, on the host. */
async function readAll(
  tensors: Tensor | readonly Tensor[],
): Promise<HostArray> {
  if (tensors instanceof Tensor) {
    return new HostArray(await tensors.data(), tensors.shape, tensors.dtype);
  }
  const values = await Promise.all(tensors.map((each) => each.item()));
  return new HostArray(Float32Array.from(values));
}
