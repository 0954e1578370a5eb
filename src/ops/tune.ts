/**
 * Tuning: measures an op's candidate kernels at a program's sizes, once, and
 * keeps the winners for this adapter. Times are in milliseconds.
 *
 * @module
 */

import { gpu } from "../gpu/device.ts";
import type { Plan } from "../gpu/plan.ts";
import { dispatch, excessOf, submit } from "../gpu/stream.ts";
import { scope } from "../tensor/scope.ts";
import { scratch } from "./define.ts";
import { measured, type OpenSite, sitesOf, winnersFile } from "./tuned.ts";

/** Result of `tune` for one op at some sizes. */
export interface Tuned {
  /** The op and its sizes. */
  readonly site: string;
  /** The fastest kernel, used from now on. */
  readonly winner: string;
  /** Milliseconds of every candidate. */
  readonly times: Readonly<Record<string, number>>;
}

const ROUNDS = 3;
/** Work queued per wait: Deno reports completion only every 10 ms or so. */
const WINDOW_MS = 60;
const MOST_RUNS = 200;

/**
 * Runs `body` and measures the candidate kernels of its convolutions and matrix
 * products. The cache folder keeps the fastest for this adapter. This process
 * uses them from now on; other processes use them if `KINDLING_TUNE=1` is in
 * their environment. Ops measured before are skipped.
 *
 * Another kernel may add in another order, so results can change by rounding.
 * Measuring needs memory for one op's operands, besides that of `body`.
 *
 * @returns The measurements, op by op
 * @throws {Error} If another call of `tune` is running
 * @throws As `cacheFolder` does, and if its file cannot be written
 *
 * @example Measuring what a model does before it is trained
 * ```ts
 * import { nn, tune, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * Deno.env.set("KINDLING_HOME", await Deno.makeTempDir());
 * const model = new nn.Conv2d(2, 4, 3);
 * const found = await tune(() => model.call(zeros([1, 2, 8, 8])));
 * assertEquals(found.every(({ winner, times }) => winner in times), true);
 * ```
 */
export async function tune(body: () => unknown): Promise<readonly Tuned[]> {
  const sites = await sitesOf(body);
  const winners = measured();
  const found: Tuned[] = [];
  for (const site of sites) {
    if (winners.has(site.key)) continue;
    const times = await scope(() => measure(site));
    const [winner] = Object.keys(times).sort((a, b) => times[a]! - times[b]!);
    if (winner === undefined) continue;
    winners.set(site.key, winner);
    found.push({ site: site.key, winner, times });
  }
  if (found.length > 0) {
    const file = winnersFile();
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    const text = JSON.stringify(Object.fromEntries(winners), undefined, 1);
    await Deno.writeTextFile(`${file}.part`, text);
    await Deno.rename(`${file}.part`, file);
  }
  return found;
}

// Returns each candidate's least time over rounds in which they take turns.
async function measure(site: OpenSite): Promise<Record<string, number>> {
  const operands = site.operands.map((size) => scratch([size]).storage);
  const jobs = site.candidates.map((name) => ({
    name,
    plans: site.plan(name, operands, (size) => scratch([size]).storage),
    runs: 1,
    best: Infinity,
  })).filter(({ plans }) => !plans.some(excessOf)); // these run in parts
  for (const job of jobs) {
    await timeOf(job.plans, 1); // compiles
    const once = await timeOf(job.plans, 4) / 4;
    job.runs = Math.min(MOST_RUNS, Math.ceil(WINDOW_MS / once));
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const job of jobs) {
      const time = await timeOf(job.plans, job.runs) / job.runs;
      job.best = Math.min(job.best, time);
    }
  }
  return Object.fromEntries(jobs.map(({ name, best }) => [name, best]));
}

async function timeOf(plans: readonly Plan[], runs: number): Promise<number> {
  const start = performance.now();
  for (let run = 0; run < runs; run++) plans.forEach(dispatch);
  submit();
  await gpu().device.queue.onSubmittedWorkDone();
  return performance.now() - start;
}
