/**
 * Programs: a capture made ready to be replayed. Values lie in slots that the
 * program owns, kernels are compiled, bind groups are made once; a replay does
 * what the host has to do, then encodes one command after the other.
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
  type Place,
  type Trace,
  type Value,
} from "./trace.ts";

/** Bind groups that a command keeps for the buffers it meets in turn. */
const MAX_GROUPS = 64;

/** A dispatch with everything that can be done beforehand. */
interface Command {
  readonly kind: "dispatch";
  readonly name: string;
  readonly pipeline: Pipeline;
  readonly groups: Plan["groups"];
  readonly params: Uint32Array;
  /** Places in the table of buffers. */
  readonly places: readonly number[];
  readonly parts: Dispatch["parts"];
  /** Whether the buffers are the same in each replay. */
  readonly isFixed: boolean;
  /** If they are, once it was asked for. */
  bound: GPUBindGroup | undefined;
  /** By the buffers' ids, where they are not. */
  readonly byBuffers: Map<string, GPUBindGroup>;
}

/** A clear or a copy, by places in the table of buffers. */
interface Transfer {
  readonly kind: "clear" | "copy";
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Storages, by input, that inputs have to have. */
export type Pins = readonly (WeakRef<Storage> | undefined)[];

/** A captured function, ready to be run with other inputs. */
export class Program {
  /** Dispatches of a replay. */
  readonly dispatches: number;
  /** Bytes of the slots. */
  readonly bytes: number;
  /** Bytes of each slot, and where in the table it is. */
  readonly #slots: readonly number[];
  readonly #slotPlaces: readonly (readonly [number, number])[];
  readonly #constants: readonly GpuBuffer[];
  /** The buffers of the slots, unless they are lent. */
  #arena: readonly GpuBuffer[] = [];
  #guards: readonly (() => boolean)[];
  readonly #pins: Pins;
  readonly #outside: ReadonlySet<Storage>;
  readonly #commands: readonly (Command | Transfer)[];
  readonly #effects: readonly (() => void)[];
  /** By place; those of inputs and outputs change from replay to replay. */
  readonly #table: GpuBuffer[] = [];
  readonly #places = new Map<Value, number>();
  /** Places whose buffers are the same in each replay. */
  readonly #fixed = new Set<number>();
  /** Inputs: their values, numbers and places. */
  readonly #inputs: readonly (readonly [Value, number, number])[];
  readonly #made: readonly Value[];
  readonly #written: readonly Value[];
  readonly #outputs: readonly Place[];
  readonly #gradients: readonly LeftGradient[];
  readonly #form: Form;
  #checks: readonly InputCheck[];

