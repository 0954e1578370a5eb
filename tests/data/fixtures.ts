/**
 * Datasets and callables of the data room's tests, in a module of their own, as
 * workers import it.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import type { BatchContext } from "../../src/data/collate/batch_context.ts";
import { Dataset } from "../../src/data/datasets/dataset.ts";
import {
  IterableDataset,
  type StreamContext,
} from "../../src/data/datasets/iterable.ts";
import { workerInfo } from "../../src/data/workers/info.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Generator } from "../../src/tensor/generator.ts";

/** Sample i: the numbers i and i squared, three random ones, and a name. */
export class Noise extends Dataset<[HostArray, number, { name: string }]> {
  static url: string = import.meta.url;
  readonly length: number;

  constructor(length: number) {
    super();
    this.length = length;
  }

  override async get(
    index: number,
    generator: Generator,
  ): Promise<[HostArray, number, { name: string }]> {
    if (index % 3 === 0) await Promise.resolve();
    const values = [index, generator.random(), generator.normal()];
    return [
      new HostArray(Float32Array.from(values)),
      index ** 2,
      { name: `sample ${index}` },
    ];
  }
}

/** What a `Faulty` dataset does at its index `at`. */
export type Fault =
  | "throw"
  | "reject"
  | "stray"
  | "hang"
  | "sleep"
  | "exit"
  | "nothing"
  | "private";

/** Blocks the thread; not for ever, as a terminated worker would spin on. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** The number i, but for one index. */
export class Faulty extends Dataset<number> {
  static url: string = import.meta.url;
  readonly fault: Fault;
  readonly at: number;

  constructor(fault: Fault, at: number) {
    super();
    this.fault = fault;
    this.at = at;
  }

  get length(): number {
    return 40;
  }

  override get(index: number): number | Promise<number> {
    if (index !== this.at) return index;
    switch (this.fault) {
      case "throw":
        throw new RangeError("JPEG data ends after 0 bytes");
      case "reject":
        return Promise.reject(new SyntaxError("no such luck"));
      case "stray":
        Promise.reject(new Error("nobody awaits this"));
        return new Promise(() => {});
      case "hang":
        spin(3000);
        return index;
      case "sleep":
        return new Promise(() => {});
      case "exit":
        return Deno.exit(3);
      case "nothing":
        return undefined as unknown as number; // a dataset that breaks its word
      default:
        return index;
    }
  }

  override sampleName(index: number): string {
    return `file${index}.jpg`;
  }
}

/** Has a field that can't be rebuilt in a worker. */
export class Private extends Dataset<number> {
  static url: string = import.meta.url;
  readonly #length = 4;

  get length(): number {
    return this.#length;
  }

  override get(index: number): number {
    return index;
  }
}

/** Keeps a #private field across threads. */
export class OwnWay extends Dataset<number> {
  static url: string = import.meta.url;
  readonly #factor: number;

  constructor(factor: number) {
    super();
    this.#factor = factor;
  }

  static fromWorker(data: { factor: number }): OwnWay {
    return new OwnWay(data.factor);
  }

  toWorker(): { factor: number } {
    return { factor: this.#factor };
  }

  get length(): number {
    return 4;
  }

  override get(index: number): number {
    return index * this.#factor;
  }
}

/** Is not exported under a name that a worker could find. */
class Hidden extends Dataset<number> {
  static url: string = import.meta.url;

  get length(): number {
    return 4;
  }

  override get(index: number): number {
    return index;
  }
}

/** A dataset whose class this module does not export. */
export function hidden(): Dataset<number> {
  return new Hidden();
}

/** Has fields of every kind that can be sent. */
export class Fields extends Dataset<string> {
  static url: string = import.meta.url;
  files = ["a", "b"];
  nested: unknown[] = [[1, { deep: new OwnWay(3) }], null, undefined];
  table = new Map<string, unknown>([["x", 1], ["self", this]]);
  tags = new Set(["cat"]);
  host = new HostArray(Float32Array.of(1, 2), [2, 1]);
  bytes = Uint8Array.of(1, 2, 3);
  half = Float16Array.of(1.5);
  shared = new Int32Array(new SharedArrayBuffer(4));
  big = 2n ** 70n;
  when = new Date(0);
  pattern = /x+/g;
  where = new URL("https://example.com/");
  inner = new Noise(2);
  same = this.inner;

  get length(): number {
    return 1;
  }

  override get(): string {
    Atomics.add(this.shared, 0, 1);
    return JSON.stringify([
      this.files,
      this.nested[1] === null,
      this.table.get("self") === this,
      [...this.tags],
      this.host instanceof HostArray && this.host.shape,
      [...this.bytes],
      [...this.half],
      String(this.big),
      this.when.getTime(),
      this.pattern.source,
      this.where.href,
      this.inner instanceof Noise && this.inner === this.same,
    ]);
  }
}

/** Lists samples back to front. */
export class Backwards {
  static url: string = import.meta.url;

