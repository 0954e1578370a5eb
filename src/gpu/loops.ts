/**
 * What the loops of kernels cost, by NOTE [loops]: the words in which plans say
 * their bound. Nothing here knows kernels.
 *
 * @module
 */

import { MAX_LOOPS } from "./plan.ts";

/** A loop, as an invocation goes through it once. */
export interface Loop {
  readonly passes: number;
  /** Passes where it has nothing to do: its last one, and those of inner loops. */
  readonly idle: number;
}

/** A loop of `count` iterations whose body has the loops `inner`. */
export function loop(count: number, ...inner: readonly Loop[]): Loop {
  const idle = 1 + inner.reduce((sum, { idle }) => sum + idle, 0);
  return { passes: count * (1 + passesOf(...inner)) + idle, idle };
}

/** The passes of loops that follow each other. */
export function passesOf(...loops: readonly Loop[]): number {
  return loops.reduce((sum, { passes }) => sum + passes, 0);
}

/**
 * The most iterations that a loop with such a body may have, beside loops that
 * make `others` passes; 1 at least.
 */
export function mostIterations(
  inner: readonly Loop[],
  others = 0,
): number {
  const { idle } = loop(0, ...inner);
  const room = MAX_LOOPS - others - idle;
  return Math.max(1, Math.floor(room / (1 + passesOf(...inner))));
}
