/**
 * From a capture to a program: passes over its instructions, in order.
 *
 * @module
 */

import type { Capture } from "./capture.ts";
import { fuseMaps } from "./fuse_maps.ts";
import { withoutDead } from "./liveness.ts";
import { Program } from "./program.ts";
import { accessesOf, type Instruction, type Value } from "./trace.ts";

/** Makes a program of a capture. */
export function prepare(capture: Capture): Program {
  const outputs = new Set(capture.ends);
  let instructions = ownConstants(capture.instructions, outputs);
  instructions = withoutDead(instructions, outputs);
  const fused = fuseMaps(instructions, outputs);
  return new Program(fused.instructions, capture);
}

/**
 * What the host wrote is there once and for all. Where it is written to later,
 * or goes out, a replay begins with a copy of it.
 */
function ownConstants(
  instructions: readonly Instruction[],
  outputs: ReadonlySet<Value>,
): Instruction[] {
  const changing = new Set(
    [...instructions.flatMap((each) => accessesOf(each).writes), ...outputs]
      .filter(({ origin }) => origin.kind === "constant"),
  );
  const copies = [...changing].map((value): Instruction => {
    const from: Value = { ...value, origin: value.origin };
    value.origin = { kind: "local" };
    return { kind: "copy", from, to: value };
  });
  return [...copies, ...instructions];
}
