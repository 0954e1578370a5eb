/**
 * Runs cases that are calls: inputs in, results and gradients out. The
 * categories tensor, nn, losses, models and large.
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
import { Arguments } from "./arguments.ts";
import { type Case, type Category, tensorOf, type ViewStep } from "./case.ts";
import { difference, meanOf, numberDifference } from "./compare.ts";
import { hashUniform } from "./hash.ts";
import { judge, judgeError, type Outcome, Unsupported } from "./outcome.ts";
import { judgePromotion } from "./promotion.ts";
import { named, type Row } from "./row.ts";
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

/** What is being read: results by name, and gradients as `grad NAME`. */
type Reads = ReadonlyMap<string, Promise<HostArray>>;

async function call(
  category: Category,
  golden: Case,
  row: Row,
): Promise<Reads> {
  const leaves = leavesOf(category, golden);
  const tensors = new Map<string, Tensor>();
  for (const [name, leaf] of leaves) {
    tensors.set(name, viewed(leaf, viewsOf(golden, name)));
  }
  const args = new Arguments(golden.kwargs, tensors);
  let results: ReadonlyMap<string, Tensor>;
  try {
    results = named(await row(args));
  } catch (error) {
    args.check(); // without what it lacks the call might have gone well
    throw error;
  }
  args.check();
  const wanted = Object.keys(golden.outputs);
  const reads = new Map<string, Promise<HostArray>>();
  for (const [name, tensor] of results) {
    // a list is judged by its length too; an extra named result is not
    if (wanted.includes(name) || /\.\d+$/.test(name) || wanted.length === 0) {
      reads.set(name, readOf(tensor));
    }
  }
  const gradients = Object.keys(golden.grads);
  if (gradients.length > 0) {
    lossOf(category, golden, results).backward();
    for (const name of gradients) {
      const leaf = args.arrival(name) ?? leaves.get(name);
      if (!leaf?.grad) continue;
      reads.set(`grad ${name}`, readOf(leaf.grad));
      leaf.grad.dispose();
    }
  }
  return reads;
}

function leavesOf(category: Category, golden: Case): Map<string, Tensor> {
  const arrays = new Map<string, HostArray>();
  for (const [name, key] of Object.entries(golden.inputs)) {
    arrays.set(name, tensorOf(category, key));
  }
  for (const [name, rule] of Object.entries(golden.generated)) {
    arrays.set(name, hashUniform(rule));
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
        tensor = tensor.slice(step.dim, step.start, step.stop, step.step);
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

/** The sum of every output times its cotangent. */
function lossOf(
  category: Category,
  golden: Case,
  results: ReadonlyMap<string, Tensor>,
): Tensor {
  let loss: Tensor | undefined;
  for (const [name, key] of Object.entries(golden.cotangents)) {
    const output = results.get(name);
    if (!output) throw new Error(`there is no result ${name}`);
    const part = output.mul(fromHost(tensorOf(category, key))).sum();
    loss = loss ? loss.add(part) : part;
  }
  if (!loss) throw new Error("there are gradients but no cotangents");
  return loss;
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
        [...reads].map(async ([name, read]) => [name, await read] as const),
      ),
    );
    if (golden.expect.error !== undefined) {
      return {
        kind: "failed",
        message: `was not refused (torch: ${golden.expect.error})`,
      };
    }
    return judgeArrays(category, golden, arrays);
  } catch (error) {
    return judgeError(golden, error);
  }
}

function judgeArrays(
  category: Category,
  golden: Case,
  arrays: ReadonlyMap<string, HostArray>,
): Outcome {
  const { outputs, grads, samples, outputShapes } = golden;
  const found: (string | undefined)[] = [];
  for (const [name, key] of Object.entries(outputs)) {
    const values = tensorOf(category, key);
    const whole = name.endsWith(".mean") ? name.slice(0, -5) : name;
    const got = arrays.get(whole);
    if (got === undefined) {
      found.push(`${name}: there is none`);
    } else if (whole !== name && whole in outputs) {
      found.push(
        numberDifference(
          name,
          Math.fround(meanOf(got)),
          values.data[0]!,
          golden,
        ),
      );
    } else {
      const shape = outputShapes[name];
      const wanted = { values, samples: samples[name], shape };
      found.push(difference(name, got, wanted, golden));
    }
  }
  for (const name of arrays.keys()) {
    if (!name.startsWith("grad ") && !(name in outputs)) {
      found.push(`${name}: torch gives none`);
    }
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
  return judge(found);
}
