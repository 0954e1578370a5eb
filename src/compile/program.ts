/**
 * Programs: captures that are ready to be replayed. Values lie in slots that
 * the program owns, kernels are compiled, and bind groups are made once. A
 * replay first repeats the effects on the host, then encodes the commands in
 * order.
 *
 * @module
 */

import type { Pipeline } from "../gpu/pipelines.ts";
import type { GpuBuffer, Plan } from "../gpu/plan.ts";
import { acquire, release } from "../gpu/pool.ts";
import {
  clear,
  copy,
  encode,
  makeBindGroup,
  markUsed,
  submit,
  upload,
} from "../gpu/stream.ts";
import { Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Capture, InputCheck, LeftGradient } from "./capture.ts";
import { type Form, valueOf } from "./form.ts";
import { lifetimesOf, planSlots } from "./liveness.ts";
import {
  accessesOf,
  type Dispatch,
  type Instruction,
  type Trace,
  type Value,
  type View,
} from "./trace.ts";

/** Bind groups that a command keeps for changing buffers. */
const MAX_GROUPS = 64;

/** A dispatch, prepared for replays. */
interface Command {
  readonly kind: "dispatch";
  readonly name: string;
  readonly pipeline: Pipeline;
  readonly groups: Plan["groups"];
  readonly params: Uint32Array;
  /** The bound buffers, as indices into the buffer table. */
  readonly entries: readonly number[];
  readonly parts: Dispatch["parts"];
  /** Whether every replay binds the same buffers. */
  readonly isFixed: boolean;
  /** The bind group of fixed buffers, once a replay has made it. */
  bound: GPUBindGroup | undefined;
  /** The bind groups of changing buffers, by the ids of the buffers. */
  readonly byBuffers: Map<string, GPUBindGroup>;
}

/** A clear or a copy, between indices into the buffer table. */
interface Transfer {
  readonly kind: "clear" | "copy";
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly bytes: number;
}

/** For each input the storage that it must have, or undefined. */
export type Pins = readonly (WeakRef<Storage> | undefined)[];

/** A captured function that runs with new inputs. */
export class Program {
  /** Number of dispatches in a replay. */
  readonly dispatches: number;
  /** Bytes of the buffers that the program owns. */
  readonly bytes: number;
  /** Bytes of each slot. */
  readonly #slots: readonly number[];
  /** Pairs of an index into the buffer table and its slot. */
  readonly #slotEntries: readonly (readonly [number, number])[];
  readonly #constants: readonly GpuBuffer[];
  /** The buffers of the slots; empty while they are lent. */
  #arena: readonly GpuBuffer[] = [];
  #guards: readonly (() => boolean)[];
  readonly #pins: Pins;
  readonly #outside: ReadonlySet<Storage>;
  readonly #commands: readonly (Command | Transfer)[];
  readonly #effects: readonly (() => void)[];
  /**
   * The buffer table. Buffers of inputs and outputs change with each replay.
   */
  readonly #table: GpuBuffer[] = [];
  readonly #entryOf = new Map<Value, number>();
  /** Indices whose buffers are the same in each replay. */
  readonly #fixed = new Set<number>();
  /** For each input: value, number and index into the buffer table. */
  readonly #inputs: readonly (readonly [Value, number, number])[];
  readonly #made: readonly Value[];
  readonly #written: readonly Value[];
  readonly #outputs: readonly View[];
  readonly #gradients: readonly LeftGradient[];
  readonly #form: Form;
  #checks: readonly InputCheck[];

