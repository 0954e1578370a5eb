/**
 * Splicing: maps move into the kernel that reads their result, or into the
 * kernel that computes their operand, if it has hooks (src/gpu/plan.ts). Each
 * move saves one pass over memory.
 *
 * @module
 */

import { loopsOf } from "../ops/map/header.ts";
import { DTYPES } from "../tensor/dtype.ts";
import { isRowMajor, type Layout } from "../tensor/layout.ts";
import { sizeOf } from "../tensor/shape.ts";
import { Chain, nameOf, Regions } from "./chain.ts";
import { HookBody } from "./hook_body.ts";
import { usersOf } from "./liveness.ts";
import {
  accessesOf,
  type Dispatch,
  dispatchOf,
  type Instruction,
  type Kernel,
  type MapNode,
  type Value,
} from "./trace.ts";

/** A dispatch of one or several maps. */
interface MapDispatch extends Dispatch {
  readonly maps: readonly MapNode[];
}

/** The instructions after splicing, and the names of the new kernels. */
export interface Spliced {
  readonly instructions: readonly Instruction[];
  /** Names of the new kernels. */
  readonly made: readonly string[];
}

/** Moves maps into neighbouring kernels. `ends` outlive the instructions. */
export function splice(
  instructions: readonly Instruction[],
  ends: ReadonlySet<Value>,
): Spliced {
  const made: string[] = [];
  let current = [...instructions];
  for (const pass of [intoReaders, intoMakers]) {
    current = pass(current, ends, made);
  }
  return { instructions: current, made };
}

// --- maps into the kernel that reads them ------------------------------------

function intoReaders(
  instructions: readonly Instruction[],
  ends: ReadonlySet<Value>,
  made: string[],
): Instruction[] {
  const users = usersOf(instructions);
  const result: (Instruction | undefined)[] = [...instructions];
  instructions.forEach((reader, at) => {
    if (reader.kind !== "dispatch" || !reader.plan.hooks?.load) return;
    const value = reader.values[reader.plan.hooks.load.binding]!;
    const pair = users.get(value)!;
    const [maker] = pair;
    const isBetween = pair.length === 2 && maker && isMaps(maker) &&
      value.origin.kind === "local" && !ends.has(value) &&
      reader.values.filter((each) => each === value).length === 1 &&
      writesOnly(maker, value);
    if (!isBetween || !isUntouched(instructions, maker, at)) return;
    const kernel = readerOf(maker, reader, value);
    if (!kernel) return;
    result[instructions.indexOf(maker)] = undefined;
    result[at] = dispatchOf(kernel);
    made.push(kernel.plan.name);
  });
  return result.filter((each) => each !== undefined);
}

function writesOnly(maker: MapDispatch, value: Value): boolean {
  const { writes } = accessesOf(maker);
  return writes.length === 1 && writes[0] === value;
}

// Whether no operand of a dispatch is written between it and `end`.
function isUntouched(
  instructions: readonly Instruction[],
  dispatch: Dispatch,
  end: number,
): boolean {
  const { reads } = accessesOf(dispatch);
  return instructions.slice(instructions.indexOf(dispatch) + 1, end)
    .every((between) =>
      accessesOf(between).writes.every((value) => !reads.includes(value))
    );
}

function readerOf(
  { maps }: MapDispatch,
  reader: Dispatch,
  value: Value,
): Kernel | undefined {
  const hook = reader.plan.hooks!.load!;
  const last = maps.at(-1)!.out;
  const regions = new Regions(maps);
  if (!fits(regions) || last.value !== value || !isWhole(last.layout)) {
    return undefined;
  }
  // loops inside the reader's loops would exceed the bound of NOTE [loops]
  if (maps.some(({ rule }) => loopsOf(rule.wgsl).length > 0)) return undefined;
  const body = new HookBody(reader, "load");
  body.free(hook.binding);
  const chain = new Chain(maps, regions, body);
  const variable = chain.variableOf(regions.of(last, last));
  const type = hook.lanes === 4 ? "vec4<T>" : "T";
  return body.kernel(
    `${nameOf(maps)}+${reader.plan.name}`,
    chain,
    `fn load_x(i: u32) -> ${type}`,
    `return ${type}(${variable});`,
  );
}

// --- maps into the kernel that makes what they read --------------------------

