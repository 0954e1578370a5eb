/**
 * Timing: how often something runs, and what a line of output says of it.
 *
 * WebGPU in Deno answers only every 10 ms or so, so operations are queued until
 * some 400 ms of work are under way and only then waited for.
 *
 * @module
 */

// deno-lint-ignore-file camelcase -- the fields of a line

import { setImmediate } from "node:timers";

import type { Library, Line } from "./library.ts";
import { medianOf, rounded } from "./statistics.ts";

/** Work that is queued before it is waited for, in milliseconds. */
const WINDOW_MS = 400;
const SAMPLES = 7;
const MAX_QUEUED = 256;

/** What a workload computes or moves, for rates. */
export interface Work {
  readonly flops?: number;
  readonly bytes?: number;
  readonly samples?: number;
}

/** Times operations of a library and hands out a line each. */
export class Timer<T> {
  readonly library: Library<T>;
  /** Milliseconds that the samples of one workload may take. */
  readonly budgetMs: number;
  readonly #emit: (line: Line) => void;

  constructor(
    library: Library<T>,
    budgetMs: number,
    emit: (line: Line) => void,
  ) {
    this.library = library;
    this.budgetMs = budgetMs;
    this.#emit = emit;
  }

  /** Hands out a line. */
  emit(workload: string, fields: Readonly<Record<string, unknown>>): void {
    // a line's fields are numbers, strings and flags, as its type says
    this.#emit({ peer: this.library.name, workload, ...fields } as Line);
  }

  /** Times an operation that leaves its results on the device. */
  async operation(
    workload: string,
    run: () => T | T[],
    work: Work = {},
  ): Promise<void> {
    const { library } = this;
    const batch = async (count: number): Promise<number> => {
      const start = performance.now();
      let last: T[] = [];
      for (let i = 0; i < count; i++) {
        library.free(...last);
        last = [run()].flat() as T[]; // of T, of which no adapter makes arrays
        if (library.isLazy) {
          for (const each of last) await library.sync(each);
        }
      }
      await library.sync(last.at(-1)!);
      const elapsed = performance.now() - start;
      library.free(...last);
      return elapsed / count;
    };
    await batch(1); // compiles
    let count = 1;
    for (let trial = 0; trial < 2; trial++) {
      const each = await batch(count);
      if (each > this.budgetMs) return this.report(workload, [each], work);
      count = Math.max(1, Math.min(MAX_QUEUED, Math.ceil(WINDOW_MS / each)));
    }
    this.report(workload, await this.samples(() => batch(count)), work);
  }

  /** Samples until there are enough or the time is over: one at least. */
  async samples(sample: () => Promise<number>): Promise<number[]> {
    const times: number[] = [];
    const end = performance.now() + this.budgetMs;
    do times.push(await sample()); while (
      times.length < SAMPLES && performance.now() < end
    );
    return times;
  }

  /** Hands out what the samples of a workload say, in milliseconds. */
  report(
    workload: string,
    times: readonly number[],
    { flops, bytes, samples }: Work = {},
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    const median = medianOf(times);
    this.emit(workload, {
      median_ms: rounded(median),
      min_ms: rounded(Math.min(...times)),
      ...(flops ? { gflops: rounded(flops / median / 1e6) } : {}),
      ...(bytes ? { gbps: rounded(bytes / median / 1e6) } : {}),
      ...(samples ? { samples_per_s: Math.round(samples * 1e3 / median) } : {}),
      n: times.length,
      ...fields,
    });
  }
}

/** A turn of the event loop, as a loader gives it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Memory of this process in mebibytes: now, and the most there was. */
export async function residentMemory(): Promise<{
  readonly rss_mb: number;
  readonly peak_rss_mb?: number;
}> {
  const rss_mb = Math.round(Deno.memoryUsage().rss / 2 ** 20);
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status); // Linux alone says it
  return peak
    ? { rss_mb, peak_rss_mb: Math.round(Number(peak[1]) / 1024) }
    : { rss_mb };
}
