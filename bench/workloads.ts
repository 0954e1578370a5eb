/**
 * The workloads: what is timed, how, and what a line of output says. A library
 * takes part through an adapter (`Library`), and all adapters get the same data
 * (data.ts).
 *
 * Times are in milliseconds. WebGPU in Deno answers only every 10 ms or so, so
 * operations are queued until some 400 ms of work are under way and only then
 * waited for.
 *
 * @module
 */

// deno-lint-ignore-file camelcase -- the fields of a line, by the names that
// other benches of these workloads use

import { setImmediate } from "node:timers";

import {
  labels,
  type ModelName,
  parameters,
  product,
  random,
  type Values,
} from "./data.ts";

/** How a trained model is updated: SGD with momentum 0.9, or Adam. */
export type Rule = "sgd" | "adam";

/** A library, as the workloads see it. What is missing is not timed. */
export interface Library<T> {
  readonly name: string;
  /** Whether results are only computed when waited for one by one. */
  readonly isLazy?: boolean;
  put(data: Float32Array<ArrayBuffer>, shape: readonly number[]): T;
  get(tensor: T): Promise<ArrayLike<number>>;
  /** Waits until everything queued up to `tensor` has run. */
  sync(tensor: T): Promise<void>;
  free(...tensors: T[]): void;
  putImage(data: Float32Array<ArrayBuffer>, shape: readonly number[]): T;
  putFilter(data: Float32Array<ArrayBuffer>, shape: readonly number[]): T;
  matmul(a: T, b: T): T;
  /** Size-preserving convolution with 3x3 filters. */
  conv(x: T, w: T): T;
  /** The convolution and both its gradients. */
  convGrad(x: T, w: T, dy: T): T[];
  /** relu(2x + 1) * 3. */
  chain(x: T): T;
  sum(x: T): T;
  softmax(x: T): T;
  add(a: T, b: T): T;
  trainer(job: TrainingJob): Trainer;
  /** Samples a second of an epoch of MNIST-like data to normalised batches. */
  loader?(workers: number): Promise<number>;
}

/** What a trainer needs to know. */
export interface TrainingJob {
  readonly model: ModelName;
  readonly parameters: Record<string, Values>;
  readonly rule: Rule;
  readonly lr: number;
  /** [batch, 784]. */
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  readonly batch: number;
}

/** A model in training. */
export interface Trainer {
  /** One step; its loss can be read or dropped. */
  step(): Loss;
}

/** The loss of a step, still on the device. */
export interface Loss {
  read(): Promise<number>;
  drop(): void;
}

/** One line of the output. */
export interface Line {
  readonly peer: string;
  readonly workload: string;
  readonly median_ms?: number;
  readonly min_ms?: number;
  readonly gflops?: number;
  readonly gbps?: number;
  readonly samples_per_s?: number;
  readonly [field: string]: string | number | undefined;
}

/** Work that is queued before it is waited for. */
const WINDOW_MS = 400;
const SAMPLES = 7;
const BUDGET_MS = 15_000;
const MAX_QUEUED = 256;

/** Batch, channels in and out, and width of the convolutions. */
const CONVOLUTIONS = [[64, 1, 32, 28], [64, 32, 64, 14], [
  8,
  64,
  64,
  56,
]] as const;

/** The groups of workloads, by the names of the command line. */
export const GROUPS = [
  "matmul",
  "conv",
  "convbwd",
  "elem",
  "dispatch",
  "mlp128",
  "cnn64",
  "lenet64",
  "loader",
] as const;

/** The name of a group of workloads. */
export type Group = typeof GROUPS[number];

/** Times one group and hands out a line a workload. */
export async function measure<T>(
  library: Library<T>,
  group: Group,
  emit: (line: Line) => void,
): Promise<void> {
  const bench = new Bench(library, emit);
  switch (group) {
    case "matmul":
      for (const size of [256, 512, 1024]) await bench.matmul(size);
      break;
    case "conv":
    case "convbwd":
      for (const shape of CONVOLUTIONS) {
        await bench.convolution(shape, group === "convbwd");
      }
      break;
    case "elem":
      await bench.elementwise();
      break;
    case "dispatch":
      await bench.dispatch();
      break;
    case "mlp128":
      await bench.training("mlp", 128);
      break;
    case "cnn64":
      await bench.training("cnn", 64);
      break;
    case "lenet64":
      await bench.training("lenet", 64);
      break;
    case "loader":
      await bench.loader();
      break;
    default:
      throw new RangeError(`Cannot run "${group satisfies never}"`);
  }
}

class Bench<T> {
  readonly #library: Library<T>;
  readonly #emit: (line: Line) => void;

  constructor(library: Library<T>, emit: (line: Line) => void) {
    this.#library = library;
    this.#emit = emit;
  }

