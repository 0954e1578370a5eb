/**
 * Traces: the GPU commands and host effects of a function, as data.
 *
 * A buffer of the pool may hold several values one after the other. A trace
 * names values, each made once, so that programs can assign memory anew.
 * Nothing here is sent to the GPU: program.ts does that.
 *
 * @module
 */

import { type Pipeline, pipelineOf } from "../gpu/pipelines.ts";
import type { Bindable, LiveWords, Plan } from "../gpu/plan.ts";
import type { MapRule } from "../ops/map/header.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Layout } from "../tensor/layout.ts";

/**
 * Origin of a value:
 *
 * - `local`: made inside, and freed at the end unless returned; `data`, if set,
 *   is its content at the beginning, which the host wrote
 * - `input`: a tensor argument
 * - `outside`: a captured tensor, such as a parameter
 * - `constant`: written by the host once, and never changed
 */
export type Origin =
  | { readonly kind: "local"; readonly data?: Uint8Array<ArrayBuffer> }
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "outside"; readonly bindable: Bindable }
  | { readonly kind: "constant"; readonly data: Uint8Array<ArrayBuffer> };

/** Content of a buffer between its acquisition and its release. */
export interface Value {
  readonly id: number;
  /** Size of a local value; otherwise the size of its buffer. */
  readonly bytes: number;
  origin: Origin;
}

/** A tensor's view of a value. */
export interface View {
  readonly value: Value;
  readonly layout: Layout;
  readonly dtype: DType;
}

/** An elementwise op, on views instead of tensors. */
export interface MapNode {
  readonly rule: MapRule;
  readonly operands: readonly (View | number | boolean)[];
  readonly out: View;
}

/** A plan with values instead of buffers, which a trace would keep alive. */
export interface Kernel {
  readonly plan: Omit<Plan, "buffers">;
  /** The value of each binding. */
  readonly values: readonly Value[];
}

/** Bytes of a value from `first` to before `end`. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** A dispatch of a kernel. */
export interface Dispatch extends Kernel {
  readonly kind: "dispatch";
  readonly pipeline: Pipeline;
  /** Bound parts of buffers, by binding; other buffers are bound whole. */
  readonly parts?: ReadonlyMap<number, Range>;
  /** The only view that the kernel writes, if it is known. */
  readonly out?: View;
  /** The maps of a kernel that computes nothing else, in whole quads. */
  readonly maps?: readonly MapNode[];
  /** Holds the user's line in its stack, unformatted; removed in programs. */
  readonly site?: Error;
}

/** Sets a part of a value to zero; offset and length in bytes. */
export interface Clear {
  readonly kind: "clear";
  readonly value: Value;
  readonly offset: number;
  readonly bytes: number;
  readonly site?: Error;
}

/** Copies a whole value to another one. */
export interface Copy {
  readonly kind: "copy";
  readonly from: Value;
  readonly to: Value;
}

/** One command to the GPU. */
export type Instruction = Dispatch | Clear | Copy;

/** An action on the host before the commands of a replay. */
export type Effect =
  | {
    readonly kind: "host";
    /** The effect's identity: effects with the same values here are equal. */
    readonly about: readonly unknown[];
    readonly again: () => void;
  }
  | { readonly kind: "live"; readonly live: LiveWords };

/** The record of one call. */
export interface Trace {
  readonly instructions: readonly (Dispatch | Clear)[];
  readonly effects: readonly Effect[];
  /** Conditions under which a call would repeat this trace. */
  readonly guards: readonly (() => boolean)[];
  /** Values that outlive the call: results and gradients. */
  readonly ends: readonly Value[];
}

/** Returns a dispatch of a kernel that a pass has made. */
export function dispatchOf(
  kernel: Kernel,
  maps?: readonly MapNode[],
): Dispatch {
  const buffers = kernel.values.map(() => NO_BUFFER);
  const pipeline = pipelineOf({ ...kernel.plan, buffers });
  return { kind: "dispatch", ...kernel, pipeline, ...(maps && { maps }) };
}

// Stands for a buffer: `pipelineOf` needs their number only.
const NO_BUFFER: Bindable = {
  get buffer(): never {
    throw new Error("A kernel in a trace has no buffers");
  },
};

/**
 * Returns the values that an instruction reads and writes, wholly or in part.
 */
export function accessesOf(
  instruction: Instruction,
): { readonly reads: readonly Value[]; readonly writes: readonly Value[] } {
  if (instruction.kind === "clear") {
    return { reads: [], writes: [instruction.value] };
  }
  if (instruction.kind === "copy") {
    return { reads: [instruction.from], writes: [instruction.to] };
  }
  const { values, pipeline: { writes } } = instruction;
  return {
    reads: values.filter((_, i) => !writes[i]),
    writes: values.filter((_, i) => writes[i]),
  };
}

