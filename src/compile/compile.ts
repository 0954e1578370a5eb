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

import { emptyPool } from "../gpu/pool.ts";
import { recorder } from "../gpu/recorder.ts";
import { formatValue } from "../tensor/arguments.ts";
import { isRowMajor } from "../tensor/layout.ts";
import { formatShape } from "../tensor/shape.ts";
import { unscoped } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { lineOf } from "./call_site.ts";
import { type Capture, capture } from "./capture.ts";
import { formOf, keyOf, valueOf } from "./form.ts";
import { prepare, type Prepared } from "./prepare.ts";
import { releaseAll } from "./program.ts";
import { difference } from "./trace.ts";

/** Recordings of one signature that may all differ. */
const MAX_DIFFERENT = 4;
/** Programs that one signature keeps. */
const MAX_PROGRAMS = 8;

/** What is known of the calls with one signature. */
interface Signature {
  /** What the arguments are. */
  readonly text: string;
  readonly programs: Prepared[];
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
    for (const { program } of programs) releaseAll(program.owned);
  }
});

/**
 * A function that does what `fn` does, faster. Its first calls run `fn` and
 * record what it sends to the GPU; once two calls with arguments of the same
 * shapes have done the same, later ones replay that, with neighbouring kernels
 * fused and memory planned, without running `fn`. Results are those of `fn`,
 * bit for bit, wherever no fusion reorders a sum.
 *
 * Everything that trains may be inside: `backward`, optimizers, schedulers,
 * dropout, batch norm. What changes between calls has to be a tensor argument,
 * or something that Kindling counts by itself (steps, rates, random numbers).
 * Other things that JavaScript does happen in the first calls only. Tensors
 * that are returned are cut off from the graph. Each shape, and each mode of
 * the modules inside, has a program of its own.
 *
 * @throws {Error} (when called) If `fn` reads a tensor, or does something else
 * in each of four calls with the same shapes; the message names the line
 * @throws {TypeError} (when called) If an argument or a result is neither a
 * tensor, a number, a string, a boolean nor an array or a plain object of them,
 * an argument requires a gradient, or `fn` is async
 *
 * @example A training step
 * ```ts
 * import { compile, F, nn, optim, randn, type Tensor } from "@kindling/kindling";
 * import { assert } from "@std/assert";
 *
 * const model = new nn.Linear(4, 1);
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const step = compile((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = F.mseLoss(model.call(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 *
 * const [x, y] = [randn([8, 4], { seed: 1 }), randn([8, 1], { seed: 2 })];
 * const before = await step(x, y).item();
 * for (let i = 0; i < 20; i++) step(x, y);
 * assert(await step(x, y).item() < before);
 * ```
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

/**
 * What a compiled function has become, in words: for each signature the
 * dispatches before and after, the bytes that its programs hold, what was fused
 * and what was not, and why.
 *
 * @throws {TypeError} If `fn` was not made by `compile`
 */
export function explain(fn: unknown): string {
  const kept = typeof fn === "function" ? keptBy.get(fn) : undefined;
  if (!kept) {
    throw new TypeError(
      `Cannot explain ${formatValue(fn)}: expected what compile() returned`,
    );
  }
  const signatures = [...kept.signatures.values()];
  if (signatures.length === 0) return "not called so far";
  return signatures.flatMap(({ text, programs, recorded }) => [
    text,
    ...programs.flatMap(describe),
    ...(recorded.length > 0
      ? [`  recorded ${recorded.length} times, not the same twice so far`]
      : []),
  ]).join("\n");
}

function describe({ program, report }: Prepared): string[] {
  const { recorded, dead, saved, fused, apart } = report;
  const mebibytes = (program.bytes / 2 ** 20).toFixed(1);
  return [
    `  ${recorded} dispatches recorded, ${program.dispatches} replayed, ` +
    `${dead} led to nothing, ${saved} copies saved; ${mebibytes} MiB planned`,
    ...count(fused).map((name) => `  fused: ${name}`),
    ...count(apart.map(({ name, why }) => `${name}: ${why}`))
      .map((line) => `  not fused: ${line}`),
  ];
}

/** Each line once, with how often it came. */
function count(lines: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].map(([line, times]) =>
    times > 1 ? `${line} (${times} times)` : line
  );
}

function call<Args extends readonly unknown[], R>(
  { signatures }: Kept,
  fn: (...args: Args) => R,
  args: Args,
): unknown {
  const given: Tensor[] = [];
  const form = formOf(args, given, "an argument");
  const inputs = given.map(asInput);
  const text = keyOf(form, inputs.map((_, i) => textOf(inputs, i)));
  let signature = signatures.get(text);
  if (!signature) {
    signatures.set(text, signature = { text, programs: [], recorded: [] });
  }
  const ready = signature.programs.find(({ program }) => program.holds);
  if (ready) return ready.program.run(inputs);
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
  const isConfirmed = recorded.some((each) =>
    resultText(each) === resultText(made) && !difference(each, made)
  );
  if (isConfirmed) {
    recorded.length = 0;
    programs.unshift(unscoped(() => prepare(made)));
    emptyPool(); // what the recorded calls needed beside it
    if (programs.length > MAX_PROGRAMS) {
      releaseAll(programs.pop()!.program.owned);
    }
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

// The result apart from what is in its tensors.
function resultText({ form, outputs }: Capture): string {
  const texts = outputs.map(({ dtype, layout: { shape, strides, offset } }) =>
    `${dtype} ${formatShape(shape)} ${strides} ${offset}`
  );
  return keyOf(form, texts);
}

// Type and shape; strides where they are not those of a row-major tensor, and
// which argument shares the storage, if one before it does.
function textOf(inputs: readonly Tensor[], at: number): string {
  const { dtype, layout, storage } = inputs[at]!;
  const same = inputs.findIndex((other) => other.storage === storage);
  return `${dtype} ${formatShape(layout.shape)}` +
    (isRowMajor(layout) ? "" : ` with strides ${formatShape(layout.strides)}`) +
    (same < at ? ` in the storage of tensor ${same}` : "");
}
