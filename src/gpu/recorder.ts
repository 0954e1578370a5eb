/**
 * The recorder: who watches while a function is captured. Lower rooms tell it
 * what they send to the GPU and what the host does beside it; src/compile
 * makes a program of that. While nobody records, all of this does nothing.
 *
 * @module
 */

import type { Bindable, GpuBuffer, Plan } from "./plan.ts";

/** What a recorder is told. */
export interface Recorder {
  /**
   * A buffer was handed out to who asked for `bytes` bytes: what it held before
   * is gone.
   */
  acquired(buffer: GpuBuffer, bytes: number): void;
  /** A buffer was given back; whoever gets it next is somebody else. */
  released(buffer: GpuBuffer): void;
  /** A plan was dispatched. */
  dispatched(plan: Plan): void;
  /** A part of a buffer became zero; offset and length in bytes. */
  cleared(target: Bindable, offset: number, bytes: number): void;
  /** The host wrote a buffer. */
  uploaded(buffer: GpuBuffer, data: ArrayBufferView): void;
  /**
   * Something is done that no program can do again, as `what` says; `instead`
   * says what to do.
   *
   * @throws {Error} Always
   */
  refuse(what: string, instead?: string): never;
  /**
   * An object came into being that has a state on the host; what is done to it
   * is no effect, as each call has one of its own.
   */
  makes(owner: object): void;
  /** Whether an object came into being while this records. */
  isInside(owner: object): boolean;
  /**
   * The host did something that each replay has to do again, in order. Two
   * effects are the same if they are `about` the same values, one by one; the
   * first is what has changed.
   */
  effect(about: readonly [object, ...unknown[]], again: () => void): void;
  /**
   * What was recorded counts for as long as this holds before a call; the first
   * guard of an owner is the one that counts.
   */
  guard(owner: object, holds: () => boolean): void;
  /**
   * The function sets what guards of `owner` look at to `value`: guards that
   * come later do not count, and each replay sets it, too; not where `owner`, or
   * the tensor that it belongs to, is made inside.
   */
  sets(owner: object, value: unknown, again: () => void, tensor?: Used): void;
  /**
   * `look` tells a value that each replay follows by itself; that it is another
   * one than after the call before is a sign that more has changed.
   */
  follows(look: () => unknown): void;
  /** A tensor came into being. */
  made(tensor: Used): void;
  /** A tensor was taken out of all scopes: somebody means to keep it. */
  kept(tensor: Used): void;
  /** An op is given these tensors. */
  uses(operands: readonly (Used | number | boolean)[]): void;
  /**
   * The values of a tensor that the host wrote are looked at: `check` throws
   * where one is wrong.
   */
  checks(tensor: Checked, check: (value: number) => void): void;
  /** What follows depends on the gradient that a leaf has now. */
  needsGradient(leaf: Leaf): void;
  /** A leaf was given another gradient, or none. */
  setsGradient(leaf: Leaf): void;
}

/** A tensor that the host may have written, seen from below. */
export interface Checked {
  readonly storage: Bindable;
  readonly size: number;
  readonly written: Iterable<number> | undefined;
}

/** A tensor that another call may find elsewhere, or frozen, seen from below. */
export interface Used {
  readonly storage: Bindable;
  readonly autograd: object;
  readonly requiresGrad: boolean;
  readonly isDisposed: boolean;
  dispose(): void;
}

/** Where backward leaves gradients, seen from below. */
export interface Leaf {
  grad: Disposable | undefined;
  readonly slot: Disposable | undefined;
}

let current: Recorder | undefined;

/** Who records, if anybody does. */
export function recorder(): Recorder | undefined {
  return current;
}

/** Runs a synchronous `body` while `watcher` records, or nobody does. */
export function withRecorder<T>(
  watcher: Recorder | undefined,
  body: () => T,
): T {
  const before = current;
  current = watcher;
  try {
    return body();
  } finally {
    current = before;
  }
}

/**
 * Looks at the values that the host wrote, now and in each replay: the same
 * tensor may have others then.
 */
export function checkWritten(
  tensor: Checked,
  check: (value: number) => void,
): void {
  for (const value of tensor.written ?? []) check(value);
  current?.checks(tensor, check);
}

/**
 * Does something on the host, now and in each replay of what is recorded;
 * `about` has all that it depends on and that another call may have replaced.
 */
export function onReplay(
  about: readonly [object, ...unknown[]],
  effect: () => void,
): void {
  withRecorder(undefined, effect); // effects within are part of it
  current?.effect(about, effect);
}
