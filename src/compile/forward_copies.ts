/**
 * Copy forwarding: if a tensor is only copied into a part of another one, the
 * kernel that computes it writes to that part directly. An example is a
 * gradient and its slot in the optimizer's flat buffer. The kernel then binds a
 * part of the buffer.
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
  type Range,
  type Value,
  type View,
} from "./trace.ts";

/** Alignment of a bound part in bytes: WebGPU guarantees this one. */
const ALIGN = 256;

/**
 * Removes the copies whose source can be written to the target directly. Values
 * of `ends` outlive the instructions and keep their copies.
 */
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
    // the result has moved, so that `maps` and `out` are wrong now
    const { maps: _, out: __, ...kernel } = current;
    result[index] = { ...kernel, values, parts };
    result[at] = undefined;
    saved++;
  });
  return { instructions: result.filter((each) => each !== undefined), saved };
}

// Returns the two ends of a copy that can be forwarded: from a whole local
// value to a part of an outside one, of the same dtype. The size is a multiple
// of four elements, because a kernel may write its last quad past the end.
function partOf(
  instruction: Instruction,
): { readonly from: View; readonly to: View } | undefined {
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

function rangeOf({ layout, dtype }: View): Range {
  const { bytes } = DTYPES[dtype];
  const first = layout.offset * bytes;
  return { first, end: first + sizeOf(layout.shape) * bytes };
}

// Whether an instruction leaves a range of a value alone.
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

// Returns the part of a value that an instruction writes, if it is known.
function writtenPart(
  instruction: Instruction,
  value: Value,
): Range | undefined {
  if (instruction.kind !== "dispatch") return undefined;
  const { out, parts, values } = instruction;
  if (out?.value !== value) return parts?.get(values.indexOf(value));
  return isRowMajor(out.layout) ? rangeOf(out) : undefined;
}