  /**
   * Makes the program of a capture from `instructions`, which the passes
   * derived from the capture's own. `pins` restrict the storages of inputs.
   */
  constructor(
    instructions: readonly Instruction[],
    capture: Capture,
    pins: Pins,
  ) {
    this.#pins = pins;
    this.#outside = capture.outside;
    this.#gradients = capture.gradients;
    this.#guards = capture.guards;
    this.#form = capture.form;
    this.#checks = capture.checks;
    this.#outputs = capture.outputs;
    const lifetimes = lifetimesOf(instructions);
    const outputs = new Set(capture.ends);
    for (const value of outputs) {
      if (!lifetimes.has(value)) {
        lifetimes.set(value, { value, first: -1, last: -1 });
      }
    }
    const planned = [...lifetimes.values()].filter(({ value }) =>
      value.origin.kind === "local" && !outputs.has(value)
    );
    const { slots, slotOf } = planSlots(planned);
    const slotEntries: [number, number][] = [];
    const constants: GpuBuffer[] = [];
    for (const value of lifetimes.keys()) {
      const entry = this.#table.length;
      this.#entryOf.set(value, entry);
      const { origin } = value;
      const slot = slotOf.get(value);
      let buffer: GpuBuffer | undefined;
      if (slot !== undefined) slotEntries.push([entry, slot]);
      else if (origin.kind === "outside") buffer = origin.bindable.buffer;
      else if (origin.kind === "constant") {
        buffer = acquire(origin.data.byteLength);
        constants.push(buffer);
        upload(buffer, origin.data);
      }
      this.#table.push(buffer ?? HOLE);
      if (buffer || slot !== undefined) this.#fixed.add(entry);
    }
    this.#slots = slots;
    this.#slotEntries = slotEntries;
    this.#constants = constants;
    this.#take();
    this.#inputs = [...this.#entryOf].flatMap(([value, entry]) =>
      value.origin.kind === "input"
        ? [[value, value.origin.index, entry] as const]
        : []
    );
    this.#made = [...outputs].filter(({ origin }) => origin.kind === "local");
    this.#written = [
      ...new Set(instructions.flatMap((each) => accessesOf(each).writes)),
    ].filter(({ origin }) =>
      origin.kind === "outside" || origin.kind === "input"
    );
    const byLive = new Map<Plan["live"], Command>();
    let dispatches = 0;
    this.#commands = instructions.map((instruction) => {
      const command = this.#prepare(instruction);
      if (instruction.kind === "dispatch" && command.kind === "dispatch") {
        dispatches++;
        byLive.set(instruction.plan.live, command);
      }
      return command;
    });
    this.#effects = effectsOf(capture, byLive);
    this.dispatches = dispatches;
    this.bytes = this.owned.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The buffers that the program owns and has not lent. */
  get owned(): readonly GpuBuffer[] {
    return [...this.#constants, ...this.#arena];
  }

  /**
   * Returns the slots to the pool until the program is renewed or runs. An
   * eager call can use them, and so needs no more memory than the recorded
   * call.
   */
  lend(): void {
    releaseAll(this.#arena);
    this.#arena = [];
    for (const command of this.#commands) {
      if (command.kind !== "dispatch") continue;
      command.bound = undefined;
      command.byBuffers.clear();
    }
  }

  #take(): void {
    if (this.#arena.length === this.#slots.length) return;
    this.#arena = this.#slots.map((bytes) => acquire(bytes));
    for (const [entry, slot] of this.#slotEntries) {
      this.#table[entry] = this.#arena[slot]!;
    }
  }

  /** Whether an input must have a certain storage. */
  get isPinned(): boolean {
    return this.#pins.some((pin) => pin !== undefined);
  }

  /**
   * Takes the guards and checks of a later capture of the same commands: it may
   * have called other modules that compute the same.
   */
  renew({ guards, checks }: Capture): void {
    this.#guards = guards;
    this.#checks = checks;
    this.#take();
  }

  /**
   * Whether all guards hold, and the tensors of the arguments suit the pins.
   */
  holds(tensors: readonly Tensor[]): boolean {
    const suitsPins = tensors.every(({ storage }, i) => {
      const pin = this.#pins[i];
      return pin ? pin.deref() === storage : !this.#outside.has(storage);
    });
    return suitsPins && this.#guards.every((holds) => holds());
  }

  /**
   * Runs the program on other inputs of the same form.
   *
   * @throws {RangeError} If the host wrote values to an input that an op
   * refuses
   */
  run(inputs: readonly Tensor[]): unknown {
    for (const { index, check } of this.#checks) {
      inputs[index]!.written?.forEach(check);
    }
    this.#take();
    const table = this.#table;
    const storages = new Map<Value, Storage>();
    for (const [value, index, entry] of this.#inputs) {
      const { storage } = inputs[index]!;
      storages.set(value, storage);
      table[entry] = storage.buffer;
    }
    for (const value of this.#made) {
      const storage = new Storage(value.bytes);
      storages.set(value, storage);
      table[this.#entryOf.get(value)!] = storage.buffer;
    }
    for (const effect of this.#effects) effect();
    for (const command of this.#commands) {
      if (command.kind === "dispatch") {
        const group = command.bound ?? this.#bind(command);
        encode(command.pipeline, group, command.params, command.groups);
      } else this.#transfer(command);
    }
    markUsed(table);
    if (this.#effects.length > 0) submit();
    for (const value of this.#written) {
      const { origin } = value;
      const written = origin.kind === "outside"
        ? origin.bindable
        : storages.get(value);
      if (written instanceof Storage) written.version++;
    }
    return this.#result(storages, inputs);
  }

  // Sets gradients and builds the result.
  #result(
    storages: ReadonlyMap<Value, Storage>,
    inputs: readonly Tensor[],
  ): unknown {
    const tensorOf = ({ value, layout, dtype }: View): Tensor =>
      new Tensor(storageOf(value, storages, inputs), layout, dtype, "compile");
    for (const { leaf, left } of this.#gradients) {
      if (left === "none") leaf.grad = undefined;
      else if (left === "slot") leaf.grad = leaf.slot;
      else leaf.grad = tensorOf(left).keep();
    }
    return valueOf(this.#form, this.#outputs.map(tensorOf));
  }

  #prepare(instruction: Instruction): Command | Transfer {
    const entryOf = (value: Value): number => this.#entryOf.get(value)!;
    if (instruction.kind === "clear") {
      const { value, offset, bytes } = instruction;
      const to = entryOf(value);
      return { kind: "clear", from: to, to, offset, bytes };
    }
    if (instruction.kind === "copy") {
      const { from, to } = instruction;
      const bytes = Math.ceil(from.bytes / 4) * 4; // WebGPU copies whole words
      const ends = { from: entryOf(from), to: entryOf(to) };
      return { kind: "copy", ...ends, offset: 0, bytes };
    }
    const { plan, pipeline, values, parts } = instruction;
    const entries = values.map(entryOf);
    const isFixed = entries.every((entry) => this.#fixed.has(entry));
    return {
      kind: "dispatch",
      name: plan.name,
      pipeline,
      groups: plan.groups,
      params: Uint32Array.from(plan.params),
      entries,
      parts,
      isFixed,
      bound: undefined,
      byBuffers: new Map(),
    };
  }

  #buffersAt(entries: readonly number[]): GpuBuffer[] {
    return entries.map((entry) => this.#table[entry]!);
  }

  #bind(command: Command): GPUBindGroup {
    const { byBuffers, entries, pipeline, name, parts } = command;
    if (command.isFixed) {
      const buffers = this.#buffersAt(entries);
      return command.bound = makeBindGroup(pipeline, buffers, name, parts);
    }
    let key = "";
    for (const entry of entries) {
      if (!this.#fixed.has(entry)) key += `${this.#table[entry]!.id},`;
    }
    let group = byBuffers.get(key);
    if (!group) {
      if (byBuffers.size >= MAX_GROUPS) byBuffers.clear();
      group = makeBindGroup(pipeline, this.#buffersAt(entries), name, parts);
      byBuffers.set(key, group);
    }
    return group;
  }

  #transfer({ kind, from, to, offset, bytes }: Transfer): void {
    const target = this.#table[to]!;
    if (kind === "copy") copy(this.#table[from]!, target, bytes);
    else clear({ buffer: target }, offset, bytes);
  }
}

// Stands in the buffer table until a replay sets the buffer.
const HOLE: GpuBuffer = {
  get gpu(): never {
    throw new Error("A replay has set no buffer at this index");
  },
  bytes: 0,
  id: -1,
  serial: -1,
};

function storageOf(
  value: Value,
  storages: ReadonlyMap<Value, Storage>,
  inputs: readonly Tensor[],
): Storage {
  const { origin } = value;
  if (origin.kind === "input") return inputs[origin.index]!.storage;
  const storage = origin.kind === "outside"
    ? origin.bindable
    : storages.get(value);
  if (storage instanceof Storage) return storage;
  throw new Error("A replay has made no storage for this result");
}

function effectsOf(
  { effects }: Trace,
  byLive: ReadonlyMap<Plan["live"], Command>,
): (() => void)[] {
  return effects.flatMap((effect) => {
    if (effect.kind === "host") return [effect.again];
    const { live } = effect;
    const command = byLive.get(live); // undefined if the dispatch was unused
    if (!command) return [];
    return [() => command.params.set(live.words(), live.at)];
  });
}

/** Returns buffers to the pool. */
export function releaseAll(buffers: readonly GpuBuffer[]): void {
  for (const buffer of buffers) release(buffer);
}
