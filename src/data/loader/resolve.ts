/**
 * The resolution of a DataLoader's options: checks, defaults, and the batch
 * sampler that they describe.
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
  type ArgumentKind,
  checkOptions,
  KINDS,
  withExample,
} from "../checks/kinds.ts";
import type { AnyLoaderOptions, DataLoaderOptions } from "./options.ts";
import { replaceBroken, skipBroken } from "../collate/nulls.ts";
import { RandomSampler } from "../samplers/random.ts";
import { type Sampler, SequentialSampler } from "../samplers/sampler.ts";
import { StreamBatches } from "./stream_batches.ts";
import { isPresent } from "../checks/values.ts";

/** Options with their defaults, and the batch sampler that they describe. */
export interface ResolvedOptions {
  /** The indices of the batches, or the requests for those of a stream. */
  readonly batchSampler: Sampler<readonly number[]> | StreamBatches;
  /** The innermost known sampler, which takes the epoch and the seed. */
  readonly order: Pick<Sampler<unknown>, "epoch" | "seed">;
  readonly numWorkers: number;
  readonly timeout: number;
  readonly prefetchFactor: number;
  readonly persistentWorkers: boolean;
  readonly seed: number | undefined;
  readonly resident: boolean | "auto";
  /** The user's collate; undefined means the default one. */
  readonly collate: AnyCollate | undefined;
}

/** The options that decide the batches. */
interface OrderOptions extends
  Pick<
    DataLoaderOptions<unknown, unknown>,
    "shuffle" | "sampler" | "batchSampler" | "dropLast"
  > {
  readonly batchSize?: number | null;
}

/** The kinds of all options. */
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
} as const satisfies Record<
  keyof DataLoaderOptions<unknown, unknown>,
  ArgumentKind
>;

/** Factories of collates, with the correct call. */
const COLLATE_FACTORIES: ReadonlyMap<unknown, string> = new Map<
  unknown,
  string
>([
  [collate.skipNulls, "collate.skipNulls()"],
  [collate.replaceNulls, "collate.replaceNulls()"],
  [collate.padded, "collate.padded()"],
  [skipBroken, "skipBroken()"],
  [replaceBroken, "replaceBroken()"],
]);

/** The options that decide the batches of a stream. */
type StreamOptions =
  & Pick<OrderOptions, "batchSize" | "dropLast">
  & Pick<DataLoaderOptions<unknown, unknown>, "numWorkers">;

/** The options that need workers. */
const WORKER_OPTIONS = ["prefetchFactor", "persistentWorkers"] as const;

/** The options that decide the order of samples. */
const ORDER_OPTIONS = ["shuffle", "sampler", "batchSampler"] as const;

/** Pairs of options that exclude each other. */
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
 * @throws {TypeError} If two options exclude each other, or one is unknown or
 * of another type
 * @throws {RangeError} If an option is outside its range
 */
export function resolveOptions<Sample, Batch>(
  dataset: Dataset<Sample> | IterableDataset<Sample>,
  options: AnyLoaderOptions<Sample, Batch>,
): ResolvedOptions {
  checkOptions("DataLoader", options, OPTIONS);
  checkFactory(options.collate);
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
      "Cannot use resident with batchSize null: the GPU selects the rows of " +
        "batches",
    );
  }
  if (resident === true && (numWorkers > 0 || options.collate)) {
    throw new TypeError(
      `Cannot use resident with ${options.collate ? "collate" : "numWorkers"}` +
        `: the GPU selects the rows of a batch, and nothing else makes batches`,
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
      // the types of samples and batches stay with DataLoader
      : options.collate as AnyCollate | undefined,
  };
}

/**
 * Whether an option is set to another value than its default of false.
 */
function isChosen(value: unknown): boolean {
  return isPresent(value) && value !== false;
}

function checkFactory(option: unknown): void {
  const call = COLLATE_FACTORIES.get(option);
  if (call === undefined) return;
  throw new TypeError(
    `Cannot use the factory ${call.slice(0, -2)} as collate: call it, as in ` +
      `collate: ${call}`,
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
      `Cannot use ${wrong} with ${name}: an IterableDataset has an order of ` +
        `its own`,
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

/** Whether a loader with these options gives single samples. */
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
        `Cannot use ${useless} with batchSize null: the loader gives single ` +
          `samples, not batches`,
      );
    }
  }
  for (const [one, other] of EXCLUSIVE) {
    if (isChosen(options[one]) && isChosen(options[other])) {
      throw new TypeError(
        `Cannot use both ${one} and ${other}: ${one} already decides ` +
          (other === "shuffle" ? "the order" : "the samples of a batch"),
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

/**
 * The number of batches in one epoch; undefined if the number is unknown, or
 * that of a stream, an estimate.
 */
export function certainLength(
  { batchSampler }: Pick<ResolvedOptions, "batchSampler">,
): number | undefined {
  if (batchSampler instanceof StreamBatches) return undefined;
  const isEndless = batchSampler instanceof BatchSampler &&
    batchSampler.sampler.length === undefined;
  return isEndless ? undefined : batchSampler.length;
}

/**
 * Checks that a value has the members of a dataset, of any class.
 *
 * @throws {TypeError} If it has not
 */
export function checkDataset(dataset: unknown): void {
  if (!KINDS.dataset.is(dataset) && !KINDS.stream.is(dataset)) {
    throw new TypeError(
      `Cannot load samples of ${formatValue(dataset)}: expected a Dataset, ` +
        `with get and length, or an IterableDataset, with iterate`,
    );
  }
}
