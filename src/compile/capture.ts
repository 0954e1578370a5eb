/**
 * Capture: a function runs eagerly while a tracer records what it sends to the
 * GPU, and the steps on the host that each replay repeats.
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
import { mapCallOf } from "../ops/map/map.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lineOf } from "./call_site.ts";
import {
  accessesOf,
  type Clear,
  type Dispatch,
  type Effect,
  type MapNode,
  type Origin,
  type Trace,
  type Value,
  type View,
} from "./trace.ts";
import { type Form, formOf } from "./form.ts";
import { disown, refusal } from "./refusal.ts";

/** The gradient of one leaf after a call. */
export interface LeftGradient {
  readonly leaf: Leaf;
  /** `slot`: in the optimizer's flat buffer; `none`: the leaf has none. */
  readonly left: "slot" | "none" | View;
}

/** A trace with the result of the call. */
export interface Capture extends Trace {
  /** The structure of the result, with tensors by number. */
  readonly form: Form;
  /** The tensors of the result, in the order of `form`. */
  readonly outputs: readonly View[];
  readonly gradients: readonly LeftGradient[];
  /** Checks of the values of inputs that the host wrote. */
  readonly checks: readonly InputCheck[];
  /** Getters of values that replays read anew: `Recorder.follows`. */
  readonly followed: readonly (() => unknown)[];
  /** Storages older than the call that belong to no argument. */
  readonly outside: ReadonlySet<Storage>;
  /**
   * Whether the call writes to arguments or returns them. Then their offsets in
   * their storages matter.
   */
  readonly isExact: boolean;
  /**
   * Class of an object whose state the call both depends on and changed. Set
   * means: the recording cannot be replayed.
   */
  readonly unstable: string | undefined;
  /** Storages of the arguments; the inputs may be copies of them. */
  readonly argumentStorages: readonly WeakRef<Storage>[];
  /** Tensors that the call made and did not `keep()`. */
  readonly leftovers: readonly WeakRef<Used>[];
}

/** A check of each value of one input; it throws if the value is invalid. */
export interface InputCheck {
  readonly index: number;
  readonly check: (value: number) => void;
}

/**
 * Runs `body` and records it. A replay may get other tensors as `inputs`;
 * everything else stays the same. `argumentStorages` are those of the arguments
 * behind the inputs. The tensors of the result are appended to `results`.
 *
 * @throws {Error} If `body` reads a tensor, or does something else that a
 * replay cannot repeat
 * @throws {TypeError} If `body` is async, or its result holds anything but
 * tensors, numbers, strings, booleans, arrays and plain objects
 */
export function capture(
  inputs: readonly Tensor[],
  argumentStorages: readonly Storage[],
  body: () => unknown,
  results: Tensor[],
): Capture {
  const tracer = new Tracer(inputs);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK; // backward() runs ops deep in the stack
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
  const outputs = results.map((tensor) => tracer.viewOf(tensor));
  const gradients = tracer.gradients();
  const left = gradients.map(({ left }) => left)
    .filter((each) => typeof each === "object");
  const { instructions, guards } = tracer;
  const ends = [...outputs, ...left].map(({ value }) => value);
  const written = instructions.flatMap((each) => accessesOf(each).writes);
  for (const value of [...ends, ...written]) makeLocal(value);
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
    argumentStorages: argumentStorages.map((storage) => new WeakRef(storage)),
    leftovers: tracer.leftovers(),
  };
}

// A constant that the call writes to or returns becomes a local value, which
// each replay initializes with a copy.
function makeLocal(value: Value): void {
  const { origin } = value;
  if (origin.kind !== "constant") return;
  value.origin = { kind: "local", data: origin.data };
}

function formOfResult(result: unknown, tensors: Tensor[]): Form {
  try {
    return formOf(result, tensors, "the result");
  } catch (error) {
    disown(result); // the result may be a promise
    throw error;
  }
}

