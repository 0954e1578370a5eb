/**
 * Capture: a function runs eagerly while everything it sends to the GPU, and
 * all that the host has to do again, is written down as a trace.
 *
 * @module
 */

import { isGradEnabled } from "../autograd/mode.ts";
import type { Bindable, GpuBuffer, Plan } from "../gpu/plan.ts";
import { pipelineOf } from "../gpu/pipelines.ts";
import { windowsOf } from "../gpu/stream.ts";
import {
  type Checked,
  type Leaf,
  type Recorder,
  type Used,
  withRecorder,
} from "../gpu/recorder.ts";
import { Storage } from "../tensor/storage.ts";
import { mapCallOf } from "../ops/map.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lineOf } from "./call_site.ts";
import {
  accessesOf,
  type Clear,
  type Dispatch,
  type Effect,
  type MapNode,
  type Origin,
  type Place,
  type Trace,
  type Value,
} from "./trace.ts";
import { type Form, formOf } from "./form.ts";
import { disown, refusal } from "./refusal.ts";

/** A gradient that a call leaves at a leaf. */
export interface LeftGradient {
  readonly leaf: Leaf;
  /** `slot`: where an optimizer wants it; `none`: it was forgotten. */
  readonly left: "slot" | "none" | Place;
}

/** A trace with what the call gave back. */
export interface Capture extends Trace {
  /** The structure of the result, with tensors by number. */
  readonly form: Form;
  /** The tensors of the result, in the order of `form`. */
  readonly outputs: readonly Place[];
  readonly gradients: readonly LeftGradient[];
  /** What is asked of the values of inputs that the host wrote. */
  readonly checks: readonly InputCheck[];
  /** Values that replays follow: `Recorder.follows`. */
  readonly followed: readonly (() => unknown)[];
  /** Storages that were there before and are no argument's. */
  readonly outside: ReadonlySet<Storage>;
  /**
   * Whether arguments are written to or given back, so that it matters where in
   * their storages they lie.
   */
  readonly isExact: boolean;
  /** The class of what the call itself has changed though it rests on it. */
  readonly unstable: string | undefined;
  /** The storages of the arguments, which `inputs` may be copies of. */
  readonly given: readonly WeakRef<Storage>[];
  /** Tensors that were made inside and not kept. */
  readonly leftovers: readonly WeakRef<Used>[];
}

/** Throws where a value of an input is wrong. */
export interface InputCheck {
  readonly index: number;
  readonly check: (value: number) => void;
}

/**
 * Runs `body` and records it. Tensors of `inputs` may be others in a replay,
 * everything else has to be the same; `given` are the storages of the arguments
 * that they stand for. `results` gets the tensors returned.
 *
 * @throws {Error} If it reads a tensor, or does something else that can't be
 * done again
 * @throws {TypeError} If it is async, or returns what is neither tensor, number,
 * string, boolean, array nor plain object
 */
