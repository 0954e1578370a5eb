/**
 * What a training step of the bench's models asks of the GPU, in numbers that
 * no machine changes. Never times. What each number guards:
 *
 * - `dispatches`: fusion, and kernels that do several ops at once. Each costs
 *   some microseconds of the host and a pass over memory.
 * - `submissions`: the stream, which sends commands in few large parts.
 * - `uploads`, `readbacks`: a step that waits for the host or for the GPU.
 * - `pipelines`, `compiledKiB`: the first step of a program. Drivers compile for
 *   longer where there are more kernels, or larger ones; a large kernel that
 *   comes in one more variant shows in `compiledKiB`.
 * - `latePipelines`: sizes or counters that got into a kernel's text, so that
 *   each step compiles.
 * - `peakBytes`: the largest model and batch that fit.
 * - `liveBytes`: tensors that nobody frees.
 *
 *     deno run -P=tools tests/bench/count_steps.ts --update    writes the table
 *     deno run -P=tools tests/bench/count_steps.ts MODEL MODE  one row, in JSON
 *
 * Kernels are those of adapters that compute on the CPU, whatever the adapter.
 * Each row is counted in a process of its own, as pipelines are shared in one.
 *
 * @module
 */

import { scope } from "@kindling/kindling";

import { prepareSteps } from "../../bench/libraries/kindling.ts";
import { makeStep } from "../../bench/libraries/kindling_models.ts";
import { trainingJob } from "../../bench/workloads/models.ts";
import { overrideAdapterClass } from "../../src/gpu/device.ts";
import { compiledTexts, pipelineCount } from "../../src/gpu/pipelines.ts";
import { memory } from "../../src/gpu/pool.ts";
import { readCounts } from "../../src/gpu/readback.ts";
import { streamCounts } from "../../src/gpu/stream.ts";

/** The models, with batches that keep counting quick. */
const BATCHES = { mlp: 128, lenet: 64, cnn: 64, "resnet18-cifar": 2 } as const;

/** What is counted of. */
export type CountedModel = keyof typeof BATCHES;

/** Whether steps run op by op or compiled. */
export type Mode = "eager" | "compiled";

/** What one step takes after some others, and what there was in all. */
export interface Counts {
  /** In a step. */
  readonly dispatches: number;
  readonly submissions: number;
  readonly uploads: number;
  readonly readbacks: number;
  /** Compiled since the process began. */
  readonly pipelines: number;
  /** Compiled in the counted step: not one, if shapes repeat. */
  readonly latePipelines: number;
  /** The pipelines' WGSL without comments and spaces, in KiB. */
  readonly compiledKiB: number;
  /** Bytes that were live at one time, and that are after the step. */
  readonly peakBytes: number;
  readonly liveBytes: number;
}

/** Counts by model and mode. */
export type CountTable = Record<CountedModel, Record<Mode, Counts>>;

/** Where the counts are kept. */
export const TABLE: URL = new URL("./counts.json", import.meta.url);
/** How the counts are written. */
export const UPDATE = "deno run -P=tools tests/bench/count_steps.ts --update";

/** The models and modes, each pair once. */
export const CASES: readonly (readonly [CountedModel, Mode])[] = [
  "mlp" as const,
  "lenet" as const,
  "cnn" as const,
  "resnet18-cifar" as const,
].flatMap((model) => [[model, "eager"], [model, "compiled"]] as const);

/** Steps before the one that counts: compiling takes the first two. */
const STEPS_BEFORE = 4;

/** Counts in this process. */
async function count(model: CountedModel, mode: Mode): Promise<Counts> {
  overrideAdapterClass("cpu");
  const job = trainingJob(model, BATCHES[model], "sgd", 0.01);
  const { images, labels, ...made } = scope(() => makeStep(job));
  const step = prepareSteps(mode === "eager")(made.step);
  const losses: number[] = [];
  for (let i = 0; i < STEPS_BEFORE; i++) {
    // a scope frees at once what the collector would free at its own time
    await scope(async () => losses.push(await step(images, labels).item()));
  }
  if (!losses.every(Number.isFinite)) throw new Error(`Losses are ${losses}`);
  const before = { ...streamCounts(), readbacks: readCounts().maps };
  const pipelines = pipelineCount();
  scope(() => void step(images, labels));
  const after = { ...streamCounts(), readbacks: readCounts().maps };
  const { peak, live } = memory();
  return {
    dispatches: after.dispatches - before.dispatches,
    submissions: after.submissions - before.submissions,
    uploads: after.uploads - before.uploads,
    readbacks: after.readbacks - before.readbacks,
    pipelines: pipelineCount(),
    latePipelines: pipelineCount() - pipelines,
    compiledKiB: compiledKiB(),
    peakBytes: peak,
    liveBytes: live,
  };
}

/** Size of what was compiled in this process. */
function compiledKiB(): number {
  let size = 0;
  for (const text of compiledTexts()) {
    size += text.replaceAll(/\/\/.*|\s+/g, "").length; // WGSL is ASCII but there
  }
  return Math.round(size / 1024);
}

/** Counts in a process of its own. */
export async function countInChild(
  model: CountedModel,
  mode: Mode,
): Promise<Counts> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-all",
      "--no-lock",
      import.meta.url,
      model,
      mode,
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout)); // our own child's line
}

/** The counts that were written. */
export async function readTable(): Promise<CountTable> {
  return JSON.parse(await Deno.readTextFile(TABLE)); // as --update writes it
}

async function update(): Promise<void> {
  const rows: Partial<Record<CountedModel, Partial<Record<Mode, Counts>>>> = {};
  for (const [model, mode] of CASES) {
    const row = rows[model] ??= {};
    row[mode] = await countInChild(model, mode);
  }
  await Deno.writeTextFile(TABLE, `${JSON.stringify(rows, undefined, 2)}\n`);
}

if (import.meta.main) {
  const [first, second] = Deno.args;
  const found = CASES.find(([model, mode]) =>
    model === first && mode === second
  );
  if (first === "--update") await update();
  else if (found) {
    const line = `${JSON.stringify(await count(...found))}\n`;
    Deno.stdout.writeSync(new TextEncoder().encode(line));
  } else {
    throw new RangeError(
      `Cannot count "${Deno.args.join(" ")}": expected --update or one of ` +
        CASES.map((each) => each.join(" ")).join(", "),
    );
  }
}
