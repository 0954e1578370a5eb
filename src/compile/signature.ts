/**
 * Signatures: the shapes and types of a call's arguments, with the programs for
 * such calls and the recordings that are not confirmed yet.
 *
 * NOTE [arguments]: when a function writes to an argument's memory, it may mean
 * the argument, or a captured tensor that shares that memory. Two recordings
 * with arguments in different storages tell the two apart. If both recordings
 * had an argument in the same storage, the program is pinned to that storage.
 *
 * A program that only reads its arguments gets copies of those with an offset
 * in their storage, so that every batch of one data set has the same signature.
 * If the function writes to arguments, returns them, or captures their storage,
 * the arguments are bound in place. Their offsets then belong to the signature,
 * which is called exact.
 *
 * @module
 */

import { isRowMajor } from "../tensor/layout.ts";
import { unscoped } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lineOf } from "./call_site.ts";
import type { Capture, LeftGradient } from "./capture.ts";
import { keyOf } from "./form.ts";
import { forComparison, prepare, type Prepared } from "./prepare.ts";
import { type Pins, releaseAll } from "./program.ts";
import { type Difference, difference } from "./trace.ts";

/** Calls in a row whose recordings may all differ before `compile` throws. */
const MAX_DIFFERENT = 4;
/** Maximum of programs per signature. */
const MAX_PROGRAMS = 8;
/** Maximum of signatures per function; the least recently used is dropped. */
const MAX_SIGNATURES = 64;

/** Programs and recordings of the calls with one signature. */
export interface Signature {
  /** Description of the arguments, the key of the signature. */
  readonly text: string;
  readonly programs: Prepared[];
  /** Recordings that no equal one has confirmed yet. */
  readonly recorded: Capture[];
  /**
   * Number of recorded calls that followed each other directly, and the last.
   */
  row: { length: number; last: Call };
  /** Recording of the latest program that is pinned to storages. */
  pinned: Capture | undefined;
  /** Number of stale programs found, and the last difference. */
  stale: { times: number; what: string };
  /** Storages of tensors that the function captures. */
  readonly outside: WeakSet<Storage>;
  /** Whether calls need an exact signature: NOTE [arguments]. */
  isExact: boolean;
}

/** The time of a call of a compiled function. */
export interface Call {
  /** Number of earlier calls of the function. */
  readonly number: number;
  /** Number of loader epochs that began or ended before. */
  readonly epoch: number;
}

/** Signatures of a compiled function, by their texts. */
export type Signatures = Map<string, Signature>;

/**
 * Returns the signature of this text, a new one if need be. Above the limit the
 * least recently used one is dropped.
 */
export function signatureOf(signatures: Signatures, text: string): Signature {
  const signature: Signature = signatures.get(text) ?? {
    text,
    programs: [],
    recorded: [],
    row: { length: 0, last: { number: -1, epoch: -1 } },
    pinned: undefined,
    stale: { times: 0, what: "" },
    outside: new WeakSet(),
    isExact: false,
  };
  signatures.delete(text); // maps iterate in the order of insertion
  signatures.set(text, signature);
  if (signatures.size > MAX_SIGNATURES) {
    const [oldest] = signatures.values();
    signatures.delete(oldest!.text);
    oldest!.programs.forEach(release);
  }
  return signature;
}

// Returns the buffers of a program to the pool.
function release({ program }: Prepared): void {
  releaseAll(program.owned);
}

/** Returns the buffers of all programs to the pool. */
export function releaseSignatures(signatures: Signatures): void {
  for (const { programs } of signatures.values()) programs.forEach(release);
}

/**
 * Compares the recording of a review with the program that was ready to replay.
 * If they differ, drops every program that the call could have replayed, and
 * returns the difference: NOTE [stale] in review.ts.
 */
export function reviewed(
  signature: Signature,
  ready: Prepared,
  made: Capture,
  tensors: readonly Tensor[],
): Difference | undefined {
  const found = differ(ready.recording, made) ?? unstableOf(made);
  if (!found) {
    freeLeftovers(made, made);
    ready.program.renew(made);
    ready.review.passed();
    return undefined;
  }
  const { programs, stale } = signature;
  for (const each of programs.splice(0)) {
    if (each !== ready && !each.program.holds(tensors)) {
      programs.push(each);
      continue;
    }
    if (signature.pinned === each.recording) signature.pinned = undefined;
    release(each);
  }
  stale.times++;
  stale.what = found.what;
  return found;
}

function unstableOf({ unstable }: Capture): Difference | undefined {
  if (unstable === undefined) return undefined;
  return {
    what: `the call both depends on the state of ${unstable} and changes it`,
  };
}

/**
 * Makes a program of a recording that equals an earlier one; otherwise keeps
 * the recording.
 *
 * Recordings of calls that are far apart may differ because something changed
 * in between, at an epoch's end for instance. If recordings of calls in a row
 * differ, the function does something different in each call.
 *
 * @throws {Error} If too many recordings of calls in a row differ
 */
