/**
 * Golden cases: what a file of a category says, parsed, with its tensors.
 *
 * The format is that of the goldens' README: JSON for what is asked and
 * expected, safetensors for the values. Nothing here calls the library but the
 * reader of safetensors.
 *
 * @module
 */

import {
  indexSafetensors,
  type SafetensorsIndex,
} from "../../src/io/safetensors.ts";
import type { HostArray } from "../../src/tensor/host_array.ts";

/** A step that makes a view of a stored tensor. */
export type ViewStep =
  | { readonly op: "permute"; readonly dims: readonly number[] }
  | {
    readonly op: "slice";
    readonly dim: number;
    /** Null where Python's slice has nothing; likewise the next two. */
    readonly start: number | null;
    readonly stop: number | null;
    readonly step: number | null;
  }
  | { readonly op: "select"; readonly dim: number; readonly index: number }
  | { readonly op: "expand"; readonly size: readonly number[] };

/** A tensor made by the hash rule. */
export interface Generated {
  readonly salt: number;
  readonly "tensor_index": number;
  readonly shape: readonly number[];
  readonly lo: number;
  readonly hi: number;
  /** Whole numbers where it says so; float32 if missing. */
  readonly dtype?: string | undefined;
}

/** JSON's objects. */
export type Fields = Readonly<Record<string, unknown>>;

/** One case; the names are the goldens' own. */
export interface Case {
  readonly id: string;
  readonly op: string;
  readonly kwargs: Fields;
  readonly inputs: Readonly<Record<string, string>>;
  readonly views: Readonly<Record<string, readonly ViewStep[]>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly cotangents: Readonly<Record<string, string>>;
  readonly grads: Readonly<Record<string, string>>;
  readonly expect: Fields;
  readonly generated: Readonly<Record<string, Generated>>;
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly outputShapes: Readonly<Record<string, readonly number[]>>;
  readonly atol: number;
  readonly rtol: number;
  readonly maxBadFraction: number;
  /** Everything as it stands: categories have fields of their own. */
  readonly fields: Fields;
}

/** A category: its cases and their tensors by key. */
export interface Category {
  readonly name: string;
  /** The folder of its files. */
  readonly folder: string;
  /** What stands beside the cases, for copies of the file. */
  readonly head: Fields;
  readonly cases: readonly Case[];
  readonly tensors: SafetensorsIndex | undefined;
}

/**
 * The tensor of a key.
 *
 * @throws {Error} If the category has none
 */
export function tensorOf({ name, tensors }: Category, key: string): HostArray {
  if (!tensors) throw new Error(`No tensors in ${name}, and so no "${key}"`);
  return tensors.read(key);
}

/** Categories in the order of the goldens' README. */
const ORDER = [
  "tensor",
  "nn",
  "losses",
  "optim",
  "schedulers",
  "transforms",
  "images",
  "data",
  "training",
  "checkpoints",
  "models",
  "large",
  "more_tensor",
  "more_nn",
  "lbfgs",
  "long",
];

/** The categories that a folder has files of, in the README's order. */
export async function listCategories(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".json")) names.push(name.slice(0, -".json".length));
  }
  const rank = (name: string): number => ORDER.indexOf(name) >>> 0; // -1: last
  return names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Reads the files of a category; one without tensors has a single file. */
export async function readCategory(
  folder: string,
  name: string,
): Promise<Category> {
  const json = parseMarked(await Deno.readTextFile(`${folder}/${name}.json`));
  const { cases, ...head } = asFields(json, name);
  if (!Array.isArray(cases)) throw new Error(`No list of cases in ${name}`);
  let bytes: Uint8Array | undefined;
  try {
    bytes = await Deno.readFile(`${folder}/${name}.safetensors`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return {
    name,
    folder,
    head,
    cases: cases.map(parseCase),
    tensors: bytes && indexSafetensors(bytes),
  };
}

/** Names in an object of JSON whose numbers are whole, but written as floats. */
const wholeFloats = new WeakMap<object, Set<string>>();

/** Whether a file has a whole number as a float, such as 2.0, in this place. */
export function isWholeFloat(holder: object, name: string): boolean {
  return wholeFloats.get(holder)?.has(name) ?? false;
}

/** JSON, with a note of the floats that JavaScript takes for integers. */
function parseMarked(text: string): unknown {
  // the types of TypeScript do not know the reviver's third argument yet
  const parse = JSON.parse as (
    text: string,
    revive: (
      this: object,
      key: string,
      value: unknown,
      context: { readonly source?: string },
    ) => unknown,
  ) => unknown;
  return parse(text, function (key, value, { source = "" }) {
    if (Number.isInteger(value) && /[.eE]/.test(source)) {
      const names = wholeFloats.get(this) ?? new Set();
      wholeFloats.set(this, names.add(key));
    }
    return value;
  });
}

function parseCase(value: unknown): Case {
  const fields = asFields(value, "a case");
  return {
    id: String(fields.id),
    op: String(fields.op),
    kwargs: asFields(fields.kwargs ?? {}, "kwargs"),
    inputs: typed(fields.inputs),
    views: typed(fields.views),
    outputs: typed(fields.outputs),
    cotangents: typed(fields.cotangents),
    grads: typed(fields.grads),
    expect: asFields(fields.expect ?? {}, "expect"),
    generated: typed(fields.generated),
    samples: typed(fields.samples),
    outputShapes: typed(fields.output_shapes),
    atol: Number(fields.atol ?? 0),
    rtol: Number(fields.rtol ?? 0),
    maxBadFraction: Number(fields.max_bad_fraction ?? 0),
    fields,
  };
}

/** An object of JSON, or an error that names what should have been one. */
export function asFields(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`Expected ${what} to be an object, got ${value}`);
  }
  return value as Fields; // checked in the lines above
}

// The goldens are ours: what their README says of a field is taken on trust.
function typed<T>(value: unknown): Readonly<Record<string, T>> {
  return asFields(value ?? {}, "a field") as Readonly<Record<string, T>>;
}
