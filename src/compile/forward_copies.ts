/**
 * Copies saved: where a kernel makes a tensor only for it to be copied into a
 * part of another one (a gradient into its place in an optimizer's buffer), the
 * kernel writes there itself. Its binding is a part of that buffer.
 *
 * @module
 */

import { DTYPES } from "../tensor/dtype.ts";
import { isRowMajor } from "../tensor/layout.ts";
import { sizeOf } from "../tensor/shape.ts";
import { usersOf } from "./liveness.ts";
import {
  accessesOf,
  type Instruction,
  type MapNode,
  type Place,
  type Range,
  type Value,
} from "./trace.ts";

/** Bytes that a bound part begins at a multiple of: what WebGPU guarantees. */
const ALIGN = 256;

/** The instructions without copies that their makers can save. */
export function forwardCopies(
  instructions: readonly Instruction[],
  ends: ReadonlySet<Value>,
): { readonly instructions: readonly Instruction[]; readonly saved: number } {
  const users = usersOf(instructions);
  const result: (Instruction | undefined)[] = [...instructions];
  let saved = 0;
  instructions.forEach((copy, at) => {
    const { from, to } = partOf(copy) ?? {};
    if (!from || !to || ends.has(from.value)) return;
    const pair = users.get(from.value)!;
    const [maker] = pair;
    if (pair.length !== 2 || maker?.kind !== "dispatch") return;
    const index = instructions.indexOf(maker);
    const binding = maker.values.indexOf(from.value);
    const isAlone = maker.pipeline.writes[binding] &&
      maker.values.lastIndexOf(from.value) === binding &&
      !maker.values.includes(to.value);
    const range = rangeOf(to);
    const between = result.slice(index + 1, at);
    const isFree = isAlone &&
      between.every((each) => !each || keepsOff(each, to.value, range));
    if (!isFree) return;
    const current = result[index];
    if (current?.kind !== "dispatch") return;
    const parts = new Map(current.parts);
    parts.set(binding, range);
    const values = current.values.with(binding, to.value);
    // what it maps is no longer where the maps say
    const { maps: _, out: __, ...kernel } = current;
    result[index] = { ...kernel, values, parts };
    result[at] = undefined;
    saved++;
  });
  return { instructions: result.filter((each) => each !== undefined), saved };
}

// A copy of a whole local value, which is all that its kernel writes, into a part
// of one from outside, both of one type and of whole quads: a kernel may write
// the last one past the end.
function partOf(
  instruction: Instruction,
): { readonly from: Place; readonly to: Place } | undefined {
  const node = onlyMap(instruction);
  const [from] = node?.operands ?? [];
  if (node?.rule.name !== "copy" || typeof from !== "object") return undefined;
  const { out: to } = node;
  const size = sizeOf(to.layout.shape);
  const isWhole = from.dtype === to.dtype && from.layout.offset === 0 &&
    sizeOf(from.layout.shape) === size && size % 4 === 0 &&
    size * DTYPES[from.dtype].bytes === from.value.bytes &&
    isRowMajor(from.layout) && from.value.origin.kind === "local" &&
    to.value.origin.kind === "outside" &&
    to.layout.offset * DTYPES[to.dtype].bytes % ALIGN === 0;
  return isWhole ? { from, to } : undefined;
}

function onlyMap(instruction: Instruction): MapNode | undefined {
  const isMap = instruction.kind === "dispatch" &&
    instruction.maps?.length === 1;
  return isMap ? instruction.maps[0] : undefined;
}

function rangeOf({ layout, dtype }: Place): Range {
  const { bytes } = DTYPES[dtype];
  const first = layout.offset * bytes;
  return { first, end: first + sizeOf(layout.shape) * bytes };
}

// Whether an instruction touches nothing of a range.
function keepsOff(
  instruction: Instruction,
  value: Value,
  range: Range,
): boolean {
  const { reads, writes } = accessesOf(instruction);
  if (reads.includes(value)) return false;
  if (!writes.includes(value)) return true;
  const written = writtenPart(instruction, value);
  return written !== undefined &&
    (written.end <= range.first || range.end <= written.first);
}

// The part of a value that an instruction writes, where it is known.
function writtenPart(
  instruction: Instruction,
  value: Value,
): Range | undefined {
  if (instruction.kind !== "dispatch") return undefined;
  const { out, parts, values } = instruction;
  if (out?.value !== value) return parts?.get(values.indexOf(value));
  return isRowMajor(out.layout) ? rangeOf(out) : undefined;
}
