/**
 * What reading a loss costs a training loop: milliseconds of a step of LeNet,
 * by how its loss is read, and of reads by themselves.
 *
 *     deno run -P=tools bench/reads.ts
 *
 * Each way runs in turn, and the least of some rounds counts, because other
 * programs only make it more.
 *
 * @module
 */

import {
  compile,
  data,
  HostArray,
  type Tensor,
  tensor,
  zeros,
} from "../mod.ts";
import { labels, random } from "./data.ts";
import { makeStep } from "./libraries/kindling_models.ts";
import { trainingJob } from "./workloads/models.ts";

const ROUNDS = 12;
const BATCH = 64;
const BATCHES = 40;
const READS = 20;

function print(name: string, ms: number): void {
  // deno-lint-ignore no-console -- printing is what it is for
  console.log(`${ms.toFixed(2).padStart(7)} ms  ${name}`);
}

/** Prints for each way the milliseconds of its best round, per step or read. */
async function turns(
  ways: Readonly<Record<string, () => Promise<number>>>,
): Promise<void> {
  const least = new Map<string, number>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, run] of Object.entries(ways)) {
      const start = performance.now();
      const count = await run();
      const each = (performance.now() - start) / count;
      if (round > 0) least.set(name, Math.min(least.get(name) ?? each, each));
    }
  }
  for (const [name, ms] of least) print(name, ms);
}

/** Reads on a GPU that has nothing else to do. */
function readsAlone(): Promise<void> {
  const scalars = Array.from({ length: READS }, (_, i) => tensor(i));
  const large = zeros([1 << 18]);
  const times = async (run: () => Promise<unknown>) => {
    for (let i = 0; i < READS; i++) await run();
    return READS;
  };
  return turns({
    "one value": () => times(() => scalars[0]!.item()),
    "20 values at once": () =>
      times(() => Promise.all(scalars.map((each) => each.item()))),
    "1 MiB": () => times(() => large.data()),
  });
}

/** A loop that hands each loss to `each`, and waits for what `end` returns. */
async function train(
  each: (loss: Tensor, step: number) => unknown,
  end?: () => Promise<unknown>,
): Promise<number> {
  let step = 0;
  for await (const [images, classes] of loader) {
    const waiting = each(trainStep(images!, classes!), step++);
    if (waiting) await waiting;
  }
  await end?.();
  return step;
}

const job = trainingJob("lenet", BATCH, "sgd", 0.01);
const trainStep = compile(makeStep(job).step);
const dataset = new data.TensorDataset(
  new HostArray(random(BATCH * BATCHES * 784, 8), [BATCH * BATCHES, 1, 28, 28]),
  new HostArray(labels(BATCH * BATCHES)),
);
const loader = new data.DataLoader(dataset, { batchSize: BATCH });

await readsAlone();
let last: Tensor | undefined;
let reading: Promise<void> | undefined;
const all: Promise<number>[] = [];
const sum = zeros([]);
await turns({
  "a step that reads nothing": () =>
    train((loss) => void (last = loss), () => last!.item()),
  "await each loss": () => train((loss) => loss.item()),
  "await one loss in 10": () =>
    train((loss, i) => i % 10 === 0 ? loss.item() : undefined),
  "one read at a time, not awaited": () =>
    train((loss) => {
      reading ??= loss.item().then(() => void (reading = undefined));
    }, () => reading!),
  "each loss, not awaited": () =>
    train((loss) => void all.push(loss.item()), () => Promise.all(all)),
  "a sum on the GPU, read at the end": () =>
    train((loss) => void sum.add_(loss.detach()), () => sum.item()),
});
