/**
 * A training loop as a user writes it, with no scope and nothing disposed, for
 * as many steps as it takes to see whether memory stays flat.
 *
 *     deno task soak [STEPS]    10,000 unless said otherwise
 *
 * Prints the bytes in use a hundred times, and fails if they have grown.
 *
 * @module
 */

import { setImmediate } from "node:timers";

import { crossEntropy } from "../src/ops/loss/cross_entropy.ts";
import { Flatten, ReLU } from "../src/nn/activation.ts";
import { Linear } from "../src/nn/linear.ts";
import { Sequential } from "../src/nn/sequential.ts";
import { SGD } from "../src/optim/sgd.ts";
import { memory } from "../src/gpu/pool.ts";
import { fromHost } from "../src/tensor/create.ts";
import { Generator } from "../src/tensor/generator.ts";
import { HostArray } from "../src/tensor/host_array.ts";

const BATCH = 64;
const INPUTS = 784;
const HIDDEN = 256;
const CLASSES = 10;
const MEBIBYTE = 2 ** 20;

/** What a run has shown. */
export interface Soaked {
  /** The most bytes live in the first tenth, and in the last. */
  readonly early: number;
  readonly late: number;
  /** Losses, one in a hundred. */
  readonly losses: readonly number[];
  readonly model: Sequential;
}

/** Trains for `steps` steps; `report` hears of every hundredth part. */
export async function trainPlainly(
  steps: number,
  report: (step: number, live: number) => void = () => {},
): Promise<Soaked> {
  const model = new Sequential(
    new Flatten(),
    new Linear(INPUTS, HIDDEN),
    new ReLU(),
    new Linear(HIDDEN, CLASSES),
  );
  const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const draw = new Generator(1);
  const labels = Int32Array.from(
    { length: BATCH },
    () => draw.integer(CLASSES),
  );
  const pixels = Float32Array.from(
    { length: BATCH * INPUTS },
    () => draw.random() - 0.5,
  );
  const losses: number[] = [];
  const every = Math.max(1, Math.floor(steps / 100));
  let early = 0;
  let late = 0;
  for (let step = 0; step < steps; step++) {
    const images = fromHost(new HostArray(pixels, [BATCH, INPUTS]));
    const targets = fromHost(new HostArray(labels));
    optimizer.zeroGrad();
    const loss = crossEntropy(model.call(images), targets);
    loss.backward();
    optimizer.step();
    if (step % every === 0) {
      losses.push(await loss.item());
      report(step, memory().live);
    } else {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (step < steps / 10) early = Math.max(early, memory().live);
    if (step >= steps * 0.9) late = Math.max(late, memory().live);
  }
  return { early, late, losses, model };
}

if (import.meta.main) {
  const print = (text: string): void => {
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  };
  const steps = Number(Deno.args[0] ?? 10_000);
  const { early, late } = await trainPlainly(steps, (step, live) => {
    const resident = Deno.memoryUsage().rss;
    print(
      `step ${step}: ${(live / MEBIBYTE).toFixed(1)} MiB live, ` +
        `${(resident / MEBIBYTE).toFixed(0)} MiB resident`,
    );
  });
  if (late > early + 64 * MEBIBYTE) {
    print(`Memory grew from ${early} to ${late} bytes`);
    Deno.exit(1);
  }
}
