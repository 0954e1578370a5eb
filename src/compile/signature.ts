/**
 * Signatures: what the arguments of a call are, and what is known of calls with
 * such arguments: the programs made of them, and the recordings that nothing
 * has confirmed so far.
 *
 * NOTE [arguments]: what a function does to the memory of an argument may be
 * meant for the argument, or for a tensor that it has from elsewhere and that
 * happens to lie there. Two recordings of arguments in different storages tell
 * the two apart; a program made of recordings that were given the same storage
 * is pinned to it. A program that only reads its arguments takes copies of
 * those that do not begin with their storage, so that every part of a data set
 * is one signature. Where they are written to, given back, or lie in a storage
 * that the function has from elsewhere, they are bound where they are, and where
 * that is belongs to the signature ("exact").
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

/** Recordings of one signature that may all differ: those of calls in a row. */
const MAX_DIFFERENT = 4;
/** Programs that one signature keeps. */
const MAX_PROGRAMS = 8;
/** Signatures that a function keeps, those that were met last. */
const MAX_SIGNATURES = 64;

/** What is known of the calls with one signature. */
export interface Signature {
  /** What the arguments are. */
  readonly text: string;
  readonly programs: Prepared[];
  /** Recordings that nothing has confirmed so far. */
  readonly recorded: Capture[];
  /** How many of the last were those of calls in a row, and the last of these. */
  row: { length: number; last: Call };
  /** The recording of the last program that takes given storages only. */
  pinned: Capture | undefined;
  /** How often a program was found to be stale, and what was found last. */
  stale: { times: number; what: string };
  /** Storages that the function has from elsewhere. */
  readonly outside: WeakSet<Storage>;
  /** Whether it matters where arguments lie: NOTE [arguments]. */
  isExact: boolean;
}

/** When a compiled function was called. */
export interface Call {
  /** How many calls of the function there were before. */
  readonly number: number;
  /** The epochs that there were before. */
  readonly epoch: number;
}

/** All that a compiled function keeps: signatures by their texts. */
export type Signatures = Map<string, Signature>;

/** The signature of this text; the one that was met longest ago may go. */
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
  signatures.delete(text); // maps remember what was set last
  signatures.set(text, signature);
  if (signatures.size > MAX_SIGNATURES) {
    const [oldest] = signatures.values();
    signatures.delete(oldest!.text);
    oldest!.programs.forEach(release);
  }
  return signature;
}

/** Gives the buffers of a program back. */
function release({ program }: Prepared): void {
  releaseAll(program.owned);
}

/** Gives the buffers of all programs back. */
export function releaseSignatures(signatures: Signatures): void {
  for (const { programs } of signatures.values()) programs.forEach(release);
}

/**
 * Compares what a call did with the program that it could have replayed. One
 * that is stale goes, with all that such a call could have replayed instead.
 * Returns what has changed since: NOTE [stale] in review.ts.
 */
export function reviewed(
  signature: Signature,
  ready: Prepared,
  made: Capture,
  given: readonly Tensor[],
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
    if (each !== ready && !each.program.holds(given)) {
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
  return { what: `${unstable} is left in another state than it was found in` };
}

/**
 * Makes a program of a recording if an earlier one was the same, or keeps it.
 *
 * Recordings may differ because something has changed between them: with the
 * epoch, for instance, of whose batches one is smaller than the others. Those of
 * calls in a row differ because each call does something else.
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
  // one that came in between, holds and differs: a call may do either
  const isRefuted = (i: number): boolean =>
    earlier.slice(i + 1).some((later) => holds(later) && differ(later, made));
  const twins = earlier.filter((each, i) =>
    !differ(each, made) && !isRefuted(i)
  );
  if (twins.length > 0 && made.unstable === undefined) {
    // of the twin with the most arguments in other storages
    const [pins] = twins.map((twin) => pinsOf(twin, made))
      .sort((a, b) => a.filter(Boolean).length - b.filter(Boolean).length);
    recorded.length = 0;
    // before the program takes its own from what comes back
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
  // one of the two: else there would be a program
  const found = differ(before, made) ?? unstableOf(made)!;
  recorded.length = signature.row.length = 0;
  throw new Error(
    `Cannot compile a function that does something else in each call` +
      `${placeOf(found)}: ${found.what}; give what changes as an argument, ` +
      `return it, or name it in compile(fn, { watch })`,
  );
}

// What a recorded call made and did not give back: the collector would not come
// for it soon, as replays make next to nothing. What the confirming call found
// there is kept by somebody: a mask that was made once, for instance.
function freeLeftovers({ leftovers }: Capture, { outside }: Capture): void {
  const found = new Set<unknown>(outside);
  for (const ref of leftovers) {
    const tensor = ref.deref();
    if (!tensor || tensor.isDisposed || found.has(tensor.storage)) continue;
    tensor.dispose();
  }
}

function holds({ guards }: Capture): boolean {
  return guards.every((holds) => holds());
}

/** Where two recordings part, their results included, if they do. */
function differ(before: Capture, after: Capture): Difference | undefined {
  const found = difference(before, after);
  if (found) return found;
  const [was, is] = [resultText(before), resultText(after)];
  if (was !== is) return { what: `it gives ${is}, before it gave ${was}` };
  return sameGradients(before, after)
    ? undefined
    : { what: "it leaves gradients elsewhere than before" };
}

// What they are is compared with the other ends.
function sameGradients(a: Capture, b: Capture): boolean {
  const kindOf = ({ left }: LeftGradient): string =>
    typeof left === "object" ? "made" : left;
  return a.gradients.length === b.gradients.length &&
    a.gradients.every((each, i) =>
      each.leaf === b.gradients[i]!.leaf &&
      kindOf(each) === kindOf(b.gradients[i]!)
    );
}

/** The user's line where two recordings part, as messages have it. */
export function placeOf({ site }: Difference): string {
  return site ? lineOf(site) : "";
}

// The storages that both recordings were given, by input.
function pinsOf(a: Capture, b: Capture): Pins {
  return b.given.map((storage, i) =>
    storage.deref() === a.given[i]!.deref() ? storage : undefined
  );
}

// The result apart from what is in its tensors.
function resultText({ form, outputs }: Capture): string {
  const texts = outputs.map(({ dtype, layout: { shape, strides, offset } }) =>
    `${dtype} ${formatShape(shape)} ${strides} ${offset}`
  );
  return keyOf(form, texts);
}

/**
 * Type and shape of an argument; strides where they are not those of a row-major
 * tensor, and which argument shares the storage, if one before it does.
 */
export function textOf(inputs: readonly Tensor[], at: number): string {
  const { dtype, layout, storage } = inputs[at]!;
  const same = inputs.findIndex((other) => other.storage === storage);
  return `${dtype} ${formatShape(layout.shape)}` +
    (isRowMajor(layout) ? "" : ` with strides ${formatShape(layout.strides)}`) +
    (same < at ? ` in the storage of tensor ${same}` : "");
}

/**
 * With where the tensor begins in its storage, where that ends, and whether the
 * function has it, too.
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
