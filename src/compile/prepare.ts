/**
 * From a capture to a program: passes over its instructions, in order.
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

/** What the passes did. */
export interface Report {
  /** Dispatches that were recorded. */
  readonly recorded: number;
  /** Commands that led to nothing. */
  readonly dead: number;
  /** Copies that kernels save by writing to where they would go. */
  readonly saved: number;
  /** The name of each fused kernel. */
  readonly fused: readonly string[];
  readonly apart: readonly Apart[];
}

/** A program and how it came about. */
export interface Prepared {
  readonly program: Program;
  readonly report: Report;
  /** What the program does, to be compared with other recordings. */
  readonly recording: Capture;
  readonly review: Review;
}

/** Makes a program of a capture, for inputs with these storages. */
export function prepare(capture: Capture, pins: Pins): Prepared {
  const ends = new Set(capture.ends);
  const recorded = ownConstants(capture.instructions, ends);
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
 * A capture without what only the passes need: headers are long, and the stack
 * of an error holds on to the arguments of the calls.
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

/**
 * What the host wrote is there once and for all. Where it is written to later,
 * or goes out, a replay begins with a copy of it.
 */
function ownConstants(
  instructions: readonly Instruction[],
  ends: ReadonlySet<Value>,
): Instruction[] {
  const changing = new Set(
    [...instructions.flatMap((each) => accessesOf(each).writes), ...ends]
      .filter(({ origin }) => origin.kind === "constant"),
  );
  const copies = [...changing].map((value): Instruction => {
    const from: Value = { ...value };
    if (value.origin.kind === "constant") {
      value.origin = { kind: "local", data: value.origin.data };
    }
    return { kind: "copy", from, to: value };
  });
  return [...copies, ...instructions];
}