function intoMakers(
  instructions: readonly Instruction[],
  ends: ReadonlySet<Value>,
  made: string[],
): Instruction[] {
  const users = usersOf(instructions);
  const result: (Instruction | undefined)[] = [...instructions];
  const used = new Set<Instruction>();
  instructions.forEach((maker, at) => {
    if (maker.kind !== "dispatch" || !maker.plan.hooks?.put) return;
    const value = maker.values[maker.plan.hooks.put.binding]!;
    const makers = users.get(value)!.filter((user) =>
      accessesOf(user).writes.includes(value)
    );
    if (value.origin.kind !== "local" || makers.length > 1) return;
    for (const reader of users.get(value)!) {
      if (!isMaps(reader) || used.has(reader)) continue;
      if (!isFree(instructions, reader, maker, at)) continue;
      const others = users.get(value)!.filter((user) =>
        user !== maker && user !== reader
      );
      const isStored = ends.has(value) || others.length > 0;
      const kernel = makerOf(maker, reader, value, isStored);
      if (!kernel) continue;
      used.add(reader);
      result[instructions.indexOf(reader)] = undefined;
      result[at] = dispatchOf(kernel);
      made.push(kernel.plan.name);
      return;
    }
  });
  return result.filter((each) => each !== undefined);
}

// Whether a reader may run at the maker's place: instructions in between
// neither write the reader's operands nor touch its results.
function isFree(
  instructions: readonly Instruction[],
  reader: MapDispatch,
  maker: Dispatch,
  at: number,
): boolean {
  const end = instructions.indexOf(reader);
  if (end < at) return false;
  const { reads, writes } = accessesOf(reader);
  const before = accessesOf(maker);
  const meets = [...before.reads, ...before.writes];
  if (writes.some((value) => meets.includes(value))) return false;
  return instructions.slice(at + 1, end).every((between) => {
    const there = accessesOf(between);
    return there.writes.every((value) => !reads.includes(value)) &&
      [...there.reads, ...there.writes].every((value) =>
        !writes.includes(value)
      );
  });
}

function makerOf(
  maker: Dispatch,
  reader: MapDispatch,
  value: Value,
  isStored: boolean,
): Kernel | undefined {
  const hook = maker.plan.hooks!.put!;
  const { maps } = reader;
  const regions = new Regions(maps);
  const own = regions.all.find((region) => region.value === value);
  const outs = accessesOf(reader).writes.map((out) =>
    regions.all.find((region) => region.value === out)!
  );
  const suits = own && own.addressing === "alike" && isWhole(own.layout) &&
    own.dtype === "float32" && fits(regions) &&
    sizeOf(own.layout.shape) * DTYPES.float32.bytes === value.bytes &&
    outs.every(({ dtype, layout }) => dtype === "float32" && isWhole(layout)) &&
    !readsWhatItWrites(maps);
  if (!suits) return undefined;
  const body = new HookBody(maker, "put");
  body.define(own, hook.lanes === 4 ? "seal4(x)" : "seal(x)");
  const chain = new Chain(maps, regions, body);
  const stores = isStored ? [`${hook.name}[i] = x;`] : [];
  outs.forEach((out, i) => {
    const isFirst = !isStored && i === 0; // in place of the operand
    if (isFirst) body.replace(hook.binding, out.value);
    const name = isFirst ? hook.name : body.output(out.value);
    stores.push(`${name}[i] = ${chain.variableOf(out)};`);
  });
  const type = hook.lanes === 4 ? "vec4f" : "f32";
  return body.kernel(
    `${maker.plan.name}+${nameOf(maps)}`,
    chain,
    `fn put(i: u32, x: ${type})`,
    stores.join("\n"),
  );
}

// Whether a map changes an older value in place, which no kernel can: a buffer
// is bound either for reading or for writing.
function readsWhatItWrites(maps: readonly MapNode[]): boolean {
  const outs = new Set(maps.map(({ out }) => out.value));
  const made = new Set<Value>();
  return maps.some(({ operands, out }) => {
    const isRead = operands.some((operand) =>
      typeof operand === "object" && outs.has(operand.value) &&
      !made.has(operand.value)
    );
    made.add(out.value);
    return isRead;
  });
}

// --- both
// ---------------------------------------------------------------------

function isMaps(instruction: Instruction): instruction is MapDispatch {
  return instruction.kind === "dispatch" && instruction.maps !== undefined;
}

// Hooks know an element's index in its tensor only, which strides do not fit.
function fits(regions: Regions): boolean {
  return regions.areApart &&
    regions.all.every(({ addressing }) => addressing !== "repeating");
}

function isWhole(layout: Layout): boolean {
  return layout.offset === 0 && isRowMajor(layout) && sizeOf(layout.shape) > 0;
}
