/**
 * Checkpoints: the state of a run in one safetensors file.
 *
 * NOTE [checkpoint]: the tensors of a part lie under the part's name, a dot and
 * their own ("model.conv1.weight"). The metadata of the file holds the rest as
 * JSON (stored_value.ts says how): `kindling` is the form of the file, `parts`
 * the states, `random` that of the default generator. Everything is read from
 * the GPU as it is at the moment of the call, and training may go on while the
 * file is written.
 *
 * @module
 */

import { write } from "../nn/state_dict.ts";
import { checkOptionNames, formatValue } from "../tensor/arguments.ts";
import { fromHost } from "../tensor/create.ts";
import { defaultGenerator, Generator } from "../tensor/generator.ts";
import { HostArray } from "../tensor/host_array.ts";
import { unscoped } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { writeAtomically } from "./atomic_write.ts";
import { readTensors } from "./read_tensors.ts";
import { parseSafetensors, safetensorsPieces } from "./safetensors.ts";
import {
  fromStored,
  type Json,
  TensorNames,
  toStored,
} from "./stored_value.ts";

/** The form of the files that this version writes. */
const FORM = "checkpoint 1";

/** A part that is saved by its state dict: a module, an optimizer, … */
export interface Stateful {
  /** Tensors and plain values, in maps, lists and records. */
  stateDict(): unknown;
  /** Goes on from such a state; throws, and changes nothing, if it can't. */
  loadStateDict(state: unknown): unknown;
  /** Throws where `loadStateDict` would, and changes nothing. */
  checkStateDict?(state: unknown): unknown;
}

/** A part that is saved by where it stands: a loader, a generator. */
export interface Resumable {
  /** Where it stands, in plain values. */
  state(): unknown;
  /** Goes on from there, as loaders do. */
  resume?(state: unknown): unknown;
  /** Goes on from there, as generators do. */
  setState?(state: unknown): unknown;
}

/**
 * What a checkpoint is made of, by name: parts with a state, tensors, and plain
 * values.
 */
export type CheckpointParts = Readonly<Record<string, unknown>>;

/** Options of `load`. */
export interface LoadCheckpointOptions {
  /** Whether the default generator goes on as saved. Default: true. */
  readonly random?: boolean;
}

/**
 * Saves the state of a run: models, optimizers, schedulers, loaders, tensors
 * and plain values by name, and the default generator's state.
 *
 * A file of that name is replaced when the new one is complete; whenever the
 * program stops, the old one or the new one is there.
 *
 * @throws {TypeError} If a part can't be saved; the message says which; or if
 * `path` is no file
 * @throws {Error} If the file can't be written, as Deno throws it, with the path
 *
 * @example Save and go on
 * ```ts
 * import { load, nn, optim, save } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const path = await Deno.makeTempFile();
 * await save(path, { model, optimizer, epoch: 3 });
 *
 * const rest = await load(path, { model, optimizer });
 * assertEquals(rest.epoch, 3);
 * await Deno.remove(path);
 * ```
 */
export async function save(
  path: string | URL,
  parts: CheckpointParts,
): Promise<void> {
  const file = pathOf(path);
  checkParts(`Cannot save "${file}"`, parts);
  const names = new TensorNames();
  const states: [string, Json][] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (part === undefined) continue;
    states.push([name, toStored(stateOf(part), name, names)]);
  }
  const metadata = {
    kindling: FORM,
    parts: JSON.stringify(Object.fromEntries(states)),
    random: JSON.stringify(defaultGenerator().state()),
  };
  const onGpu = [...names.tensors.values()].filter((each) =>
    each instanceof Tensor
  );
  const read = await readTensors(onGpu);
  const arrays = new Map<string, HostArray>();
  for (const [name, each] of names.tensors) {
    arrays.set(name, each instanceof HostArray ? each : read.get(each)!);
  }
  await naming(
    `Cannot save "${file}"`,
    () => writeAtomically(file, ...safetensorsPieces(arrays, metadata)),
  );
}

/**
 * Loads what `save` has written: parts that have a state, and tensors, are
 * changed in place; everything else in the file is returned by name.
 *
 * All parts are compared with the file first, and nothing is changed if one
 * does not fit or is missing.
 *
 * @throws {SyntaxError} If the file is broken or no checkpoint
 * @throws {TypeError} If a part is missing in the file or does not fit
 * @throws {Error} If the file can't be read, as Deno throws it, with the path
 */
export async function load(
  path: string | URL,
  parts: CheckpointParts = {},
  options: LoadCheckpointOptions = {},
): Promise<Record<string, unknown>> {
  const { random = true } = checkOptionNames("load", options, ["random"]);
  const file = pathOf(path);
  const cannot = `Cannot load "${file}"`;
  checkParts(cannot, parts);
  const bytes = await naming(cannot, () => Deno.readFile(file));
  const { states, generator } = await naming(cannot, () => parse(bytes));
  const known = [...states.keys()].join(", ");
  const steps: Step[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (!takesState(part)) continue;
    if (!states.has(name)) {
      throw new TypeError(
        `${cannot}: it has no part "${name}", only ${known || "none"}`,
      );
    }
    const state = states.get(name);
    states.delete(name);
    const where = `${cannot}: part "${name}"`;
    steps.push(await naming(where, () => prepare(part, state, where)));
  }
  if (random) steps.push(restoring(defaultGenerator(), generator, cannot));
  await applyAll(steps);
  return Object.fromEntries(
    [...states].map(([name, state]) => [name, toTensors(state)]),
  );
}

