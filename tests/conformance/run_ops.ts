/**
 * Runs cases that are calls: inputs in, results and gradients out. The
 * categories tensor, nn, losses, large, long, more_tensor and more_nn, and most of
 * transforms and models.
 *
 * Waiting for the GPU is most of what a case costs, so all that a case reads is
 * asked for in one turn, and many cases are under way at once. An error of the
 * GPU is reported to whoever reads next: what failed in company, and what must
 * be refused, runs again alone.
 *
 * @module
 */

import { fromHost } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import {
  asFields,
  type Case,
  type Category,
  tensorOf,
  type ViewStep,
} from "./case.ts";
import { difference, meanOf, numberDifference } from "./compare.ts";
import { unequal } from "./facts.ts";
import { hashed } from "./hash.ts";
import { judge, judgeError, type Outcome, Unsupported } from "./outcome.ts";
import { judgePromotion } from "./promotion.ts";
import { named, type Results, rootsOf, type Row } from "./row.ts";
import { rowOf } from "./table.ts";

/** Cases under way at once. */
const COMPANY = 32;

/** Runs small cases, many at once. */
export function runOps(category: Category): Promise<Outcome[]> {
  return runInCompany(category, COMPANY);
}

/** Runs cases with tensors of many megabytes, one at a time. */
export function runLargeOps(category: Category): Promise<Outcome[]> {
  return runInCompany(category, 1);
}

/** A case whose reads are under way. */
interface Started {
  readonly golden: Case;
  readonly outcome: Promise<Outcome>;
}

async function runInCompany(
  category: Category,
  company: number,
): Promise<Outcome[]> {
  const { cases } = category;
  const outcomes = new Map<Case, Outcome>();
  const isAlone = (golden: Case): boolean => golden.expect.error !== undefined;
  const together = cases.filter((golden) => !isAlone(golden));
  for (let i = 0; i < together.length; i += company) {
    const started: Started[] = [];
    for (const golden of together.slice(i, i + company)) {
      started.push(await start(category, golden));
    }
    for (const { golden, outcome } of started) {
      outcomes.set(golden, await outcome);
    }
  }
  for (const golden of cases) {
    if (isAlone(golden) || outcomes.get(golden)?.kind === "failed") {
      outcomes.set(golden, await (await start(category, golden)).outcome);
    }
  }
  return cases.map((golden) => outcomes.get(golden)!); // all were run
}

/** Makes the call and asks for what it gave; the outcome comes later. */
async function start(category: Category, golden: Case): Promise<Started> {
  try {
    const row = rowOf(golden);
    if (golden.expect.result_dtype !== undefined) {
      return { golden, outcome: Promise.resolve(judgePromotion(golden, row)) };
    }
    const reads = await scope(() => call(category, golden, row));
    return { golden, outcome: finish(category, golden, reads) };
  } catch (error) {
    return { golden, outcome: Promise.resolve(judgeError(golden, error)) };
  }
}

/** What is being read, and what was found besides tensors. */
interface Reads {
  /** Results by name, and gradients as `grad NAME`. */
  readonly arrays: ReadonlyMap<string, Promise<HostArray>>;
  readonly facts: ReadonlyMap<string, unknown>;
}

function call(category: Category, golden: Case, row: Row): Promise<Reads> {
  const leaves = leavesOf(category, golden);
  const tensors = new Map<string, Tensor>();
  for (const [name, leaf] of leaves) {
    tensors.set(name, viewed(leaf, viewsOf(golden, name)));
  }
  // what a module's forward takes is an argument like its constructor's
  const { forward, ...rest } = golden.kwargs;
  const kwargs = forward
    ? { ...rest, ...asFields(forward, "forward") }
    : golden.kwargs;
  return withArguments({ op: golden.op, kwargs, tensors }, async (args) => {
    const results = await row(args);
    const arrays = new Map<string, Promise<HostArray>>();
    for (const [name, tensor] of named(results)) {
      if (isWanted(golden, name)) arrays.set(name, readOf(tensor));
    }
    const gradients = Object.keys(golden.grads);
    if (gradients.length > 0) {
      for (const loss of lossesOf(category, golden, results)) loss.backward();
    }
    for (const name of gradients) {
      const leaf = gradientAt(name, leaves, tensors, args);
      if (!leaf?.grad) continue;
      arrays.set(`grad ${name}`, readOf(leaf.grad));
      leaf.grad.dispose();
    }
    return { arrays, facts: args.facts };
  });
}

/**
 * Where the gradient of an input is. What arrived at the parameter of a module
 * goes on to the stored tensor, if the parameter was given as a view of it.
 */
function gradientAt(
  name: string,
  leaves: ReadonlyMap<string, Tensor>,
  tensors: ReadonlyMap<string, Tensor>,
  args: Arguments,
): Tensor | undefined {
  const leaf = leaves.get(name);
  const arrival = args.arrival(name);
  const view = tensors.get(name);
  if (!arrival || !leaf || !view || view === leaf) return arrival ?? leaf;
  if (arrival.grad) view.backward(arrival.grad);
  return leaf;
}

