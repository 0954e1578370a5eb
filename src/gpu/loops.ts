/**
 * Loop passes of kernels, for NOTE [loops] in plan.ts: plans compute their bound
 * with these functions. This module knows no kernels.
 *
 * @module
 */

import { MAX_LOOPS } from "./plan.ts";

/** Passes of one run through a loop. */
export interface Loop {
  readonly passes: number;
  /** Passes without an iteration: the last one, and those of inner loops. */
  readonly idle: number;
}

/** Returns a loop of `count` iterations whose body has the loops `inner`. */
export function loop(count: number, ...inner: readonly Loop[]): Loop {
  const idle = 1 + inner.reduce((sum, { idle }) => sum + idle, 0);
  return { passes: count * (1 + passesOf(...inner)) + idle, idle };
}

/** Returns the passes of consecutive loops. */
export function passesOf(...loops: readonly Loop[]): number {
  return loops.reduce((sum, { passes }) => sum + passes, 0);
}

/**
 * Returns the most iterations, at least 1, that a loop with such a body may have
 * besides loops that make `others` passes.
 */
export function mostIterations(
  inner: readonly Loop[],
  others = 0,
): number {
  const { idle } = loop(0, ...inner);
  const room = MAX_LOOPS - others - idle;
  return Math.max(1, Math.floor(room / (1 + passesOf(...inner))));
}
