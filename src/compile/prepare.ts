/**
 * Preparation: the passes that turn the instructions of a capture into a
 * program.
 *
 * @module
 */

import type { Capture } from "./capture.ts";
import { type Apart, fuseMaps } from "./fuse_maps.ts";
import { forwardCopies } from "./forward_copies.ts";
import { withoutDead } from "./liveness.ts";
import { type Pins, Program } from "./program.ts";
import { Review } from "./review.ts";
import { splice } from "./splice.ts";
import { accessesOf, type Instruction, type Value } from "./trace.ts";

/** Counts and names of what the passes changed. */
export interface Report {
  /** Number of dispatches and clears in the recording. */
  readonly recorded: number;
  /** Number of instructions that affect no result. */
  readonly dead: number;
  /** Number of copies replaced by a kernel that writes to the target. */
  readonly saved: number;
  /** Names of the fused kernels. */
  readonly fused: readonly string[];
  readonly apart: readonly Apart[];
}

/** A program with its report, recording and review. */
export interface Prepared {
  readonly program: Program;
  readonly report: Report;
  /** The recording of the program, for comparison with later ones. */
  readonly recording: Capture;
  readonly review: Review;
}

/** Makes a program of a capture. `pins` restrict the storages of its inputs. */
export function prepare(capture: Capture, pins: Pins): Prepared {
  const ends = new Set(capture.ends);
  const recorded = withInitialCopies(capture.instructions, ends);
  const needed = withoutDead(recorded, ends);
  const { instructions: mapped, made, apart } = fuseMaps(needed, ends);
  const { instructions: whole, made: spliced } = splice(mapped, ends);
  const { instructions, saved } = forwardCopies(whole, ends);
  return {
    program: new Program(instructions, capture, pins),
    report: {
      recorded: capture.instructions.length,
      dead: recorded.length - needed.length,
      fused: [...made, ...spliced],
      saved,
      apart,
    },
    recording: forComparison(capture),
    review: new Review(capture.followed),
  };
}

/**
 * Returns a capture without the fields that only the passes need. Headers are
 * long, and an error's stack keeps the arguments of its calls alive.
 */
export function forComparison(capture: Capture): Capture {
  const instructions = capture.instructions.map((each) => {
    if (each.kind === "clear") return { ...each, site: undefined };
    const { kind, pipeline, values, parts } = each;
    const { name, source, params, groups, loops, live } = each.plan;
    const plan = { name, source, params, groups, loops, live };
    return { kind, pipeline, values, parts, plan };
  });
  return { ...capture, instructions };
}

// Prepends a copy for each local value that begins with data from the host.
function withInitialCopies(
  instructions: readonly Instruction[],
  ends: ReadonlySet<Value>,
): Instruction[] {
  const written = instructions.flatMap((each) => accessesOf(each).writes);
  const copies = [...new Set([...written, ...ends])].flatMap((to) => {
    const { origin } = to;
    if (origin.kind !== "local" || !origin.data) return [];
    const from: Value = {
      ...to,
      origin: { kind: "constant", data: origin.data },
    };
    return [{ kind: "copy", from, to } satisfies Instruction];
  });
  return [...copies, ...instructions];
}
