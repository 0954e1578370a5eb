/**
 * What the options of a DataLoader come to: which of them exclude each other,
 * their defaults, and the sampler of batches that they say.
 *
 * @module
 */

import { formatValue } from "../../tensor/arguments.ts";
import { checkSeed } from "../../tensor/philox.ts";
import { checkCount } from "../checks/check.ts";
import { BatchSampler } from "../samplers/batch.ts";
import { collate } from "../collate/collate.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { collateEach } from "../collate/each_sample.ts";
import type { AnyCollate } from "../collate/batch.ts";
import { isStream, type IterableDataset } from "../datasets/iterable.ts";
import {
  checkOptions,
  isGiven,
  type Kind,
  KINDS,
  withExample,
} from "../checks/kinds.ts";
import type { AnyLoaderOptions, DataLoaderOptions } from "./options.ts";
import { replaceBroken, skipBroken } from "../collate/nulls.ts";
import { RandomSampler } from "../samplers/random.ts";
import { type Sampler, SequentialSampler } from "../samplers/sampler.ts";
import { StreamBatches } from "./stream_batches.ts";

/** Options with their defaults, and the sampler they come to. */
export interface ResolvedOptions {
  /** What gives the batches. */
  readonly batchSampler: Sampler<readonly number[]> | StreamBatches;
  /** What the epoch and the seed are told to: the innermost sampler we know. */
  readonly order: Pick<Sampler<unknown>, "epoch" | "seed">;
  readonly numWorkers: number;
  readonly timeout: number;
  readonly prefetchFactor: number;
  readonly persistentWorkers: boolean;
  readonly seed: number | undefined;
  readonly resident: boolean | "auto";
  /** Makes the batches; undefined: the default one. */
  readonly collate: AnyCollate | undefined;
}

/** The options that say which batches there are. */
interface OrderOptions extends
  Pick<
    DataLoaderOptions<unknown, unknown>,
    "shuffle" | "sampler" | "batchSampler" | "dropLast"
  > {
  readonly batchSize?: number | null;
}

/** All options, and what each has to be. */
const OPTIONS = {
  batchSize: KINDS.number,
  shuffle: KINDS.boolean,
  sampler: withExample(KINDS.sampler, "[2, 0, 1]"),
  batchSampler: withExample(KINDS.sampler, "[[2, 0], [1]]"),
  numWorkers: KINDS.number,
  collate: withExample(KINDS.callable, "collate.padded()"),
  transform: withExample(KINDS.callable, "T.toFloat()"),
  dropLast: KINDS.boolean,
  timeout: KINDS.number,
  workerInit: withExample(KINDS.callable, "new Init()"),
  prefetchFactor: KINDS.number,
  persistentWorkers: KINDS.boolean,
  generator: KINDS.generator,
  seed: KINDS.number,
  batchTransform: withExample(KINDS.callable, "(batch) => batch.mul(2)"),
  resident: {
    is: (value) => value === "auto" || typeof value === "boolean",
    expected: 'true, false or "auto"',
  },
  signal: KINDS.signal,
} as const satisfies Record<keyof DataLoaderOptions<unknown, unknown>, Kind>;

/** What makes a collate and is none, as it is to be written. */
const COLLATE_MAKERS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [collate.skipNulls, "collate.skipNulls()"],
  [collate.replaceNulls, "collate.replaceNulls()"],
  [collate.padded, "collate.padded()"],
  [skipBroken, "skipBroken()"],
  [replaceBroken, "replaceBroken()"],
]);

/** The options that say which batches a stream becomes. */
type StreamOptions =
  & Pick<OrderOptions, "batchSize" | "dropLast">
  & Pick<DataLoaderOptions<unknown, unknown>, "numWorkers">;

/** The options that are of no use without workers. */
const WORKER_OPTIONS = ["prefetchFactor", "persistentWorkers"] as const;

/** The options that say which samples come when. */
const ORDER_OPTIONS = ["shuffle", "sampler", "batchSampler"] as const;

/** Pairs of options that say the same thing twice. */
const EXCLUSIVE = [
  ["batchSampler", "batchSize"],
  ["batchSampler", "shuffle"],
  ["batchSampler", "sampler"],
  ["batchSampler", "dropLast"],
  ["sampler", "shuffle"],
] as const;

/**
 * Checks options against each other and fills in defaults.
 *
 * @throws {TypeError} If two of them exclude each other, or one does not exist
 * or is of another type
 * @throws {RangeError} If one is outside its range
 */
