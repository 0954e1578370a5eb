/**
 * Traces: what a function sent to the GPU and did on the host, as data.
 *
 * A buffer of the pool may hold several values one after the other; a trace
 * speaks of values, each made once, so that programs can lay them anew. Nothing
 * here is sent to the GPU: program.ts does that.
 *
 * @module
 */

import { type Pipeline, pipelineOf } from "../gpu/pipelines.ts";
import type { Bindable, LiveWords, Plan } from "../gpu/plan.ts";
import type { MapRule } from "../ops/map_header.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Layout } from "../tensor/layout.ts";

/**
 * Where a value comes from:
 *
 * - `local`: it is made inside, and gone at the end unless it is returned; each
 *   replay begins with what is in `data`, if the host wrote it first
 * - `input`: a tensor that the function is given
 * - `outside`: a tensor that was there before, such as a parameter
 * - `constant`: the host wrote it, and would write the same again
 */
export type Origin =
  | { readonly kind: "local"; readonly data?: Uint8Array<ArrayBuffer> }
  | { readonly kind: "input"; readonly index: number }
  | { readonly kind: "outside"; readonly bindable: Bindable }
  | { readonly kind: "constant"; readonly data: Uint8Array<ArrayBuffer> };

/** What a buffer holds from one acquisition to its release. */
export interface Value {
  readonly id: number;
  /** Bytes that it has; of one that is not local, those of its buffer. */
  readonly bytes: number;
  origin: Origin;
}

/** Where a tensor lies in a value. */
export interface Place {
  readonly value: Value;
  readonly layout: Layout;
  readonly dtype: DType;
}

/** A map, by places instead of tensors. */
export interface MapNode {
  readonly rule: MapRule;
  readonly operands: readonly (Place | number | boolean)[];
  readonly out: Place;
}

/** A plan, by values instead of buffers, which it would keep alive. */
export interface Kernel {
  readonly plan: Omit<Plan, "buffers">;
  /** What each binding holds. */
  readonly values: readonly Value[];
}

/** Bytes of a value, from the first one to before `end`. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** A dispatch of a kernel. */
export interface Dispatch extends Kernel {
  readonly kind: "dispatch";
  readonly pipeline: Pipeline;
  /** The parts of buffers that are bound, by binding; others are whole. */
  readonly parts?: ReadonlyMap<number, Range>;
  /** The only place that it writes to, where that is known. */
  readonly out?: Place;
  /** The maps that it does one after the other, in whole quads, if that is all. */
  readonly maps?: readonly MapNode[];
  /** Remembers the line, without the cost of telling it; not in programs. */
  readonly site?: Error;
}

/** A part of a value becomes zero; offset and length in bytes. */
export interface Clear {
  readonly kind: "clear";
  readonly value: Value;
  readonly offset: number;
  readonly bytes: number;
  readonly site?: Error;
}

/** A whole value becomes what another is. */
export interface Copy {
  readonly kind: "copy";
  readonly from: Value;
  readonly to: Value;
}

/** One command to the GPU. */
export type Instruction = Dispatch | Clear | Copy;

/** What the host does before the commands of a replay, in order. */
export type Effect =
  | {
    readonly kind: "host";
    /** Two effects about the same values are the same. */
    readonly about: readonly unknown[];
    readonly again: () => void;
  }
  | { readonly kind: "live"; readonly live: LiveWords };

/** Everything that one call did. */
export interface Trace {
  readonly instructions: readonly (Dispatch | Clear)[];
  readonly effects: readonly Effect[];
  /** All of them hold while the trace says what a call would do. */
  readonly guards: readonly (() => boolean)[];
  /** What outlives the call: results and gradients. */
  readonly ends: readonly Value[];
}

/** The dispatch of a kernel that a pass has made. */
export function dispatchOf(
  kernel: Kernel,
  maps?: readonly MapNode[],
): Dispatch {
  const buffers = kernel.values.map(() => NO_BUFFER);
  const pipeline = pipelineOf({ ...kernel.plan, buffers });
  return { kind: "dispatch", ...kernel, pipeline, ...(maps && { maps }) };
}

// Pipelines count buffers; which ones they are is the program's to say.
const NO_BUFFER: Bindable = {
  get buffer(): never {
    throw new Error("A buffer of a kernel in a trace was asked for");
  },
};

/** What an instruction reads, and what it writes, perhaps only parts of it. */
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

/** Where two traces part. */
export interface Difference {
  readonly what: string;
  /** Remembers the line of the second one, where that is known. */
  readonly site?: Error;
}

/** Where two traces part, if they do. */
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
    const what = a ? differs(a, b, isSame) : "there was nothing more";
    if (what) return { what: `${nameOf(b)}: ${what}`, site: b.site };
  }
  const more = before.instructions[length];
  const what = more
    ? `${nameOf(more)} before, now nothing more`
    : before.ends.length !== after.ends.length ||
        !after.ends.every((end, i) => isSame(before.ends[i]!, end))
    ? "the result is another one than before"
    : before.effects.length !== after.effects.length ||
        !after.effects.every((each, i) => sameEffect(before.effects[i]!, each))
    ? "a scheduler, an optimizer or a generator goes another way than before"
    : undefined;
  return what === undefined ? undefined : { what };
}

/** What messages call an instruction. */
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
  const other = `before it was ${nameOf(a)}`;
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
  if (!sameKernel) return "before it had another shape or type";
  for (const [i, value] of a.values.entries()) {
    if (!isSame(value, b.values[i]!)) {
      return "it has another operand than before, " +
        "a tensor made in an earlier call or by the host";
    }
  }
  const sameWords = sameParts(a, b) && was.live?.at === is.live?.at &&
    String(fixedWords(was)) === String(fixedWords(is));
  return sameWords ? undefined : "a number or a size has changed since";
}

function sameParts({ parts: a }: Dispatch, { parts: b }: Dispatch): boolean {
  if (a?.size !== b?.size) return false;
  return [...a ?? []].every(([i, { first, end }]) =>
    first === b!.get(i)?.first && end === b!.get(i)?.end
  );
}

// The parameters without those that differ in each call.
function fixedWords({ params, live }: Kernel["plan"]): readonly number[] {
  if (!live) return params;
  const { at } = live;
  const { length } = live.words();
  return [...params.slice(0, at), ...params.slice(at + length)];
}

// What live effects depend on is said by those of the host before them.
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
  // a program may have made a local value of a constant
  return a.data?.length === b.data?.length &&
    (a.data?.every((byte, i) => byte === b.data![i]) ?? true);
}