  /**
   * A program of `instructions`, which do what the capture did; `pins` are
   * storages that inputs have to have, where it is not known that others do.
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
    const laid = [...lifetimes.values()].filter(({ value }) =>
      value.origin.kind === "local" && !outputs.has(value)
    );
    const { slots, slotOf } = planSlots(laid);
    const slotPlaces: [number, number][] = [];
    const constants: GpuBuffer[] = [];
    for (const value of lifetimes.keys()) {
      const place = this.#table.length;
      this.#places.set(value, place);
      const { origin } = value;
      const slot = slotOf.get(value);
      let buffer: GpuBuffer | undefined;
      if (slot !== undefined) slotPlaces.push([place, slot]);
      else if (origin.kind === "outside") buffer = origin.bindable.buffer;
      else if (origin.kind === "constant") {
        buffer = acquire(origin.data.byteLength);
        constants.push(buffer);
        upload(buffer, origin.data);
      }
      this.#table.push(buffer ?? HOLE);
      if (buffer || slot !== undefined) this.#fixed.add(place);
    }
    this.#slots = slots;
    this.#slotPlaces = slotPlaces;
    this.#constants = constants;
    this.#take();
    this.#inputs = [...this.#places].flatMap(([value, place]) =>
      value.origin.kind === "input"
        ? [[value, value.origin.index, place] as const]
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

  /** Every buffer that the program owns and has not lent. */
  get owned(): readonly GpuBuffer[] {
    return [...this.#constants, ...this.#arena];
  }

  /**
   * Gives the slots back until the program is renewed or runs: an eager call
   * beside them would need more memory than the recorded ones did.
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
    for (const [place, slot] of this.#slotPlaces) {
      this.#table[place] = this.#arena[slot]!;
    }
  }

  /** Whether inputs have to have storages of their own. */
  get isPinned(): boolean {
    return this.#pins.some((pin) => pin !== undefined);
  }

  /**
   * Goes on with what another capture of the same commands rests on: modules
   * that do the same may have taken the place of others.
   */
  renew({ guards, checks }: Capture): void {
    this.#guards = guards;
    this.#checks = checks;
    this.#take();
  }

  /** Whether everything that the capture rests on is so in a call with these. */
  holds(given: readonly Tensor[]): boolean {
    const isTaken = given.every(({ storage }, i) => {
      const pin = this.#pins[i];
      return pin ? pin.deref() === storage : !this.#outside.has(storage);
    });
    return isTaken && this.#guards.every((holds) => holds());
  }

  /**
   * Runs the program on other inputs of the same form.
   *
   * @throws {RangeError} If the host wrote values that an op refuses
   */
  run(inputs: readonly Tensor[]): unknown {
    for (const { index, check } of this.#checks) {
      inputs[index]!.written?.forEach(check);
    }
    this.#take();
    const table = this.#table;
    const storages = new Map<Value, Storage>();
    for (const [value, index, place] of this.#inputs) {
      const { storage } = inputs[index]!;
      storages.set(value, storage);
      table[place] = storage.buffer;
    }
    for (const value of this.#made) {
      const storage = new Storage(value.bytes);
      storages.set(value, storage);
      table[this.#places.get(value)!] = storage.buffer;
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
    return this.#give(storages, inputs);
  }

  #give(
    storages: ReadonlyMap<Value, Storage>,
    inputs: readonly Tensor[],
  ): unknown {
    const tensorOf = ({ value, layout, dtype }: Place): Tensor =>
      new Tensor(storageOf(value, storages, inputs), layout, dtype, "compile");
    for (const { leaf, left } of this.#gradients) {
      if (left === "none") leaf.grad = undefined;
      else if (left === "slot") leaf.grad = leaf.slot;
      else leaf.grad = tensorOf(left).keep();
    }
    return valueOf(this.#form, this.#outputs.map(tensorOf));
  }

  #prepare(instruction: Instruction): Command | Transfer {
    const placeOf = (value: Value): number => this.#places.get(value)!;
    if (instruction.kind === "clear") {
      const { value, offset, bytes } = instruction;
      const to = placeOf(value);
      return { kind: "clear", from: to, to, offset, bytes };
    }
    if (instruction.kind === "copy") {
      const { from, to } = instruction;
      const bytes = Math.ceil(from.bytes / 4) * 4; // whole words are copied
      const places = { from: placeOf(from), to: placeOf(to) };
      return { kind: "copy", ...places, offset: 0, bytes };
    }
    const { plan, pipeline, values, parts } = instruction;
    const places = values.map(placeOf);
    const isFixed = places.every((place) => this.#fixed.has(place));
    return {
      kind: "dispatch",
      name: plan.name,
      pipeline,
      groups: plan.groups,
      params: Uint32Array.from(plan.params),
      places,
      parts,
      isFixed,
      bound: undefined,
      byBuffers: new Map(),
    };
  }

  #buffersAt(places: readonly number[]): GpuBuffer[] {
    return places.map((place) => this.#table[place]!);
  }

  #bind(command: Command): GPUBindGroup {
    const { byBuffers, places, pipeline, name, parts } = command;
    if (command.isFixed) {
      const buffers = this.#buffersAt(places);
      return command.bound = makeBindGroup(pipeline, buffers, name, parts);
    }
    let key = "";
    for (const place of places) {
      if (!this.#fixed.has(place)) key += `${this.#table[place]!.id},`;
    }
    let group = byBuffers.get(key);
    if (!group) {
      if (byBuffers.size >= MAX_GROUPS) byBuffers.clear();
      group = makeBindGroup(pipeline, this.#buffersAt(places), name, parts);
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

// Stands in the table until a replay brings the buffer.
const HOLE: GpuBuffer = {
  get gpu(): never {
    throw new Error("A buffer was asked for that no replay has brought");
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
  throw new Error("A result was asked for that no replay has made");
}

function effectsOf(
  { effects }: Trace,
  byLive: ReadonlyMap<Plan["live"], Command>,
): (() => void)[] {
  return effects.flatMap((effect) => {
    if (effect.kind === "host") return [effect.again];
    const { live } = effect;
    const command = byLive.get(live); // none if it led to nothing
    if (!command) return [];
    return [() => command.params.set(live.words(), live.at)];
  });
}

/** Gives the buffers of a program back. */
export function releaseAll(buffers: readonly GpuBuffer[]): void {
  for (const buffer of buffers) release(buffer);
}
