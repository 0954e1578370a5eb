/**
 * Datasets and samplers as cases of the category data describe them.
 *
 * @module
 */

import { BatchSampler } from "../../src/data/samplers/batch.ts";
import { Dataset } from "../../src/data/datasets/dataset.ts";
import {
  type Sampler,
  SequentialSampler,
} from "../../src/data/samplers/sampler.ts";
import { withArguments } from "./arguments.ts";
import { asFields } from "./case.ts";
import { Unsupported } from "./outcome.ts";

/** The numbers from `first` on: "item i is 100 + i". */
export class Numbers extends Dataset<number> {
  readonly length: number;
  readonly #first: number;

  constructor(description: unknown) {
    super();
    const { items, length } = asFields(description, "a dataset");
    const [, first = "0"] = /^item i is (?:the number i|(\d+) \+ i)$/
      .exec(String(items)) ?? [];
    this.length = Number(length);
    this.#first = Number(first);
  }

  override get(index: number): number {
    return this.#first + index;
  }
}

/** A sampler that is described as a call, or is a list. */
export function samplerOf(value: unknown): Sampler {
  if (Array.isArray(value)) return value;
  const { op, kwargs } = asFields(value, "a sampler");
  const call = { op: String(op), kwargs: asFields(kwargs ?? {}, "kwargs") };
  return withArguments(call, (args) => {
    if (op !== "torch.utils.data.SequentialSampler") {
      throw new Unsupported(`batches of ${op}`);
    }
    return new SequentialSampler(args.value("data_source_length"));
  });
}

/** Batches of indices: a list of lists, or a BatchSampler as a call. */
export function batchSamplerOf(value: unknown): Sampler<readonly number[]> {
  if (Array.isArray(value)) return value;
  const { op, kwargs } = asFields(value, "a sampler of batches");
  // a case about the loader may say no more than that there is one
  const given = kwargs ?? { sampler: [0, 1, 2, 3], ["batch_size"]: 2 };
  const call = { op: String(op), kwargs: asFields(given, "kwargs") };
  return withArguments(call, (args) => {
    if (op !== "torch.utils.data.BatchSampler") {
      throw new Unsupported(`batches of ${op}`);
    }
    return new BatchSampler(
      samplerOf(args.value("sampler")),
      args.value("batch_size"),
      args.options<{ dropLast?: boolean }>("dropLast"),
    );
  });
}