export function settle(
  signature: Signature,
  made: Capture,
  call: Call,
): void {
  const { programs, recorded, pinned } = signature;
  const earlier = [...(pinned ? [pinned] : []), ...recorded];
  // a later recording whose guards hold but which differs refutes the match
  const isRefuted = (i: number): boolean =>
    earlier.slice(i + 1).some((later) => holds(later) && differ(later, made));
  const twins = earlier.filter((each, i) =>
    !differ(each, made) && !isRefuted(i)
  );
  if (twins.length > 0 && made.unstable === undefined) {
    // the twin with the fewest arguments in the same storages
    const [pins] = twins.map((twin) => pinsOf(twin, made))
      .sort((a, b) => a.filter(Boolean).length - b.filter(Boolean).length);
    recorded.length = 0;
    // frees first, so that the program can reuse the memory
    for (const each of [...twins, made]) freeLeftovers(each, made);
    programs.unshift(unscoped(() => prepare(made, pins!)));
    const { program: { isPinned }, recording } = programs[0]!;
    signature.pinned = isPinned ? recording : undefined;
    const isLeft = ({ program }: Prepared, i: number): boolean =>
      i < MAX_PROGRAMS && (isPinned || !program.isPinned);
    programs.filter((each, i) => !isLeft(each, i)).forEach(release);
    programs.splice(0, programs.length, ...programs.filter(isLeft));
    return;
  }
  const { length, last } = signature.row;
  const isNext = last.number + 1 === call.number && last.epoch === call.epoch;
  signature.row = { length: isNext ? length + 1 : 1, last: call };
  const before = recorded.at(-1);
  recorded.push(forComparison(made));
  if (recorded.length > MAX_DIFFERENT) recorded.shift();
  if (!before || signature.row.length < MAX_DIFFERENT) return;
  // one of the two is defined, as there would be a program otherwise
  const found = differ(before, made) ?? unstableOf(made)!;
  recorded.length = signature.row.length = 0;
  throw new Error(
    `Cannot compile a function that does something different in each call` +
      `${lineWhere(found)}: ${found.what}; pass what changes as an argument, ` +
      `return it, or return it from \`watch\` in compile(fn, { watch })`,
  );
}

// Frees the tensors that a recorded call made and did not return: the garbage
// collector runs rarely, as replays allocate almost nothing. A tensor that the
// confirming call used stays, such as a mask that the function caches.
function freeLeftovers({ leftovers }: Capture, { outside }: Capture): void {
  const used = new Set<unknown>(outside);
  for (const ref of leftovers) {
    const tensor = ref.deref();
    if (!tensor || tensor.isDisposed || used.has(tensor.storage)) continue;
    tensor.dispose();
  }
}

function holds({ guards }: Capture): boolean {
  return guards.every((holds) => holds());
}

// Returns the first difference between two recordings and their results.
function differ(before: Capture, after: Capture): Difference | undefined {
  const found = difference(before, after);
  if (found) return found;
  const [was, is] = [resultText(before), resultText(after)];
  if (was !== is) {
    return { what: `it returns ${is}, before it returned ${was}` };
  }
  return sameGradients(before, after)
    ? undefined
    : { what: "it leaves gradients on other tensors than before" };
}

// Whether the same leaves have gradients. Their values are compared as ends.
function sameGradients(a: Capture, b: Capture): boolean {
  const kindOf = ({ left }: LeftGradient): string =>
    typeof left === "object" ? "made" : left;
  return a.gradients.length === b.gradients.length &&
    a.gradients.every((each, i) =>
      each.leaf === b.gradients[i]!.leaf &&
      kindOf(each) === kindOf(b.gradients[i]!)
    );
}

/** Returns the user's line of a difference, as `lineOf` does, or "". */
export function lineWhere({ site }: Difference): string {
  return site ? lineOf(site) : "";
}

// Returns the storage of each argument that both recordings share.
function pinsOf(a: Capture, b: Capture): Pins {
  return b.argumentStorages.map((storage, i) =>
    storage.deref() === a.argumentStorages[i]!.deref() ? storage : undefined
  );
}

// Describes a result without the values of its tensors.
function resultText({ form, outputs }: Capture): string {
  const texts = outputs.map(({ dtype, layout: { shape, strides, offset } }) =>
    `${dtype} ${formatShape(shape)} ${strides} ${offset}`
  );
  return keyOf(form, texts);
}

/**
 * Describes an argument: dtype and shape, strides unless it is contiguous, and
 * the first argument with the same storage.
 */
export function textOf(inputs: readonly Tensor[], at: number): string {
  const { dtype, layout, storage } = inputs[at]!;
  const same = inputs.findIndex((other) => other.storage === storage);
  return `${dtype} ${formatShape(layout.shape)}` +
    (isRowMajor(layout) ? "" : ` with strides ${formatShape(layout.strides)}`) +
    (same < at ? ` in the storage of tensor ${same}` : "");
}

/**
 * Describes an argument exactly: adds its offset, the size of its storage, and
 * whether the function captures the storage.
 */
export function exactTextOf(
  inputs: readonly Tensor[],
  at: number,
  outside: WeakSet<Storage>,
): string {
  const { layout: { offset }, storage } = inputs[at]!;
  return `${textOf(inputs, at)} from element ${offset} of ` +
    `${storage.bytes} bytes${outside.has(storage) ? " from outside" : ""}`;
}
