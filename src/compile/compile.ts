/**
 * Compiled functions: the first calls run eagerly and are recorded, later ones
 * replay what was recorded.
 *
 * NOTE [compile]: a function is recorded until two recordings of one signature
 * (the structure, shapes and types of its arguments) are the same; that one
 * becomes a program. So whatever differs from call to call without being an
 * argument is found, and not frozen. A program has guards: the modules that
 * were called are in the same mode with the same members, tensors from outside
 * still exist, gradients are there or not as they were. A call for which no
 * program's guards hold is recorded anew.
 *
 * @module
 */

import { recorder } from "../gpu/recorder.ts";
import { formatShape } from "../tensor/shape.ts";
import { unscoped } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lineOf } from "./call_site.ts";
import { type Capture, capture } from "./capture.ts";
import { formOf, keyOf, valueOf } from "./form.ts";
import { prepare } from "./prepare.ts";
import { type Program, releaseAll } from "./program.ts";
import { difference } from "./trace.ts";

/** Recordings of one signature that may all differ. */
const MAX_DIFFERENT = 4;
/** Programs that one signature keeps. */
const MAX_PROGRAMS = 8;

/** What is known of the calls with one signature. */
interface Signature {
  readonly text: string;
  readonly programs: Program[];
  /** Recordings that nothing has confirmed so far. */
  readonly recorded: Capture[];
}

/** All that a compiled function keeps. */
interface Kept {
  readonly signatures: Map<string, Signature>;
}

const keptBy = new WeakMap<object, Kept>();
// Programs own buffers; they go back to the pool when the function is gone.
const forgotten = new FinalizationRegistry<Kept>(({ signatures }) => {
  for (const { programs } of signatures.values()) {
    for (const { owned } of programs) releaseAll(owned);
  }
});

/**
 * A function that does what `fn` does, faster: after two calls with arguments
 * of the same shapes it replays what they did to the GPU, without running `fn`.
 */
export function compile<Args extends readonly unknown[], R>(
  fn: (...args: Args) => R,
): (...args: Args) => R {
  const kept: Kept = { signatures: new Map() };
  const compiled = (...args: Args): R => {
    if (recorder()) return fn(...args); // part of the function around it
    return call(kept, fn, args) as R; // a replay's result has the form of fn's
  };
  keptBy.set(compiled, kept);
  forgotten.register(compiled, kept);
  return compiled;
}

function call<Args extends readonly unknown[], R>(
  { signatures }: Kept,
  fn: (...args: Args) => R,
  args: Args,
): unknown {
  const given: Tensor[] = [];
  const form = formOf(args, given, "an argument");
  const inputs = given.map(asInput);
  const text = `${keyOf(form)} ${inputs.map((_, i) => textOf(inputs, i))}`;
  let signature = signatures.get(text);
  if (!signature) {
    signatures.set(text, signature = { text, programs: [], recorded: [] });
  }
  const program = signature.programs.find(({ holds }) => holds);
  if (program) return program.run(inputs);
  const results: Tensor[] = [];
  const made = capture(
    inputs,
    // the form of the arguments, with tensors as they come into the program
    () => fn(...valueOf(form, inputs) as Args),
    results,
  );
  settle(signature, made);
  return valueOf(made.form, results.map((tensor) => tensor.detach()));
}

function settle(signature: Signature, made: Capture): void {
  const { programs, recorded } = signature;
  const form = keyOf(made.form);
  const isConfirmed = recorded.some((each) =>
    keyOf(each.form) === form && !difference(each, made)
  );
  if (isConfirmed) {
    recorded.length = 0;
    programs.unshift(unscoped(() => prepare(made)));
    if (programs.length > MAX_PROGRAMS) releaseAll(programs.pop()!.owned);
    return;
  }
  recorded.push(made);
  if (recorded.length < MAX_DIFFERENT) return;
  const { what = "", site } = difference(recorded.at(-2)!, made) ?? {};
  recorded.length = 0;
  throw new Error(
    `Cannot compile a function that does something else in each call` +
      `${site ? lineOf(site) : ""}: ${what}; give what changes as an ` +
      `argument, or return it`,
  );
}

// Programs bind inputs from their first element on.
function asInput(tensor: Tensor): Tensor {
  if (tensor.requiresGrad) {
    throw new TypeError(
      `Cannot call a compiled function with ${tensor.describe()}, which ` +
        `requires a gradient: detach() it, and ask for the gradient inside`,
    );
  }
  return tensor.layout.offset === 0 ? tensor : tensor.clone();
}

// Tensors of one storage are told from tensors of several.
function textOf(inputs: readonly Tensor[], at: number): string {
  const { dtype, layout: { shape, strides }, storage } = inputs[at]!;
  const same = inputs.findIndex((other) => other.storage === storage);
  return `${dtype} ${formatShape(shape)} ${strides} ${same}`;
}
