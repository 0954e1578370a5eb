/**
 * Runs the cases of the category data: samplers, datasets, collation, loaders.
 *
 * @module
 */

import { ImageFolder } from "../../datasets/folders/image_folder.ts";
import { MNIST } from "../../datasets/mnist/mnist.ts";
import { BatchSampler } from "../../src/data/samplers/batch.ts";
import { ConcatDataset } from "../../src/data/datasets/concat.ts";
import type { Dataset } from "../../src/data/datasets/dataset.ts";
import { DistributedSampler } from "../../src/data/samplers/distributed.ts";
import { DataLoader } from "../../src/data/loader/loader.ts";
import type { DataLoaderOptions } from "../../src/data/loader/options.ts";
import {
  RandomSampler,
  type RandomSamplerOptions,
  SubsetRandomSampler,
} from "../../src/data/samplers/random.ts";
import { randomSplit } from "../../src/data/datasets/random_split.ts";
import {
  type Sampler,
  SequentialSampler,
} from "../../src/data/samplers/sampler.ts";
import { Subset } from "../../src/data/datasets/subset.ts";
import { TensorDataset } from "../../src/data/datasets/tensor.ts";
import {
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from "../../src/data/samplers/weighted_random.ts";
import { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import { asFields, type Case, type Category, tensorOf } from "./case.ts";
import { judgeCollation } from "./collation.ts";
import { difference } from "./compare.ts";
import { batchSamplerOf, Numbers, samplerOf } from "./described_data.ts";
import { judgeFacts } from "./facts.ts";
import { eachCase, judge, type Outcome, Unsupported } from "./outcome.ts";

/** A case and what it is made from. */
interface Given {
  readonly golden: Case;
  readonly category: Category;
  readonly args: Arguments;
}

type DataRow = (given: Given) => Outcome | Promise<Outcome>;

/** Runs samplers, datasets, collation and loaders. */
export function runData(category: Category): Promise<Outcome[]> {
  return eachCase(category, async (golden) => {
    const row = ROWS[golden.op];
    if (!row) throw new Unsupported(`no ${golden.op}`);
    const { op, kwargs } = golden;
    const outcome = await withArguments(
      { op, kwargs },
      (args) => row({ golden, category, args }),
    );
    if (golden.expect.error === undefined) return outcome;
    return { kind: "failed", message: "was not refused" };
  });
}

/** A random sampler: its length and two epochs. */
function judgeDraws(golden: Case, sampler: Sampler): Outcome {
  const facts = { length: sampler.length };
  return judgeFacts(golden, facts, {
    indices: [...sampler],
    again: [...sampler],
  });
}

async function itemsOf(
  dataset: Dataset<number>,
  indices: Iterable<number>,
): Promise<number[]> {
  const items: number[] = [];
  for (const index of indices) {
    items.push(await dataset.get(index, new Generator(0)));
  }
  return items;
}

/** The host arrays `name.0`, `name.1`, … of a case. */
function arraysOf({ golden, category }: Given, name: string): HostArray[] {
  const arrays: HostArray[] = [];
  for (let i = 0; `${name}.${i}` in golden.inputs; i++) {
    arrays.push(tensorOf(category, golden.inputs[`${name}.${i}`]!));
  }
  return arrays;
}

/** Compares host arrays with the outputs of the case. */
function judgeOutputs(
  { golden, category }: Given,
  results: Readonly<Record<string, HostArray>>,
): Outcome {
  return judge(
    Object.entries(golden.outputs).map(([name, key]) => {
      const got = results[name];
      const values = tensorOf(category, key);
      return got
        ? difference(name, got, { values }, golden)
        : `${name}: there is none`;
    }),
  );
}

const SAMPLERS: Readonly<Record<string, DataRow>> = {
  "torch.utils.data.SequentialSampler"({ golden, args }) {
    const sampler = new SequentialSampler(args.value("data_source_length"));
    const { length } = sampler;
    return judgeFacts(golden, { indices: [...sampler], length });
  },

  "torch.utils.data.BatchSampler"({ golden, args }) {
    const options = args.options<{ dropLast?: boolean }>("dropLast");
    const sampler = samplerOf(args.value("sampler"));
    const batches = new BatchSampler(
      sampler,
      args.value("batch_size"),
      options,
    );
    const { length } = batches;
    return judgeFacts(golden, { batches: [...batches], length });
  },

  "torch.utils.data.RandomSampler": ({ golden, args }) =>
    judgeDraws(
      golden,
      new RandomSampler(
        args.value<number>("data_source_length"),
        args.options<RandomSamplerOptions>("replacement", "numSamples"),
      ),
    ),

  "torch.utils.data.WeightedRandomSampler": ({ golden, args }) =>
    judgeDraws(
      golden,
      new WeightedRandomSampler(
        args.value<number[]>("weights"),
        args.options<WeightedRandomSamplerOptions>("numSamples", "replacement"),
      ),
    ),

  "torch.utils.data.SubsetRandomSampler": ({ golden, args }) =>
    judgeDraws(
      golden,
      new SubsetRandomSampler(args.value<number[]>("indices")),
    ),

  "torch.utils.data.distributed.DistributedSampler"({ golden, args }) {
    const length = args.value<number>("data_source_length");
    const numReplicas = args.value<number>("num_replicas");
    const options = args.options<{ shuffle?: boolean; dropLast?: boolean }>(
      "shuffle",
      "dropLast",
    );
    if (options.shuffle !== false) throw new Unsupported("a random result");
    const share = (rank: number) =>
      new DistributedSampler(length, { ...options, numReplicas, rank });
    const rank = args.option<number>("rank");
    if (rank !== undefined) {
      const sampler = share(rank);
      const indices = [...sampler];
      return judgeFacts(golden, { indices, length: sampler.length });
    }
    const shares = Array.from(
      { length: numReplicas },
      (_, rank) => [...share(rank)],
    );
    return judgeFacts(golden, { ["indices_by_rank"]: shares });
  },
};

const DATASETS: Readonly<Record<string, DataRow>> = {
  async "torch.utils.data.ConcatDataset"({ golden, args }) {
    const parts = args.value<unknown[]>("datasets");
    const joined = new ConcatDataset(parts.map((part) => new Numbers(part)));
    return judgeFacts(golden, {
      items: await itemsOf(joined, args.value<number[]>("indices")),
      length: joined.length,
      ["cumulative_sizes"]: joined.cumulativeSizes,
    });
  },

  async "torch.utils.data.Subset"({ golden, args }) {
    const whole = new Numbers(args.value("dataset"));
    const part = new Subset(whole, args.value<number[]>("indices"));
    return judgeFacts(golden, {
      items: await itemsOf(part, new SequentialSampler(part)),
      length: part.length,
    });
  },

  "torch.utils.data.random_split"({ golden, args }) {
    const whole = new Numbers(args.value("dataset"));
    const parts = randomSplit(whole, args.value("lengths"));
    const indices = parts.flatMap((part) => [...part.indices]);
    if (new Set(indices).size !== whole.length) {
      return { kind: "failed", message: "not every index comes once" };
    }
    return judgeFacts(golden, { lengths: parts.map(({ length }) => length) });
  },

  "torch.utils.data.TensorDataset"(given) {
    const dataset = new TensorDataset(...arraysOf(given, "tensors"));
    const index = given.args.option<number>("index");
    const sample = index === undefined ? [] : dataset.get(index);
    const outcome = judgeOutputs(
      given,
      Object.fromEntries(sample.map((each, i) => [`output.${i}`, each])),
    );
    if (outcome.kind !== "passed") return outcome;
    return judgeFacts(given.golden, { length: dataset.length });
  },

  async "torchvision.datasets.ImageFolder"({ golden, category, args }) {
    const root = args.value<string>("root");
    const folder = await dataFolder(category, root);
    const dataset = new ImageFolder(folder);
    const { length, classes, samples } = dataset;
    return judgeFacts(golden, {
      length,
      classes,
      ["class_to_idx"]: dataset.classToIdx,
      ["count_by_class"]: countsOf(dataset.targets),
      samples: samplesOf(golden).map(({ index }) => {
        const [path, target] = samples[Number(index)] ?? ["none", -1];
        return { index, file: root + path.slice(folder.length), target };
      }),
    });
  },

  async "torchvision.datasets.MNIST"({ golden, category, args }) {
    const train = args.value<boolean>("train");
    const files = await dataFolder(category, args.value<string>("root"));
    const dataset = await openMnist(files, train);
    const { length } = dataset;
    const [image] = dataset.get(0);
    // statistics are no exact numbers: a sum has an order
    const tolerance = { ...golden, rtol: 1e-6 };
    return judgeFacts(tolerance, {
      length,
      ["image_shape"]: image.shape.slice(1),
      ...statisticsOf(dataset.pixels),
      ["count_by_class"]: countsOf(dataset.labels),
      samples: samplesOf(golden).map(({ index }) =>
        mnistSample(dataset, Number(index))
      ),
    });
  },
};

function samplesOf(golden: Case): Readonly<Record<string, unknown>>[] {
  const { samples } = golden.expect;
  return Array.isArray(samples)
    ? samples.map((each) => asFields(each, "a sample"))
    : [];
}

/** A folder of the image sets, which lie beside the goldens. */
async function dataFolder(category: Category, root: string): Promise<string> {
  const folder = `${category.folder}/../data/${root}`;
  try {
    await Deno.stat(folder);
  } catch {
    throw new Unsupported(`no folder ${folder}`);
  }
  return folder;
}

/** Opens files that lie in a folder of their own, not in torchvision's. */
async function openMnist(files: string, train: boolean): Promise<MNIST> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/MNIST`);
    await Deno.symlink(await Deno.realPath(files), `${root}/MNIST/raw`);
    return await MNIST.open({ root, train, download: false });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Mean and standard deviation of bytes as numbers from 0 to 1. */
function statisticsOf(bytes: Uint8Array): { mean: number; std: number } {
  let [sum, squares] = [0, 0]; // whole numbers below 2^53: exact
  for (const byte of bytes) {
    sum += byte;
    squares += byte * byte;
  }
  const mean = sum / bytes.length;
  const variance = squares / bytes.length - mean * mean;
  return { mean: mean / 255, std: Math.sqrt(variance) / 255 };
}

function countsOf(labels: Int32Array): number[] {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function mnistSample(dataset: MNIST, index: number): Record<string, unknown> {
  const [image, target] = dataset.get(index);
  const pixels = [...image.data];
  return {
    index,
    target,
    ["pixel_sum"]: pixels.reduce((a, b) => a + b),
    ["row_14"]: pixels.slice(14 * 28, 15 * 28),
  };
}

type Options = DataLoaderOptions<number, HostArray | number>;

const LOADING: Readonly<Record<string, DataRow>> = {
  "torch.utils.data.default_collate"({ golden, category, args }) {
    args.ignore("batch"); // read with the inputs that belong into it
    return judgeCollation(golden, category);
  },

  async "torch.utils.data.DataLoader"({ golden, args }) {
    const dataset = new Numbers(args.value("dataset"));
    const [sampler, batchSampler] = [
      args.option("sampler"),
      args.option("batch_sampler"),
    ];
    const options = {
      ...args.options<Options>(
        "batchSize",
        "shuffle",
        "numWorkers",
        "dropLast",
        "timeout",
        "prefetchFactor",
        "persistentWorkers",
      ),
      ...(sampler ? { sampler: samplerOf(sampler) } : {}),
      ...(batchSampler ? { batchSampler: batchSamplerOf(batchSampler) } : {}),
    };
    if (options.numWorkers) throw new Unsupported("workers without a module");
    const loader = new DataLoader<number, HostArray | number>(dataset, options);
    const batches: unknown[] = [];
    for await (const batch of loader.host()) {
      batches.push(batch instanceof HostArray ? [...batch.data] : batch);
    }
    return judgeFacts(golden, { batches, length: loader.length });
  },
};

const ROWS: Readonly<Record<string, DataRow>> = {
  ...SAMPLERS,
  ...DATASETS,
  ...LOADING,
};
