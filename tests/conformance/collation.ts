/**
 * Cases of collation: batches of arrays, numbers, booleans and strings, alone or
 * in tuples and objects, however deep.
 *
 * @module
 */

import { collate } from "../../src/data/collate/collate.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { type Case, type Category, tensorOf } from "./case.ts";
import { difference, ownDType } from "./compare.ts";
import { judgeFacts } from "./facts.ts";
import { judge, type Outcome, Unsupported } from "./outcome.ts";

/** Collates the samples of a case, and compares the batch. */
export function judgeCollation(golden: Case, category: Category): Outcome {
  const batch: unknown = collate(samplesOf(golden, category));
  const arrays = arraysIn(batch);
  const found = Object.entries(golden.outputs).map(([name, key]) => {
    const got = arrays.get(name);
    const values = tensorOf(category, key);
    return got
      ? difference(name, got, { values }, golden)
      : `${name}: there is none`;
  });
  const isListed = Object.keys(golden.outputs).length > 0;
  const extra = isListed
    ? [...arrays.keys()].filter((name) => !(name in golden.outputs))
    : [];
  const outcome = judge([
    ...found,
    ...extra.map((name) => `${name}: torch gives none`),
  ]);
  if (outcome.kind !== "passed") return outcome;
  const { dtypes, ...expect } = golden.expect;
  if (dtypes !== undefined) {
    const wrong = typeDifference("", dtypesOf(batch), dtypes, batch);
    if (wrong) return { kind: "failed", message: wrong };
  }
  return judgeFacts({ ...golden, expect }, { collated: plain(batch) });
}

/** What stands in `kwargs`, with the inputs `batch.0.1`, … in their places. */
function samplesOf(golden: Case, category: Category): unknown[] {
  const { batch } = golden.kwargs;
  const root = { batch: structuredClone(batch) as unknown };
  for (const [name, key] of Object.entries(golden.inputs)) {
    place(root, name.split("."), tensorOf(category, key));
  }
  if (!Array.isArray(root.batch)) throw new Unsupported("a batch of no list");
  return root.batch;
}

/** Puts a value at a path, and lists and objects on the way. */
function place(
  into: object,
  [name = "", ...rest]: readonly string[],
  value: unknown,
): void {
  // a list or an object of JSON; the paths say which
  const parent = into as Record<string, unknown>;
  if (rest.length === 0) {
    parent[name] = value;
    return;
  }
  const there = parent[name];
  if (typeof there !== "object" || there === null) {
    parent[name] = /^\d+$/.test(rest[0]!) ? [] : {};
  }
  place(parent[name] as object, rest, value); // made in the lines above
}

/** Host arrays by path: `output`, `output.0`, `output.image`, … */
function arraysIn(
  value: unknown,
  path = "output",
  found = new Map<string, HostArray>(),
): Map<string, HostArray> {
  if (value instanceof HostArray) found.set(path, value);
  else if (typeof value === "object" && value !== null) {
    for (const [name, each] of Object.entries(value)) {
      arraysIn(each, `${path}.${name}`, found);
    }
  }
  return found;
}

/** A batch as JSON has it: numbers in lists for arrays. */
function plain(value: unknown): unknown {
  if (value instanceof HostArray) return nested(value);
  return through(value, plain);
}

/** The types of a batch, in its structure; strings have none. */
function dtypesOf(value: unknown): unknown {
  if (value instanceof HostArray) return value.dtype;
  return typeof value === "string" ? "str" : through(value, dtypesOf);
}

function through(value: unknown, each: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(each);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, each(part)]),
  );
}

function nested({ data, shape, dtype }: HostArray): unknown {
  const values: unknown[] = Array.from(
    data,
    (value) => dtype === "bool" ? value !== 0 : value,
  );
  let list = values;
  for (const length of shape.slice(1).toReversed()) {
    const count = length === 0 ? 0 : list.length / length;
    list = Array.from(
      { length: count },
      (_, i) => list.slice(i * length, (i + 1) * length),
    );
  }
  return shape.length === 0 ? values[0] : list;
}

/** Where types differ from torch's, in words. */
function typeDifference(
  path: string,
  got: unknown,
  want: unknown,
  batch: unknown,
): string | undefined {
  if (typeof want !== "string") {
    if (typeof want !== "object" || want === null) return undefined;
    return Object.entries(want).map(([name, part]) =>
      typeDifference(
        path === "" ? name : `${path}.${name}`,
        partOf(got, name),
        part,
        partOf(batch, name),
      )
    ).find((found) => found !== undefined);
  }
  const own = ownDType(want);
  if (got === own || (Array.isArray(got) && want === "str")) return undefined;
  const isWhole = batch instanceof HostArray && own === "float32" &&
    got === "int32";
  if (isWhole) throw new Unsupported("whole numbers that are floats in Python");
  return `${path || "the batch"}: got type ${got}, want ${want}`;
}

function partOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Record<string, unknown>)[name]; // an object, or a list
}