// --- parts ---

// A model or a map has no parts of its own: nothing would be saved.
function checkParts(cannot: string, parts: unknown): void {
  const isRecord = typeof parts === "object" && parts !== null &&
    !Array.isArray(parts) && !(parts instanceof Map) && !takesState(parts);
  if (!isRecord) {
    throw new TypeError(
      `${cannot} with ${formatValue(parts)}: expected a record of parts, ` +
        `as in { model }`,
    );
  }
}

function stateOf(part: unknown): unknown {
  if (isStateful(part)) return part.stateDict();
  return isResumable(part) ? part.state() : part;
}

function takesState(part: unknown): part is Stateful | Resumable | Tensor {
  return part instanceof Tensor || isStateful(part) || isResumable(part);
}

function isStateful(part: unknown): part is Stateful {
  return hasMethod(part, "stateDict") && hasMethod(part, "loadStateDict");
}

function isResumable(part: unknown): part is Resumable {
  return hasMethod(part, "state") &&
    (hasMethod(part, "resume") || hasMethod(part, "setState"));
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null &&
    typeof Reflect.get(value, name) === "function";
}

/** A change that is made when all parts are known to fit. */
interface Step {
  /** Whether it has been made sure that `apply` will not throw. */
  readonly checked: boolean;
  apply(): unknown;
  /** Takes `apply` back. */
  undo?(): unknown;
  /** What a message about it begins with. */
  readonly where: string;
}

function prepare(
  part: Stateful | Resumable | Tensor,
  state: unknown,
  where: string,
): Step {
  if (part instanceof Tensor) {
    if (!(state instanceof HostArray) || !sameShape(state.shape, part.shape)) {
      const shape = state instanceof HostArray
        ? `a tensor of shape ${formatShape(state.shape)}`
        : "no tensor";
      throw new TypeError(
        `it is ${shape}, expected shape ${formatShape(part.shape)}`,
      );
    }
    return { checked: true, apply: () => write(part, state), where };
  }
  if (!isStateful(part)) return restoring(part, state, where);
  part.checkStateDict?.(state);
  const checked = part.checkStateDict !== undefined;
  const apply = (): unknown => part.loadStateDict(state);
  if (checked) return { checked, apply, where };
  const before = part.stateDict();
  return { checked, apply, undo: () => part.loadStateDict(before), where };
}

function restoring(part: Resumable, state: unknown, where: string): Step {
  const before = part.state();
  const put = (to: unknown): unknown =>
    part.resume ? part.resume(to) : part.setState?.(to);
  return {
    checked: false,
    apply: () => put(state),
    undo: () => put(before),
    where,
  };
}

// What may still refuse goes first, and is taken back if another does.
async function applyAll(steps: readonly Step[]): Promise<void> {
  const done: Step[] = [];
  try {
    for (const step of steps.filter(({ checked }) => !checked)) {
      await naming(step.where, () => step.apply());
      done.push(step);
    }
  } catch (error) {
    for (const step of done.reverse()) step.undo?.();
    throw error;
  }
  for (const { checked, apply } of steps) if (checked) apply();
}

// --- the file ---

interface Parsed {
  readonly states: Map<string, unknown>;
  readonly generator: unknown;
}

function parse(bytes: Uint8Array): Parsed {
  const { tensors, metadata } = parseSafetensors(bytes);
  const { kindling, parts, random } = metadata;
  if (kindling !== FORM || parts === undefined || random === undefined) {
    throw new SyntaxError(
      kindling === undefined
        ? "it is a safetensors file, but no checkpoint of Kindling's"
        : `its form is "${kindling}", expected "${FORM}"`,
    );
  }
  const states = fromStored(JSON.parse(parts), tensors);
  if (typeof states !== "object" || states === null) {
    throw new SyntaxError("its parts are no record");
  }
  const generator: unknown = JSON.parse(random);
  new Generator(0).setState(generator);
  return { states: new Map(Object.entries(states)), generator };
}

/** Host arrays in a value as tensors, outside of every scope. */
function toTensors(value: unknown): unknown {
  if (value instanceof HostArray) return unscoped(() => fromHost(value));
  if (Array.isArray(value)) return value.map(toTensors);
  if (value instanceof Map) {
    return new Map([...value].map(([key, each]) => [key, toTensors(each)]));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, toTensors(each)]),
  );
}

function pathOf(path: string | URL): string {
  if (typeof path === "string") return path;
  if (!(path instanceof URL)) {
    throw new TypeError(
      `Cannot use ${formatValue(path)} as a checkpoint: expected the path of ` +
        `a file first`,
    );
  }
  if (path.protocol !== "file:") {
    throw new TypeError(
      `Cannot use "${path}" as a checkpoint: expected a file, not a ` +
        `${path.protocol} address`,
    );
  }
  const name = decodeURIComponent(path.pathname);
  return Deno.build.os === "windows" ? name.slice(1) : name; // "/C:/…"
}

// Runs `body`; what it throws stays what it is, but says what was tried.
async function naming<T>(what: string, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof Error && !error.message.startsWith('Cannot load "')) {
      error.message = `${what}: ${error.message}`;
    }
    throw error;
  }
}
