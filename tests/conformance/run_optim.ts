/**
 * Runs the cases of the category optim: parameters over several steps with
 * given gradients, and clipping.
 *
 * @module
 */

import { fromHost } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Arguments } from "./arguments.ts";
import { type Case, type Category, tensorOf } from "./case.ts";
import { difference } from "./compare.ts";
import { type Group, groupsOf, optimizerOf } from "./optimizers.ts";
import { eachCase, judge, type Outcome } from "./outcome.ts";
import { schedulerOf } from "./schedulers.ts";

/** Runs trajectories. */
export function runOptim(category: Category): Promise<Outcome[]> {
  return eachCase(
    category,
    (golden) => scope(() => runTrajectory(category, golden)),
  );
}

async function runTrajectory(
  category: Category,
  golden: Case,
): Promise<Outcome> {
  const { param_groups: _, groups: __, ...kwargs } = golden.kwargs;
  const params = numbered(golden, "param").map((key) =>
    fromHost(tensorOf(category, key), { requiresGrad: true })
  );
  const optimizer = optimizerOf(
    golden.op,
    groupsOfCase(golden, params),
    new Arguments(kwargs),
  );
  const scheduler = golden.fields.scheduler
    ? schedulerOf(golden.fields.scheduler, optimizer)
    : undefined;
  const grads = numbered(golden, "grad").map((key) =>
    fromHost(tensorOf(category, key))
  );
  const missing = missingGradients(golden);
  const steps = grads[0]?.shape[0] ?? 0;
  const trajectories: Promise<HostArray>[][] = params.map(() => []);
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    params.forEach((param, i) => {
      if (missing.has(`${step},${i}`)) return;
      // the gradient of sum(param * g) is g
      param.mul(grads[i]!.select(0, step)).sum().backward();
    });
    optimizer.step();
    scheduler?.step();
    params.forEach((param, i) => trajectories[i]!.push(readOf(param)));
  }
  const arrays = await Promise.all(
    trajectories.map(async (reads) => stack(await Promise.all(reads))),
  );
  if (golden.expect.error !== undefined) {
    return { kind: "failed", message: "was not refused" };
  }
  return judge(arrays.map((got, i) => {
    const key = golden.outputs[`param.${i}`];
    if (key === undefined) return undefined;
    const values = tensorOf(category, key);
    return difference(`param.${i}`, got, { values }, golden);
  }));
}

/** The keys of `name.0`, `name.1`, … */
function numbered({ inputs }: Case, name: string): string[] {
  const keys: string[] = [];
  for (let i = 0; `${name}.${i}` in inputs; i++) {
    keys.push(inputs[`${name}.${i}`]!);
  }
  return keys;
}

function groupsOfCase(golden: Case, params: readonly Tensor[]): Group[] {
  const described = golden.kwargs.groups ?? golden.kwargs.param_groups ??
    golden.fields.param_groups;
  if (!Array.isArray(described)) return [{ params }];
  return groupsOf(described, (name) => params[Number(name)]!);
}

/** The steps and parameters, as `step,parameter`, without a gradient. */
function missingGradients({ fields }: Case): ReadonlySet<string> {
  const pairs = fields.grad_is_none_at;
  return new Set(Array.isArray(pairs) ? pairs.map(String) : []);
}

async function readOf(tensor: Tensor): Promise<HostArray> {
  const { shape, dtype } = tensor;
  return new HostArray(await tensor.data(), shape, dtype);
}

function stack(arrays: readonly HostArray[]): HostArray {
  const shape = arrays[0]?.shape ?? [];
  const size = arrays[0]?.data.length ?? 0;
  const data = new Float32Array(size * arrays.length);
  arrays.forEach((each, i) => data.set(each.data, i * size));
  return new HostArray(data, [arrays.length, ...shape]);
}