/** A list is judged by its length, too; an extra named result is not. */
function isWanted({ outputs }: Case, name: string): boolean {
  return name in outputs || `${name}.mean` in outputs ||
    /^output\.\d+$/.test(name) || Object.keys(outputs).length === 0;
}

function leavesOf(category: Category, golden: Case): Map<string, Tensor> {
  const arrays = new Map<string, HostArray>();
  for (const [name, key] of Object.entries(golden.inputs)) {
    arrays.set(name, tensorOf(category, key));
  }
  for (const [name, rule] of Object.entries(golden.generated)) {
    arrays.set(name, hashed(rule));
  }
  return new Map(
    [...arrays].map(([name, array]) => [
      name,
      fromHost(array, { requiresGrad: name in golden.grads }),
    ]),
  );
}

function viewsOf(golden: Case, name: string): readonly ViewStep[] {
  // large.json says only in words that this input's dims are swapped
  const isSwapped = golden.op === "torch.Tensor.contiguous" &&
    name in golden.generated;
  return golden.views[name] ??
    (isSwapped ? [{ op: "permute", dims: [1, 0] }] : []);
}

function viewed(tensor: Tensor, steps: readonly ViewStep[]): Tensor {
  for (const step of steps) {
    switch (step.op) {
      case "permute":
        tensor = tensor.permute(step.dims);
        break;
      case "slice":
        tensor = tensor.slice(
          step.dim,
          step.start ?? undefined,
          step.stop ?? undefined,
          step.step ?? undefined,
        );
        break;
      case "select":
        tensor = tensor.select(step.dim, step.index);
        break;
      case "expand":
        tensor = tensor.expand(step.size);
        break;
      default:
        throw new Unsupported(
          `views by ${JSON.stringify(step satisfies never)}`,
        );
    }
  }
  return tensor;
}

/**
 * The sum of every output times its cotangent: several, where gradients come
 * in several passes.
 */
function lossesOf(
  category: Category,
  golden: Case,
  results: Results,
): Tensor[] {
  const losses: Tensor[] = [];
  for (const [name, key] of Object.entries(golden.cotangents)) {
    const cotangent = fromHost(tensorOf(category, key));
    rootsOf(results, name).forEach((root, pass) => {
      const part = root.mul(cotangent).sum();
      losses[pass] = losses[pass]?.add(part) ?? part;
    });
  }
  if (losses.length === 0) {
    throw new Error("there are gradients but no cotangents");
  }
  return losses;
}

async function readOf(tensor: Tensor): Promise<HostArray> {
  const { shape, dtype } = tensor; // the tensor is gone when the data comes
  return new HostArray(await tensor.data(), shape, dtype);
}

async function finish(
  category: Category,
  golden: Case,
  reads: Reads,
): Promise<Outcome> {
  try {
    const arrays = new Map(
      await Promise.all(
        [...reads.arrays].map(async ([name, read]) =>
          [name, await read] as const
        ),
      ),
    );
    if (golden.expect.error !== undefined) {
      return {
        kind: "failed",
        message: `was not refused (torch: ${golden.expect.error})`,
      };
    }
    return judge([
      ...arrayDifferences(category, golden, arrays),
      ...factDifferences(golden, reads.facts),
    ]);
  } catch (error) {
    return judgeError(golden, error);
  }
}

/** Where tensors differ from what PyTorch gave, in words. */
function arrayDifferences(
  category: Category,
  golden: Case,
  arrays: ReadonlyMap<string, HostArray>,
): (string | undefined)[] {
  const { outputs, grads, samples, outputShapes } = golden;
  const found: (string | undefined)[] = [];
  for (const [name, key] of Object.entries(outputs)) {
    const values = tensorOf(category, key);
    const got = arrays.get(name);
    const mean = name.endsWith(".mean") && arrays.get(name.slice(0, -5));
    if (got) {
      const shape = outputShapes[name];
      const wanted = { values, samples: samples[name], shape };
      found.push(difference(name, got, wanted, golden));
    } else if (mean) {
      const [got, want] = [Math.fround(meanOf(mean)), values.data[0]!];
      found.push(numberDifference(name, got, want, golden));
    } else found.push(`${name}: there is none`);
  }
  for (const name of arrays.keys()) {
    const isExtra = !name.startsWith("grad ") && !(name in outputs) &&
      !(`${name}.mean` in outputs);
    if (isExtra) found.push(`${name}: torch gives none`);
  }
  for (const [name, key] of Object.entries(grads)) {
    const label = `grad ${name}`;
    const got = arrays.get(label);
    found.push(
      got
        ? difference(label, got, { values: tensorOf(category, key) }, golden)
        : `${label}: there is none`,
    );
  }
  return found;
}

/** Where `expect` differs from what was found besides tensors, in words. */
function factDifferences(
  golden: Case,
  facts: ReadonlyMap<string, unknown>,
): (string | undefined)[] {
  return Object.entries(golden.expect).map(([name, want]) => {
    if (!facts.has(name)) throw new Unsupported(`expect.${name}`);
    return unequal(name, facts.get(name), want, golden);
  });
}