export function resolveOptions<Sample, Batch>(
  dataset: Dataset<Sample> | IterableDataset<Sample>,
  options: AnyLoaderOptions<Sample, Batch>,
): ResolvedOptions {
  checkOptions("DataLoader", options, OPTIONS);
  checkBrackets(options.collate);
  if (isStream(dataset)) checkStream(dataset, options);
  checkExclusions(options);
  const {
    numWorkers = 0,
    timeout = 120,
    prefetchFactor = 2,
    persistentWorkers = false,
    resident = "auto",
  } = options;
  checkCount("numWorkers", numWorkers, 0);
  checkCount("prefetchFactor", prefetchFactor, 1);
  if (!(timeout >= 0)) {
    throw new RangeError(
      `Cannot use ${timeout} as timeout: expected seconds, 0 or more`,
    );
  }
  if (numWorkers === 0) {
    const useless = WORKER_OPTIONS.find((name) => isChosen(options[name]));
    if (useless) {
      throw new TypeError(
        `Cannot use ${useless} without workers: numWorkers is 0`,
      );
    }
  }
  if (resident === true && isUnbatched(options)) {
    throw new TypeError(
      "Cannot use resident with batchSize null: rows are selected for batches",
    );
  }
  if (resident === true && (numWorkers > 0 || options.collate)) {
    throw new TypeError(
      `Cannot use resident with ${options.collate ? "collate" : "numWorkers"}` +
        `: rows are selected on the GPU, nothing is left to do`,
    );
  }
  const batchSampler = isStream(dataset)
    ? streamBatchesOf(dataset, options)
    : batchSamplerOf(dataset, options);
  return {
    batchSampler,
    order: batchSampler instanceof BatchSampler
      ? batchSampler.sampler
      : batchSampler instanceof StreamBatches
      ? {}
      : batchSampler,
    numWorkers,
    timeout,
    prefetchFactor,
    persistentWorkers,
    seed: options.seed === undefined ? undefined : checkSeed(options.seed),
    resident,
    collate: isUnbatched(options)
      ? collateEach(options.collate)
      // samples are of the dataset, and the batch goes to whom its type is known
      : options.collate as AnyCollate | undefined,
  };
}

/** Whether an option says something: false is what it is without being given. */
function isChosen(value: unknown): boolean {
  return isGiven(value) && value !== false;
}

function checkBrackets(given: unknown): void {
  const written = COLLATE_MAKERS.get(given);
  if (written === undefined) return;
  throw new TypeError(
    `Cannot use what makes a collate as collate: give it with the brackets: ` +
      written,
  );
}

function checkStream(
  dataset: IterableDataset<unknown>,
  options: OrderOptions & { readonly resident?: boolean | "auto" },
): void {
  const name = dataset.constructor.name;
  const wrong = ORDER_OPTIONS.find((option) => isChosen(options[option]));
  if (wrong) {
    throw new TypeError(
      `Cannot use ${wrong} with ${name}: an IterableDataset gives its samples ` +
        `in its own order`,
    );
  }
  if (options.resident === true) {
    throw new TypeError(
      `Cannot keep ${name} on the GPU: an IterableDataset has no rows`,
    );
  }
}

function streamBatchesOf(
  dataset: IterableDataset<unknown>,
  { batchSize, dropLast = false, numWorkers = 0 }: StreamOptions,
): StreamBatches {
  const size = checkCount("a batch size", batchSize ?? 1, 1);
  return new StreamBatches(dataset, size, { dropLast, numWorkers });
}

/** Whether a loader with these options gives samples as they are. */
export function isUnbatched(
  options: { readonly batchSize?: number | null },
): boolean {
  return options.batchSize === null;
}

function checkExclusions(options: OrderOptions): void {
  if (isUnbatched(options)) {
    const useless = (["batchSampler", "dropLast"] as const)
      .find((name) => isChosen(options[name]));
    if (useless) {
      throw new TypeError(
        `Cannot use ${useless} with batchSize null: samples are given as they ` +
          `are, there are no batches`,
      );
    }
  }
  for (const [one, other] of EXCLUSIVE) {
    if (isChosen(options[one]) && isChosen(options[other])) {
      throw new TypeError(
        `Cannot use both ${one} and ${other}: ${one} already says ` +
          (other === "shuffle" ? "the order" : "which samples make a batch"),
      );
    }
  }
}

function batchSamplerOf(
  dataset: { readonly length: number },
  options: OrderOptions,
): Sampler<readonly number[]> {
  if (options.batchSampler) return options.batchSampler;
  const { batchSize, shuffle = false, dropLast = false } = options;
  const sampler = options.sampler ??
    (shuffle ? new RandomSampler(dataset) : new SequentialSampler(dataset));
  return new BatchSampler(sampler, batchSize ?? 1, { dropLast });
}

/** Batches in one epoch, if it is certain: what a stream says is an estimate. */
export function certainLength(
  { batchSampler }: Pick<ResolvedOptions, "batchSampler">,
): number | undefined {
  if (batchSampler instanceof StreamBatches) return undefined;
  const isEndless = batchSampler instanceof BatchSampler &&
    batchSampler.sampler.length === undefined;
  return isEndless ? undefined : batchSampler.length;
}

/**
 * Checks by what it has, as types do: it may come from another copy of Kindling.
 *
 * @throws {TypeError} If it is no dataset
 */
export function checkDataset(dataset: unknown): void {
  if (!KINDS.dataset.is(dataset) && !KINDS.stream.is(dataset)) {
    throw new TypeError(
      `Cannot load samples of ${formatValue(dataset)}: expected a Dataset, ` +
        `with get and length, or an IterableDataset, with iterate`,
    );
  }
}