  call(samples: number[], { indices }: BatchContext): HostArray {
    if (indices.includes(20)) throw new Error("20 is not collated");
    return new HostArray(Int32Array.from(samples.reverse()));
  }
}

/** What a workerInit of the tests does. */
export class Init {
  static url: string = import.meta.url;
  readonly started = new Int32Array(new SharedArrayBuffer(16));
  readonly fails: boolean;

  constructor(fails = false) {
    this.fails = fails;
  }

  call(worker: number): void {
    if (this.fails) throw new Error(`worker ${worker} has no licence`);
    this.started[worker]!++;
  }
}

/** A dataset in memory that makes batches in lent memory. */
export class Batches extends Dataset<[HostArray, number]> {
  static url: string = import.meta.url;
  readonly length: number;

  constructor(length: number) {
    super();
    this.length = length;
  }

  override get(index: number, generator: Generator): [HostArray, number] {
    const values = [index, generator.random()];
    return [new HostArray(Float32Array.from(values)), index];
  }

  override getBatch(
    indices: readonly number[],
    context: BatchContext,
  ): [HostArray, HostArray] {
    const x = context.empty([indices.length, 2], "float32");
    for (const [position, index] of indices.entries()) {
      x.data[2 * position] = index;
      x.data[2 * position + 1] = context.generator(position).random();
    }
    return [x, new HostArray(Int32Array.from(indices))];
  }
}

/** Sample i: the number of workers, and whether one of them is asked. */
export class Who extends Dataset<[number, boolean]> {
  static url: string = import.meta.url;
  readonly length = 2;

  override get(): [number, boolean] {
    const info = workerInfo();
    return [info?.numWorkers ?? 0, info !== undefined && info.id < 2];
  }
}

/** The number i in a list; every third sample is null, every fifth throws. */
export class Holes extends Dataset<[number, HostArray] | null> {
  static url: string = import.meta.url;
  readonly length: number;
  readonly throws: boolean;

  constructor(length: number, throws = false) {
    super();
    this.length = length;
    this.throws = throws;
  }

  override get(
    index: number,
    generator: Generator,
  ): [number, HostArray] | null {
    if (index % 3 === 0) return null;
    if (this.throws && index % 5 === 0) throw new Error(`no file ${index}`);
    return [index, new HostArray(Float32Array.of(generator.random()))];
  }
}

/** Holes as pairs of nulls. */
export class PairHoles extends Holes {
  static override url: string = import.meta.url;

  override get(
    index: number,
    generator: Generator,
  ): [number, HostArray] | null {
    const pair = super.get(index, generator);
    return pair ?? [null, null] as unknown as null; // as tutorials write it
  }
}

/** What a sample may hold besides arrays with shapes. */
export interface Mixed {
  bare: Float32Array;
  precise: Float64Array;
  when: Date;
  flag: boolean;
  big: bigint;
  none: null;
}

/** One sample of all sorts. */
export class Mixture extends Dataset<Mixed> {
  static url: string = import.meta.url;
  readonly length = 1;

  override get(): Mixed {
    return {
      bare: Float32Array.of(1, 2),
      precise: Float64Array.of(0.1),
      when: new Date(0),
      flag: true,
      big: 2n ** 70n,
      none: null,
    };
  }
}

/** The index of a sample, its label and the number that its array begins with. */
export class Summary {
  static url: string = import.meta.url;

  call([x, label]: [HostArray, number], { indices }: BatchContext): number[] {
    return [...indices, label, x.data[0]!];
  }
}

/** One sample: all that its fields hold, as JSON. */
export class Telling extends Dataset<string> {
  static url: string = import.meta.url;
  readonly length = 1;
  epoch = 0;
  files: string[] = ["a", "b"];
  bytes: Uint8Array = Uint8Array.of(1, 2, 3, 4, 5);
  array: HostArray = new HostArray(Float32Array.of(1, 2));
  nested: { list: { x: number }[] } = { list: [{ x: 0 }] };
  names: Map<string, number> = new Map([["a", 1]]);
  kinds: Set<string> = new Set();
  when: Date = new Date(0);
  buffer: ArrayBuffer = new ArrayBuffer(3);
  shared: Int32Array = new Int32Array(new SharedArrayBuffer(4));

  tell(): unknown {
    return {
      epoch: this.epoch,
      files: this.files,
      bytes: [...this.bytes],
      array: [...this.array.data],
      nested: this.nested,
      names: [...this.names],
      kinds: [...this.kinds],
      when: this.when.getTime(),
      buffer: [...new Uint8Array(this.buffer)],
      shared: [...this.shared],
    };
  }

