/**
 * Workloads of whole models: training steps and inference.
 *
 * @module
 */

import {
  labels,
  type ModelName,
  parameters,
  product,
  random,
} from "../data.ts";
import type { Rule, TrainingJob } from "../library.ts";
import { rounded } from "../statistics.ts";
import { residentMemory, type Timer, turn } from "../timing.ts";

/** Steps between two reads of the loss, as a user who logs would read it. */
const STEPS = 10;

/** Shape of one image of each model. */
const IMAGES: Readonly<Record<ModelName, readonly number[]>> = {
  cnn: [1, 28, 28],
  lenet: [1, 28, 28],
  mlp: [784],
  "alexnet-head": [9216],
  resnet18: [3, 224, 224],
  "resnet18-cifar": [3, 32, 32],
};

/** What a workload's name begins with. */
const NAMES: Readonly<Record<ModelName, string>> = {
  cnn: "mnistcnn",
  lenet: "lenet",
  mlp: "mlp",
  "alexnet-head": "alexnethead",
  resnet18: "resnet18",
  "resnet18-cifar": "resnet18cifar",
};

/** The same job for every library. */
export function trainingJob(
  model: ModelName,
  batch: number,
  rule: Rule,
  lr: number,
): TrainingJob {
  const shape = [batch, ...IMAGES[model]];
  return {
    model,
    parameters: parameters(model),
    rule,
    lr,
    images: random(product(shape), 8),
    shape,
    labels: labels(batch),
  };
}

/** What is trained, and how. */
export interface Training {
  readonly model: ModelName;
  readonly batch: number;
  readonly rule?: Rule;
  /** Ends the workload's name, if nothing but the first step is timed. */
  readonly firstStepOnly?: "cold" | "warm";
}

/**
 * A training step on a batch that is on the device. The first step, of this
 * model and of this process, is a workload of its own.
 */
export async function training<T>(
  timer: Timer<T>,
  { model, batch, rule = "sgd", firstStepOnly }: Training,
): Promise<void> {
  const { library } = timer;
  const lr = rule === "sgd" ? 0.01 : 1e-3;
  const job = trainingJob(model, batch, rule, lr);
  const name = `${NAMES[model]}-step-b${batch}${
    rule === "adam" ? "-adam" : ""
  }`;
  const begin = performance.now();
  const trainer = library.trainer?.(job);
  if (!trainer) return;
  let loss = 0;
  const block = async (steps: number): Promise<number> => {
    const start = performance.now();
    for (let i = 1; i < steps; i++) {
      trainer.step().drop();
      await turn(); // as a loader would give
    }
    loss = await trainer.step().read();
    if (!Number.isFinite(loss)) throw new Error(`The loss is ${loss}`);
    return (performance.now() - start) / steps;
  };
  const first = await block(1);
  const now = performance.now();
  const firstName = name.replace("-step-", "-first-step-") +
    (firstStepOnly ? `-${firstStepOnly}` : "");
  timer.report(firstName, [first], {}, {
    with_model_ms: rounded(now - begin),
    since_start_ms: rounded(now), // of the process, imports included
    loss: rounded(loss),
  });
  if (firstStepOnly) return;
  await block(1);
  const once = await block(1);
  const steps = Math.max(
    1,
    Math.min(STEPS, Math.floor(timer.budgetMs / 3 / once)),
  );
  const times = once > timer.budgetMs
    ? [once]
    : await timer.samples(() => block(steps));
  timer.report(name, times, { samples: batch }, { loss: rounded(loss) });
  timer.emit(name.replace("-step-", "-memory-"), await residentMemory());
}

/** Logits of a batch that is on the device. */
export async function inference<T>(
  timer: Timer<T>,
  model: ModelName,
  batch: number,
): Promise<void> {
  const { library } = timer;
  const { rule: _rule, lr: _lr, labels: _labels, ...job } = trainingJob(
    model,
    batch,
    "sgd",
    0,
  );
  const run = library.classifier?.(job);
  if (!run) return;
  await timer.operation(`${NAMES[model]}-inference-b${batch}`, run, {
    samples: batch,
  });
}