/** The first difference between two traces. */
export interface Difference {
  readonly what: string;
  /** Holds the second trace's line in its stack, if it is known. */
  readonly site?: Error;
}

/** Returns the first difference between two traces, or undefined. */
export function difference(
  before: Trace,
  after: Trace,
): Difference | undefined {
  const names = new Map<Value, Value>();
  const taken = new Set<Value>();
  const isSame = (a: Value, b: Value): boolean => {
    const known = names.get(a);
    if (known || taken.has(b)) return known === b;
    names.set(a, b);
    taken.add(b);
    const isAlike = a.bytes === b.bytes || a.origin.kind !== "local";
    return isAlike && sameOrigin(a.origin, b.origin);
  };
  const { length } = after.instructions;
  for (let i = 0; i < length; i++) {
    const [a, b] = [before.instructions[i], after.instructions[i]!];
    const what = a ? differs(a, b, isSame) : "the earlier call ended before it";
    if (what) return { what: `${nameOf(b)}: ${what}`, site: b.site };
  }
  const more = before.instructions[length];
  const what = more
    ? `the earlier call went on with ${nameOf(more)}`
    : before.ends.length !== after.ends.length ||
        !after.ends.every((end, i) => isSame(before.ends[i]!, end))
    ? "the result is a different tensor than before"
    : before.effects.length !== after.effects.length ||
        !after.effects.every((each, i) => sameEffect(before.effects[i]!, each))
    ? "a scheduler, an optimizer or a generator took a different step before"
    : undefined;
  return what === undefined ? undefined : { what };
}

/** Returns the name of an instruction in messages. */
export function nameOf(instruction: Instruction): string {
  return instruction.kind === "dispatch"
    ? instruction.plan.name
    : instruction.kind;
}

function differs(
  a: Dispatch | Clear,
  b: Dispatch | Clear,
  isSame: (a: Value, b: Value) => boolean,
): string | undefined {
  const other = `the earlier call ran ${nameOf(a)} here`;
  if (a.kind === "clear") {
    const same = b.kind === "clear" && isSame(a.value, b.value) &&
      a.offset === b.offset && a.bytes === b.bytes;
    return same ? undefined : other;
  }
  if (b.kind === "clear") return other;
  const [was, is] = [a.plan, b.plan];
  if (was.name !== is.name || was.source !== is.source) return other;
  const sameKernel = a.pipeline === b.pipeline &&
    String(was.groups) === String(is.groups);
  if (!sameKernel) return "it had a different shape or type before";
  for (const [i, value] of a.values.entries()) {
    if (!isSame(value, b.values[i]!)) {
      return "it has a different operand than before, " +
        "a tensor made in an earlier call or by the host";
    }
  }
  const sameWords = sameParts(a, b) && was.live?.at === is.live?.at &&
    String(fixedWords(was)) === String(fixedWords(is));
  return sameWords ? undefined : "a number or a size has changed";
}

function sameParts({ parts: a }: Dispatch, { parts: b }: Dispatch): boolean {
  if (a?.size !== b?.size) return false;
  return [...a ?? []].every(([i, { first, end }]) =>
    first === b!.get(i)?.first && end === b!.get(i)?.end
  );
}

// Returns the parameters without the live words, which differ in each call.
function fixedWords({ params, live }: Kernel["plan"]): readonly number[] {
  if (!live) return params;
  const { at } = live;
  const { length } = live.words();
  return [...params.slice(0, at), ...params.slice(at + length)];
}

// The host effects before live effects cover what those depend on.
function sameEffect(a: Effect, b: Effect): boolean {
  if (a.kind === "live" || b.kind === "live") return a.kind === b.kind;
  return a.about.length === b.about.length &&
    a.about.every((value, i) => Object.is(value, b.about[i]));
}

function sameOrigin(a: Origin, b: Origin): boolean {
  if (a.kind === "input" && b.kind === "input") return a.index === b.index;
  if (a.kind === "outside" && b.kind === "outside") {
    return a.bindable === b.bindable;
  }
  if (a.kind === "input" || b.kind === "input") return false;
  if (a.kind === "outside" || b.kind === "outside") return false;
  // of constants and local values only the content at the beginning counts
  return a.data?.length === b.data?.length &&
    (a.data?.every((byte, i) => byte === b.data![i]) ?? true);
}
