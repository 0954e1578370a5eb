/**
 * The profiler: times of kernels by the GPU's own clock.
 *
 * Every dispatch gets a pass of its own with a time stamp before and after. That
 * costs time by itself, so compare kernels, not totals.
 *
 * @module
 */

import { gpu } from "./device.ts";
import { submit, watchPasses } from "./stream.ts";

/** Most dispatches of one profile. */
const MAX_DISPATCHES = 2048; // a query set has 4,096 stamps at most

/** Count and time of one kernel's dispatches. */
export interface KernelTime {
  /** The kernel's name. */
  readonly name: string;
  /** Number of dispatches. */
  readonly dispatches: number;
  /** Milliseconds of all dispatches. */
  readonly ms: number;
}

/** GPU time of a function, by kernel. */
export class Profile {
  /** Times by kernel, the slowest first. */
  readonly kernels: readonly KernelTime[];
  /** Milliseconds of all kernels. */
  readonly ms: number;

  /** @internal */
  constructor(kernels: readonly KernelTime[]) {
    this.kernels = kernels;
    this.ms = kernels.reduce((sum, { ms }) => sum + ms, 0);
  }

  /** Returns a table of kernels. */
  toString(): string {
    const rows = this.kernels.map(({ name, dispatches, ms }) => [
      name,
      String(dispatches),
      ms.toFixed(3),
      `${(100 * ms / (this.ms || 1)).toFixed(1)} %`,
    ]);
    rows.unshift(["kernel", "dispatches", "ms", "share"]);
    const widths = rows[0]!.map((_, column) =>
      Math.max(...rows.map((row) => row[column]!.length))
    );
    return rows.map((row) =>
      row.map((cell, column) =>
        column === 0
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!)
      ).join("  ")
    ).join("\n");
  }

  /** Returns the table for `console.log`. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/**
 * Runs `fn` once and returns the time of each kernel.
 *
 * @throws {Error} If the adapter has no clock (the feature "timestamp-query"), or
 * another profile is running
 * @throws {RangeError} If there are more than 2,048 dispatches
 *
 * @example The kernels of a product and a sum
 * ```ts
 * import { ones, profile } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const x = ones([64, 64]);
 * const { kernels } = await profile(() => x.matmul(x).sum());
 * assertEquals(kernels.some(({ name }) => name.startsWith("matmul")), true);
 * ```
 */
export async function profile(fn: () => unknown): Promise<Profile> {
  const { device } = gpu();
  if (!device.features.has("timestamp-query")) {
    throw new Error(
      `Cannot profile on "${gpu().name}": it has no timestamp-query`,
    );
  }
  const count = 2 * MAX_DISPATCHES;
  const querySet = device.createQuerySet({ type: "timestamp", count });
  try {
    const names = await watch(fn, querySet);
    const stamps = await readStamps(querySet, 2 * names.length);
    return new Profile(sumUp(names, stamps));
  } finally {
    querySet.destroy();
  }
}

// Runs `fn` and returns the kernel behind each pair of stamps.
async function watch(
  fn: () => unknown,
  querySet: GPUQuerySet,
): Promise<string[]> {
  const names: string[] = [];
  const stop = watchPasses((name) => {
    if (names.length === MAX_DISPATCHES) {
      throw new RangeError(
        `Cannot profile more than ${MAX_DISPATCHES} dispatches: profile a ` +
          `part of the function`,
      );
    }
    const at = 2 * names.length;
    names.push(name);
    return {
      querySet,
      beginningOfPassWriteIndex: at,
      endOfPassWriteIndex: at + 1,
    };
  });
  try {
    await fn();
  } finally {
    stop();
    submit(); // recorded passes still write to the query set
  }
  return names;
}

async function readStamps(
  querySet: GPUQuerySet,
  count: number,
): Promise<BigUint64Array> {
  if (count === 0) return new BigUint64Array(0);
  const { device } = gpu();
  const size = count * BigUint64Array.BYTES_PER_ELEMENT;
  const resolved = device.createBuffer({
    size,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
  resolved.destroy();
  staging.destroy();
  return stamps;
}

function sumUp(
  names: readonly string[],
  stamps: BigUint64Array,
): KernelTime[] {
  const kernels = new Map<string, { dispatches: number; ms: number }>();
  names.forEach((name, i) => {
    const sum = kernels.get(name) ?? { dispatches: 0, ms: 0 };
    sum.dispatches++;
    sum.ms += Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6; // nanoseconds
    kernels.set(name, sum);
  });
  return [...kernels].map(([name, sum]) => ({ name, ...sum }))
    .sort((a, b) => b.ms - a.ms);
}
