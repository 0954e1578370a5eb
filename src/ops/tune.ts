/**
 * Measuring kernels: an op's candidates at the sizes that a program has, once, and
 * the winners kept for this adapter. Times are in milliseconds.
 *
 * @module
 */

import { gpu } from "../gpu/device.ts";
import type { Plan } from "../gpu/plan.ts";
import { dispatch, excessOf, submit } from "../gpu/stream.ts";
import { scope } from "../tensor/scope.ts";
import { scratch } from "./define.ts";
import { measured, type OpenSite, sitesOf, winnersFile } from "./tuned.ts";

/** What `tune` found of one op at some sizes. */
export interface Tuned {
  /** The op and its sizes. */
  readonly site: string;
  /** The kernel that is used from now on. */
  readonly winner: string;
  /** Milliseconds of every candidate. */
  readonly times: Readonly<Record<string, number>>;
}

const ROUNDS = 3;
/** Work that is queued before it is waited for: Deno answers every 10 ms or so. */
const WINDOW_MS = 60;
const MOST_RUNS = 200;

/**
 * Runs `body`, measures the kernels that could do what it did, and keeps the
 * fastest in the cache folder, for this adapter. From now on this process uses
 * them; others do that are started with `KINDLING_TUNE=1` in their environment.
 * Convolutions and matrix products have kernels to choose from. What was measured
 * before is not measured again.
 *
 * Sums may be added in another order by another kernel: results change by
 * roundings. Memory for one op's operands is needed on top of what `body` holds.
 *
 * @returns What was measured, op by op
 * @throws {Error} If another call is at work
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

// The least of some rounds, in which the candidates take turns.
async function measure(site: OpenSite): Promise<Record<string, number>> {
  const operands = site.operands.map((size) => scratch([size]).storage);
  const jobs = site.candidates.map((name) => ({
    name,
    plans: site.plan(name, operands, (size) => scratch([size]).storage),
    runs: 1,
    best: Infinity,
  })).filter(({ plans }) => !plans.some(excessOf)); // such sites go in parts
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
