/**
 * Runs the cases of the category optim: parameters over several steps with
 * given gradients, and clipping.
 *
 * @module
 */

import { clipGradNorm_, clipGradValue_ } from "../../src/nn/clip_grad.ts";
import { fromHost, zeros } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import { type Case, type Category, tensorOf } from "./case.ts";
import { difference } from "./compare.ts";
import { type Group, groupsOf, optimizerOf } from "./optimizers.ts";
import {
  eachCase,
  judge,
  type Outcome,
  refuseExpectations,
} from "./outcome.ts";
import { schedulerOf } from "./schedulers.ts";

/** Runs trajectories. */
export function runOptim(category: Category): Promise<Outcome[]> {
  return eachCase(category, (golden) => {
    refuseExpectations(golden);
    const run = CLIPPING[golden.op] ? runClipping : runTrajectory;
    return scope(() => run(category, golden));
  });
}

/** Clips the gradients of parameters; the result is the norm before, if any. */
type Clipping = (
  params: readonly Tensor[],
  args: Arguments,
) => Tensor | undefined;

const CLIPPING: Readonly<Record<string, Clipping>> = {
  "torch.nn.utils.clip_grad_norm_": (params, args) =>
    clipGradNorm_(params, args.value("max_norm"), args.value("norm_type")),
  "torch.nn.utils.clip_grad_value_": (params, args) => {
    clipGradValue_(params, args.value("clip_value"));
    return undefined;
  },
};

async function runClipping(
  category: Category,
  golden: Case,
): Promise<Outcome> {
  const params = arraysOf(category, golden.inputs, "grad").map((array) => {
    const param = zeros(array.shape, { requiresGrad: true });
    param.grad = fromHost(array);
    return param;
  });
  const { op, kwargs } = golden;
  const norm = withArguments(
    { op, kwargs },
    (args) => CLIPPING[op]!(params, args),
  );
  const results = new Map<string, Tensor | undefined>(
    params.map((param, i) => [`grad.${i}`, param.grad]),
  );
  results.set("total_norm", norm);
  const found = Object.entries(golden.outputs).map(async ([name, key]) => {
    const tensor = results.get(name);
    if (!tensor) return `${name}: there is none`;
    const values = tensorOf(category, key);
    return difference(name, await readOf(tensor), { values }, golden);
  });
  return judge(await Promise.all(found));
}

/** What a case is about, apart from where its parameters start. */
interface Trajectory {
  readonly golden: Case;
  /** The gradients of each parameter, steps along the first dim. */
  readonly grads: readonly HostArray[];
  readonly steps: number;
}

async function runTrajectory(
  category: Category,
  golden: Case,
): Promise<Outcome> {
  const starts = arraysOf(category, golden.inputs, "param");
  const grads = arraysOf(category, golden.inputs, "grad");
  const wanted = arraysOf(category, golden.outputs, "param");
  const steps = grads[0]?.shape[0] ?? 0;
  const trajectory = { golden, grads, steps };
  // no trajectory ends where it starts: then the file has the wrong start
  const isEnd = wanted.length > 0 &&
    wanted.every((path, i) =>
      isNear(starts[i]!.data, path.data.slice(-starts[i]!.data.length))
    );
  const from = isEnd ? await findStarts(trajectory, starts, wanted) : starts;
  const arrays = await run(trajectory, from);
  if (golden.expect.error !== undefined) {
    return { kind: "failed", message: "was not refused" };
  }
  const outcome = judge(
    wanted.map((values, i) =>
      difference(`param.${i}`, arrays[i]!, { values }, golden)
    ),
  );
  return isEnd && outcome.kind === "passed"
    ? { ...outcome, note: "the stored start is the end: found from step 1" }
    : outcome;
}

/** The parameters after each step, along the first dim. */
function run(
  { golden, grads, steps }: Trajectory,
  starts: readonly HostArray[],
): Promise<HostArray[]> {
  const { param_groups: _, groups: __, ...kwargs } = golden.kwargs;
  const params = starts.map((start) => fromHost(start, { requiresGrad: true }));
  const optimizer = optimizerOf(
    golden.op,
    groupsOfCase(golden, params),
    kwargs,
  );
  const scheduler = golden.fields.scheduler
    ? schedulerOf(golden.fields.scheduler, optimizer)
    : undefined;
  const gradients = grads.map((array) => fromHost(array));
  const missing = missingGradients(golden);
  const reads: Promise<HostArray>[][] = params.map(() => []);
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    params.forEach((param, i) => {
      if (missing.has(`${step},${i}`)) return;
      // the gradient of sum(param * g) is g
      param.mul(gradients[i]!.select(0, step)).sum().backward();
    });
    optimizer.step();
    scheduler?.step();
    params.forEach((param, i) => reads[i]!.push(readOf(param)));
  }
  return Promise.all(
    reads.map(async (each) => stack(await Promise.all(each))),
  );
}

/**
 * Where a trajectory started, from its first step: for files in which the
 * parameters were stored after the last step and not before the first. What a
 * step adds hardly depends on where it starts, so a few corrections do.
 */
async function findStarts(
  trajectory: Trajectory,
  ends: readonly HostArray[],
  wanted: readonly HostArray[],
): Promise<HostArray[]> {
  let starts = ends;
  for (let round = 0; round < 8; round++) {
    const reached = await run({ ...trajectory, steps: 1 }, starts);
    starts = starts.map(({ data, shape }, p) =>
      new HostArray(
        Float32Array.from(
          data,
          (value, i) => value + wanted[p]!.data[i]! - reached[p]!.data[i]!,
        ),
        shape,
      )
    );
  }
  return [...starts];
}

/** Whether two lists are equal up to rounding. */
function isNear(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return Array.from(a).every((value, i) =>
    Math.abs(value - b[i]!) <= 2e-6 * (1 + Math.abs(value))
  );
}

/** The arrays `name.0`, `name.1`, … among these keys. */
function arraysOf(
  category: Category,
  keys: Case["inputs"],
  name: string,
): HostArray[] {
  const arrays: HostArray[] = [];
  for (let i = 0; `${name}.${i}` in keys; i++) {
    arrays.push(tensorOf(category, keys[`${name}.${i}`]!));
  }
  return arrays;
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