export function capture(
  inputs: readonly Tensor[],
  given: readonly Storage[],
  body: () => unknown,
  results: Tensor[],
): Capture {
  const tracer = new Tracer(inputs);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK; // gradients are far from the user's line
  let result: unknown;
  try {
    result = withRecorder(tracer, body);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  if (tracer.refused) {
    disown(result);
    throw tracer.refused;
  }
  const form = formOfResult(result, results);
  const outputs = results.map((tensor) => tracer.placeOf(tensor));
  const gradients = tracer.gradients();
  const left = gradients.map(({ left }) => left)
    .filter((each) => typeof each === "object");
  const { instructions, guards } = tracer;
  const ends = [...outputs, ...left].map(({ value }) => value);
  const written = instructions.flatMap((each) => accessesOf(each).writes);
  const [unstable] = [...guards].find(([, holds]) => !holds()) ?? [];
  return {
    form,
    outputs,
    gradients,
    checks: tracer.inputChecks,
    ends,
    instructions,
    effects: tracer.effects,
    guards: [...guards.values(), ...tracer.others()],
    followed: tracer.followed,
    outside: tracer.outside,
    isExact: [...ends, ...written].some(({ origin }) =>
      origin.kind === "input"
    ),
    unstable: unstable?.constructor.name,
    given: given.map((storage) => new WeakRef(storage)),
    leftovers: tracer.leftovers(),
  };
}

function formOfResult(result: unknown, tensors: Tensor[]): Form {
  try {
    return formOf(result, tensors, "the result");
  } catch (error) {
    disown(result); // it may be async
    throw error;
  }
}

/** Frames in which the user's line is looked for. */
const STACK = 64;

class Tracer implements Recorder {
  readonly instructions: (Dispatch | Clear)[] = [];
  readonly effects: Effect[] = [];
  readonly inputChecks: InputCheck[] = [];
  readonly followed: (() => unknown)[] = [];
  readonly guards = new Map<object, () => boolean>();
  readonly #values = new Map<GpuBuffer, Value>();
  readonly outside = new Set<Storage>();
  /**
   * Tensors made inside; the places in the graph of leaves among them, and other
   * objects made inside that have a state.
   */
  readonly #made = new WeakSet<Used>();
  readonly #refs: WeakRef<Used>[] = [];
  readonly #kept = new WeakSet<Used>();
  readonly #inside = new WeakSet<object>();
  readonly #leaves = new Set<Leaf>();
  readonly #gradients: (() => boolean)[] = [];
  readonly #inputs: readonly Tensor[];
  /** What was refused, in case that the function goes on. */
  refused: Error | undefined;
  #count = 0;

  constructor(inputs: readonly Tensor[]) {
    this.#inputs = inputs;
    inputs.forEach(({ storage }, index) => {
      if (this.#values.has(storage.buffer)) return; // given twice
      this.#add(storage.buffer, { kind: "input", index });
    });
  }

  #add(buffer: GpuBuffer, origin: Origin, bytes = buffer.bytes): Value {
    const value = { id: this.#count++, bytes, origin };
    this.#values.set(buffer, value);
    return value;
  }

  #valueOf(given: Bindable): Value {
    const bindable = given.window?.of ?? given;
    const { buffer } = bindable;
    const known = this.#values.get(buffer);
    if (known) return known;
    if (bindable instanceof Storage) this.outside.add(bindable);
    return this.#add(buffer, { kind: "outside", bindable });
  }

  acquired(buffer: GpuBuffer, bytes: number): void {
    this.#add(buffer, { kind: "local" }, bytes);
  }

  released(buffer: GpuBuffer): void {
    this.#values.delete(buffer);
  }

  dispatched(plan: Plan): void {
    const { buffers, hooks, ...rest } = plan;
    const parts = windowsOf(plan);
    const instruction: Dispatch = {
      kind: "dispatch",
      plan: hooks && !parts ? { ...rest, hooks } : rest,
      pipeline: pipelineOf(plan),
      values: buffers.map((bindable) => this.#valueOf(bindable)),
      // what the maps and hooks say of places counts from a buffer's beginning
      ...(parts ? { parts } : this.#mapsOf(plan)),
      site: new Error(),
    };
    this.instructions.push(instruction);
    if (plan.live) this.effects.push({ kind: "live", live: plan.live });
  }

  #mapsOf(plan: Plan): Pick<Dispatch, "maps" | "out"> {
    const call = mapCallOf(plan);
    if (!call) return {};
    const { rule, operands, whole } = call;
    const out = this.placeOf(call.out);
    if (!whole) return { out };
    const node: MapNode = {
      rule,
      operands: operands.map((operand) =>
        typeof operand === "object" ? this.placeOf(operand) : operand
      ),
      out,
    };
    return { maps: [node], out };
  }

  cleared(target: Bindable, offset: number, bytes: number): void {
    const value = this.#valueOf(target);
    const site = new Error();
    this.instructions.push({ kind: "clear", value, offset, bytes, site });
  }

  uploaded(buffer: GpuBuffer, data: ArrayBufferView): void {
    const value = this.#values.get(buffer);
    if (value?.origin.kind !== "local") {
      const instead = "give what is written as an argument, and copy_() it";
      this.refuse("write to a tensor from the host", instead);
    }
    const { byteOffset, byteLength } = data;
    const bytes = new Uint8Array(data.buffer, byteOffset, byteLength).slice();
    value.origin = { kind: "constant", data: bytes };
  }

  refuse(
    what: string,
    instead = "return the tensor and go on outside",
  ): never {
    throw this.refused = refusal(
      `Cannot ${what} inside a compiled function${lineOf(new Error())}: it ` +
        `runs as one program, without the host; ${instead}`,
    );
  }

  makes(owner: object): void {
    this.#inside.add(owner);
  }

  isInside(owner: object): boolean {
    return this.#inside.has(owner);
  }

  effect(about: readonly [object, ...unknown[]], again: () => void): void {
    if (this.#inside.has(about[0])) return;
    this.effects.push({ kind: "host", about, again });
  }

  guard(owner: object, holds: () => boolean): void {
    if (!this.guards.has(owner)) this.guards.set(owner, holds);
  }

  uses(operands: readonly (Used | number | boolean)[]): void {
    for (const tensor of operands) {
      if (typeof tensor !== "object" || this.#made.has(tensor)) continue;
      const { storage, autograd, requiresGrad } = tensor;
      if (this.#values.get(storage.buffer)?.origin.kind === "input") continue;
      this.guard(
        tensor,
        () => !tensor.isDisposed && tensor.storage === storage,
      );
      this.guard(autograd, () => tensor.requiresGrad === requiresGrad);
    }
  }

  sets(owner: object, value: unknown, again: () => void, tensor?: Used): void {
    if (tensor && this.#made.has(tensor)) this.#inside.add(owner);
    if (this.#inside.has(owner)) return;
    this.guard(owner, () => true);
    this.effect([owner, value], again);
  }

  follows(look: () => unknown): void {
    this.followed.push(look);
  }

  kept(tensor: Used): void {
    this.#kept.add(tensor);
  }

  /** Tensors made inside that nobody keeps, as far as they are left. */
  leftovers(): WeakRef<Used>[] {
    return this.#refs.filter((ref) => {
      const tensor = ref.deref();
      return tensor && !tensor.isDisposed && !this.#kept.has(tensor);
    });
  }

  made(tensor: Used): void {
    this.#made.add(tensor);
    this.#refs.push(new WeakRef(tensor));
  }

  checks({ storage, size }: Checked, check: InputCheck["check"]): void {
    const { origin } = this.#valueOf(storage);
    const isInput = origin.kind === "input" &&
      this.#inputs[origin.index]!.size === size;
    if (isInput) this.inputChecks.push({ index: origin.index, check });
  }

  needsGradient(leaf: Leaf): void {
    if (this.#inside.has(leaf)) return; // gone when the function returns
    if (this.#leaves.has(leaf)) return; // the program itself has put it there
    this.#leaves.add(leaf);
    const { grad, slot } = leaf;
    if (grad && grad !== slot) {
      const instead = "set it to undefined before, or make an optimizer first";
      this.refuse("add to a gradient that no optimizer holds", instead);
    }
    this.#gradients.push(() => leaf.grad === grad && leaf.slot === slot);
  }

  setsGradient(leaf: Leaf): void {
    if (!this.#inside.has(leaf)) this.#leaves.add(leaf);
  }

  placeOf({ storage, layout, dtype }: Tensor): Place {
    return { value: this.#valueOf(storage), layout, dtype };
  }

  gradients(): LeftGradient[] {
    return [...this.#leaves].map((leaf) => {
      const { grad, slot } = leaf;
      const left = !grad
        ? "none"
        : grad === slot
        ? "slot"
        : this.placeOf(grad as Tensor); // the only gradients there are
      return { leaf, left };
    });
  }

  /** What no owner guards. */
  *others(): Iterable<() => boolean> {
    yield* this.#gradients;
    for (const storage of this.outside) yield () => storage.handles > 0;
    const hasGrad = isGradEnabled();
    yield () => isGradEnabled() === hasGrad;
  }
}