/** Stack frames to record: the user's line must be among them. */
const STACK = 64;

class Tracer implements Recorder {
  readonly instructions: (Dispatch | Clear)[] = [];
  readonly effects: Effect[] = [];
  readonly inputChecks: InputCheck[] = [];
  readonly followed: (() => unknown)[] = [];
  readonly guards = new Map<object, () => boolean>();
  readonly #values = new Map<GpuBuffer, Value>();
  readonly outside = new Set<Storage>();
  /** Tensors made inside the function. */
  readonly #made = new WeakSet<Used>();
  readonly #refs: WeakRef<Used>[] = [];
  readonly #kept = new WeakSet<Used>();
  /** Other objects with a state that were made inside, leaves for instance. */
  readonly #inside = new WeakSet<object>();
  readonly #leaves = new Set<Leaf>();
  readonly #gradients: (() => boolean)[] = [];
  readonly #inputs: readonly Tensor[];
  /** The refusal, thrown at the end if the function caught it. */
  refused: Error | undefined;
  #count = 0;

  constructor(inputs: readonly Tensor[]) {
    this.#inputs = inputs;
    inputs.forEach(({ storage }, index) => {
      if (this.#values.has(storage.buffer)) return; // the same tensor twice
      this.#add(storage.buffer, { kind: "input", index });
    });
  }

  #add(buffer: GpuBuffer, origin: Origin, bytes = buffer.bytes): Value {
    const value = { id: this.#count++, bytes, origin };
    this.#values.set(buffer, value);
    return value;
  }

  #valueOf(target: Bindable): Value {
    const bindable = target.window?.of ?? target;
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
      // maps and hooks count elements from the beginning of a whole buffer
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
    const out = this.viewOf(call.out);
    if (!whole) return { out };
    const node: MapNode = {
      rule,
      operands: operands.map((operand) =>
        typeof operand === "object" ? this.viewOf(operand) : operand
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
      const instead = "pass the values as a tensor argument and copy_() them";
      this.refuse("write to a tensor from the host", instead);
    }
    const { byteOffset, byteLength } = data;
    const bytes = new Uint8Array(data.buffer, byteOffset, byteLength).slice();
    value.origin = { kind: "constant", data: bytes };
  }

  refuse(
    what: string,
    instead = "return the tensor and continue outside",
  ): never {
    throw this.refused = refusal(
      `Cannot ${what} inside a compiled function${lineOf(new Error())}: ` +
        `replays repeat its GPU commands, not its JavaScript; ${instead}`,
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

  /** Returns the tensors made inside that are neither kept nor disposed. */
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
    if (this.#inside.has(leaf)) return; // the leaf exists in this call only
    if (this.#leaves.has(leaf)) return; // the program itself set the gradient
    this.#leaves.add(leaf);
    const { grad, slot } = leaf;
    if (grad && grad !== slot) {
      const instead =
        "set it to undefined before, or create an optimizer first";
      this.refuse("add to a gradient that no optimizer holds", instead);
    }
    this.#gradients.push(() => leaf.grad === grad && leaf.slot === slot);
  }

  setsGradient(leaf: Leaf): void {
    if (!this.#inside.has(leaf)) this.#leaves.add(leaf);
  }

  viewOf({ storage, layout, dtype }: Tensor): View {
    return { value: this.#valueOf(storage), layout, dtype };
  }

  gradients(): LeftGradient[] {
    return [...this.#leaves].map((leaf) => {
      const { grad, slot } = leaf;
      const left = !grad
        ? "none"
        : grad === slot
        ? "slot"
        : this.viewOf(grad as Tensor); // every gradient is a Tensor
      return { leaf, left };
    });
  }

  /** Yields the guards that belong to no owner. */
  *others(): Iterable<() => boolean> {
    yield* this.#gradients;
    for (const storage of this.outside) yield () => storage.handles > 0;
    const hasGrad = isGradEnabled();
    yield () => isGradEnabled() === hasGrad;
  }
}