  override get(): string {
    return JSON.stringify(this.tell());
  }
}

/** One number of each worker. */
export class TellingStream extends IterableDataset<number> {
  static url: string = import.meta.url;
  epoch = 0;

  override *iterate(): Iterable<number> {
    yield this.epoch;
  }
}

/** A number and another one. */
export class Plus {
  static url: string = import.meta.url;
  by: number;

  constructor(by: number) {
    this.by = by;
  }

  call(x: number): number {
    return x + this.by;
  }
}

/** Twice a number. */
export class Twice {
  static url: string = import.meta.url;

  call(x: number): number {
    if (typeof x !== "number") throw new TypeError(`got ${x}`);
    return 2 * x;
  }
}

/** Sample i: i + 1 numbers i, and i. */
export class Sentences extends Dataset<{ words: HostArray; label: number }> {
  static url: string = import.meta.url;
  readonly length = 4;

  override get(index: number): { words: HostArray; label: number } {
    const words = new Int32Array(index + 1).fill(index);
    return { words: new HostArray(words), label: index };
  }
}

/** The numbers below n that are this worker's, each with two random numbers. */
export class Stream extends IterableDataset<[number, HostArray]> {
  static url: string = import.meta.url;
  override readonly length: number;
  readonly isSync: boolean;

  constructor(length: number, isSync = false) {
    super();
    this.length = length;
    this.isSync = isSync;
  }

  override iterate(
    context: StreamContext,
  ): Iterable<[number, HostArray]> | AsyncIterable<[number, HostArray]> {
    const samples = shareOf(this.length, context);
    return this.isSync ? samples : slowly(samples);
  }
}

function* shareOf(
  length: number,
  { generator, order }: StreamContext,
): Iterable<[number, HostArray]> {
  const { id, numWorkers } = workerInfo() ?? { id: 0, numWorkers: 1 };
  const common = order.random();
  for (let i = id; i < length; i += numWorkers) {
    yield [i, new HostArray(Float32Array.of(common, generator.random()))];
  }
}

async function* slowly<T>(items: Iterable<T>): AsyncIterable<T> {
  for (const item of items) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield item;
  }
}

/** In worker w: w * 10 and the w numbers that follow. */
export class Uneven extends IterableDataset<number> {
  static url: string = import.meta.url;

  override *iterate(): Iterable<number> {
    const id = workerInfo()?.id ?? 0;
    for (let i = 0; i <= id; i++) yield id * 10 + i;
  }
}

/** What is wrong with a `FaultyStream` after two samples. */
export type StreamFault = "throw" | "endless" | "wait";

/** The numbers 0 and 1, and then a fault. */
export class FaultyStream extends IterableDataset<number> {
  static url: string = import.meta.url;
  readonly fault: StreamFault;
  /** Whether the generator came to its end, in shared memory. */
  readonly ended = new Int32Array(new SharedArrayBuffer(4));

  constructor(fault: StreamFault) {
    super();
    this.fault = fault;
  }

  override async *iterate(): AsyncIterable<number> {
    try {
      yield* [0, 1];
      if (this.fault === "throw") throw new SyntaxError("line 2 has no value");
      if (this.fault === "wait") await new Promise(() => {});
      for (;;) yield 2;
    } finally {
      this.ended[0] = 1;
    }
  }
}

/** Adds a random number to the first item of a sample. */
export class Jitter {
  static url: string = import.meta.url;

  call(
    [x]: [HostArray, ...unknown[]],
    generator: Generator,
  ): [HostArray, number] {
    return [x, generator.random()];
  }
}

/** Posts something to main instead of sample 17. */
export class Garbage extends Dataset<number> {
  static url: string = import.meta.url;
  readonly length = 40;
  readonly posted: unknown;

  constructor(posted: unknown) {
    super();
    this.posted = posted;
  }

  override get(index: number): number {
    if (index === 17) parentPort?.postMessage(this.posted);
    return index;
  }
}

/** Has another number of samples than it says, which may be no number. */
export class Liar extends Dataset<number> {
  static url: string = import.meta.url;
  readonly items = [0, 1, 2, 3];
  readonly says: number;

  constructor(says: number) {
    super();
    this.says = says;
  }

  get length(): number {
    return this.says;
  }

  override get(index: number): number {
    return this.items[index]!; // a dataset that does not look
  }
}

/** Says on main that it has 40 samples, and in workers 4. */
export class Shrinking extends Dataset<number> {
  static url: string = import.meta.url;

  get length(): number {
    return workerInfo() ? 4 : 40;
  }

  override get(index: number): number {
    return index;
  }
}

/** Asks for more memory than there is at its sample 2. */
export class Hoarder extends Dataset<number> {
  static url: string = import.meta.url;
  readonly length = 4;

  override get(index: number): number {
    if (index === 2) new ArrayBuffer(2 ** 52);
    return index;
  }
}
