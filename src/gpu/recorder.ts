/**
 * The recorder: observer of a function that is captured. Lower rooms report the
 * work that they send to the GPU and the host's side effects; src/compile builds
 * a program from the reports. Without a recorder, all of this does nothing.
 *
 * @module
 */

import type { Bindable, GpuBuffer, Plan } from "./plan.ts";

/** Reports that a recorder receives. */
export interface Recorder {
  /**
   * The pool handed out a buffer for a request of `bytes` bytes. Its old content
   * is gone.
   */
  acquired(buffer: GpuBuffer, bytes: number): void;
  /** A buffer went back to the pool; its next owner is unrelated. */
  released(buffer: GpuBuffer): void;
  /** A plan was dispatched. */
  dispatched(plan: Plan): void;
  /** A part of a buffer was zeroed; offset and length in bytes. */
  cleared(target: Bindable, offset: number, bytes: number): void;
  /** The host wrote a buffer. */
  uploaded(buffer: GpuBuffer, data: ArrayBufferView): void;
  /**
   * Refuses an action that no program can replay. `what` names the action;
   * `instead` says what to do.
   *
   * @throws {Error} Always
   */
  refuse(what: string, instead?: string): never;
  /**
   * The function created an object with state on the host. Changes of that object
   * are not effects, because each call creates its own.
   */
  makes(owner: object): void;
  /** Returns true if the function created an object while this records. */
  isInside(owner: object): boolean;
  /**
   * The host had an effect that each replay repeats, in order. Two effects are
   * equal if the values in `about` are equal, one by one; the first value is the
   * changed object.
   */
  effect(about: readonly [object, ...unknown[]], again: () => void): void;
  /**
   * The recording stays valid as long as `holds` returns true before a call. Only
   * the first guard of an owner counts.
   */
  guard(owner: object, holds: () => boolean): void;
  /**
   * The function set the state that guards of `owner` read to `value`. Later
   * guards of the owner do not count, and each replay sets the state, too. The
   * report is ignored if the function created `owner` or its tensor.
   */
  sets(owner: object, value: unknown, again: () => void, tensor?: Used): void;
  /**
   * `look` returns a value that each replay follows by itself. A change of the
   * value since the last call hints at further changes.
   */
  follows(look: () => unknown): void;
  /** A tensor was created. */
  made(tensor: Used): void;
  /** A tensor left all scopes, to be kept. */
  kept(tensor: Used): void;
  /** An op takes these operands. */
  uses(operands: readonly (Used | number | boolean)[]): void;
  /**
   * An op checks the values of a tensor that the host wrote; `check` throws on a
   * wrong value.
   */
  checks(tensor: Checked, check: (value: number) => void): void;
  /** The following work depends on a leaf's current gradient. */
  needsGradient(leaf: Leaf): void;
  /** A leaf's gradient was replaced or removed. */
  setsGradient(leaf: Leaf): void;
}

/** A tensor that the host may have written, as lower rooms see it. */
export interface Checked {
  readonly storage: Bindable;
  readonly size: number;
  readonly written: Iterable<number> | undefined;
}

/** A tensor whose storage or graph may differ in another call. */
export interface Used {
  readonly storage: Bindable;
  readonly autograd: object;
  readonly requiresGrad: boolean;
  readonly isDisposed: boolean;
  dispose(): void;
}

/** A leaf, which receives gradients, as lower rooms see it. */
export interface Leaf {
  grad: Disposable | undefined;
  readonly slot: Disposable | undefined;
}

let current: Recorder | undefined;

/** Returns the active recorder, if any. */
export function recorder(): Recorder | undefined {
  return current;
}

/** Runs a synchronous `body` under the recorder `watcher`, or under none. */
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
 * Checks the values that the host wrote, now and in each replay, where the tensor
 * may hold other values.
 */
export function checkWritten(
  tensor: Checked,
  check: (value: number) => void,
): void {
  for (const value of tensor.written ?? []) check(value);
  current?.checks(tensor, check);
}

/**
 * Runs a host effect now and in each replay of the recording. `about` lists all
 * values of the effect that another call may replace.
 */
export function onReplay(
  about: readonly [object, ...unknown[]],
  effect: () => void,
): void {
  withRecorder(undefined, effect); // inner effects are part of this one
  current?.effect(about, effect);
}