  async matmul(size: number): Promise<void> {
    const { put } = this.#library;
    const shape = [size, size];
    const a = put(random(size * size, 1), shape);
    const b = put(random(size * size, 2), shape);
    await this.#time(`matmul${size}`, () => this.#library.matmul(a, b), {
      flops: 2 * size ** 3,
    });
  }

  async convolution(
    [batch, channels, outputs, width]: readonly [
      number,
      number,
      number,
      number,
    ],
    isBackward: boolean,
  ): Promise<void> {
    const image = [batch, channels, width, width];
    const result = [batch, outputs, width, width];
    const filter = [outputs, channels, 3, 3];
    const library = this.#library;
    const x = library.putImage(random(product(image), 3), image);
    const w = library.putFilter(random(product(filter), 4), filter);
    const once = 2 * product(result) * channels * 9;
    const name = `conv${channels}-${outputs}-${width}`;
    if (isBackward) {
      const dy = library.putImage(random(product(result), 5), result);
      const run = (): T[] => library.convGrad(x, w, dy);
      await this.#time(`${name}-bwd`, run, { flops: 3 * once });
    } else {
      const run = (): T => library.conv(x, w);
      await this.#time(`${name}-fwd`, run, { flops: once });
    }
  }

  async elementwise(): Promise<void> {
    const library = this.#library;
    const size = 2 ** 24;
    const x = library.put(random(size, 6), [size]);
    await this.#time("elementwise16M", () => library.chain(x), {
      bytes: 8 * size,
    });
    await this.#time("sum16M", () => library.sum(x), { bytes: 4 * size });
    library.free(x);
    const logits = library.put(random(4096 * 1000, 7), [4096, 1000]);
    await this.#time("softmax4096x1000", () => library.softmax(logits), {
      bytes: 8 * 4096 * 1000,
    });
  }

  async dispatch(): Promise<void> {
    const library = this.#library;
    const a = library.put(random(64, 1), [64]);
    const b = library.put(new Float32Array(64).fill(1), [64]);
    const times: number[] = [];
    for (let round = 0; round < 11; round++) {
      const start = performance.now();
      let x = library.add(a, b);
      for (let i = 1; i < 1000; i++) {
        const y = library.add(x, b);
        library.free(x);
        x = y;
      }
      const [first] = Array.from(await library.get(x));
      if (round > 1) times.push(performance.now() - start);
      const want = 1000 + random(1, 1)[0]!;
      if (Math.abs(first! - want) > 0.1) {
        throw new Error(`Wrong sum: got ${first}, want ${want}`);
      }
      library.free(x);
    }
    this.#report("dispatch1000", times, {});
  }

  async training(model: ModelName, batch: number): Promise<void> {
    const trainer = this.#library.trainer({
      model,
      parameters: parameters(model),
      rule: "sgd",
      lr: 0.01,
      images: random(batch * 784, 8),
      labels: labels(batch),
      batch,
    });
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
    await block(1);
    const once = await block(1);
    const steps = once > 1200 ? 3 : 10;
    const times: number[] = [];
    const start = performance.now();
    while (
      times.length < 3 ||
      (times.length < SAMPLES && performance.now() - start < BUDGET_MS)
    ) times.push(await block(steps));
    const name = { cnn: "mnistcnn", mlp: "mlp", lenet: "lenet" }[model];
    this.#report(`${name}-step-b${batch}`, times, {
      first_step_ms: rounded(first),
      loss: rounded(loss),
      rss_mb: Math.round(Deno.memoryUsage().rss / 2 ** 20),
      samples_per_s: Math.round(batch * 1000 / Math.min(...times)),
    });
  }

  async loader(): Promise<void> {
    const { loader } = this.#library;
    if (!loader) return;
    for (const workers of [0, 2]) {
      const rates = [await loader(workers), await loader(workers)];
      this.#emit({
        peer: this.#library.name,
        workload: `loader-mnist-w${workers}-b64`,
        samples_per_s: Math.round(Math.max(...rates)),
      });
    }
  }

  async #time(
    workload: string,
    operation: () => T | T[],
    work: { readonly flops?: number; readonly bytes?: number },
  ): Promise<void> {
    const library = this.#library;
    const batch = async (count: number): Promise<number> => {
      const start = performance.now();
      let last: T[] = [];
      for (let i = 0; i < count; i++) {
        library.free(...last);
        last = [operation()].flat() as T[]; // flat of T | T[] is T[]
        if (library.isLazy) {
          for (const each of last) await library.sync(each);
        }
      }
      await library.sync(last[last.length - 1]!);
      const elapsed = performance.now() - start;
      library.free(...last);
      return elapsed / count;
    };
    const begin = performance.now();
    await batch(1);
    let count = 1;
    for (let trial = 0; trial < 2; trial++) {
      const each = await batch(count);
      count = Math.max(1, Math.min(MAX_QUEUED, Math.ceil(WINDOW_MS / each)));
    }
    const times: number[] = [];
    while (
      times.length < 3 ||
      (times.length < SAMPLES && performance.now() - begin < BUDGET_MS)
    ) times.push(await batch(count));
    this.#report(workload, times, work);
  }

  #report(
    workload: string,
    times: readonly number[],
    { flops, bytes, ...rest }: Readonly<Record<string, number | undefined>>,
  ): void {
    const median = medianOf(times);
    this.#emit({
      peer: this.#library.name,
      workload,
      median_ms: rounded(median),
      min_ms: rounded(Math.min(...times)),
      ...(flops ? { gflops: rounded(flops / median / 1e6) } : {}),
      ...(bytes ? { gbps: rounded(bytes / median / 1e6) } : {}),
      n: times.length,
      ...rest,
    });
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
