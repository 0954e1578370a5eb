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
 * program's guards hold is recorded anew. signature.ts does that. What no guard
 * sees is found later (NOTE [stale] in review.ts), or watched (watch.ts).
 *
 * @module
 */

import { noGrad } from "../autograd/mode.ts";
import { outside, unnoted } from "../outside.ts";
import { recorder } from "../gpu/recorder.ts";
import { checkOptionNames, formatValue } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { capture } from "./capture.ts";
import { formOf, keyOf, valueOf } from "./form.ts";
import type { Prepared } from "./prepare.ts";
import {
  exactTextOf,
  placeOf,
  releaseSignatures,
  reviewed,
  settle,
  type Signature,
  signatureOf,
  textOf,
} from "./signature.ts";
import type { Difference } from "./trace.ts";
import { type Watch, type Watched, watchedNow, watchGuard } from "./watch.ts";

/** The state of a compiled function between its calls. */
interface Compiled {
  /** For each list of watched values, those of now first; just one without. */
  readonly watched: Watched[];
  /** Whether its user knows that a program was stale. */
  isTold: boolean;
  /** Calls so far. */
  calls: number;
}

const compiledOf = new WeakMap<object, Compiled>();
// Programs own buffers; they go back to the pool when the function is gone.
const forgotten = new FinalizationRegistry<Watched[]>((all) => {
  for (const { signatures } of all) releaseSignatures(signatures);
});

/** Options of `compile`. */
export interface CompileOptions {
  /**
   * Returns values from outside that the function reads: numbers, strings,
   * tensors, or arrays and objects of them. It is called before each call. Each
   * list of values has programs of its own; those of the last 8 are kept.
   */
  readonly watch?: () => unknown;
}

/**
 * A function that does what `fn` does, faster. Its first calls run `fn` and
 * record what it sends to the GPU; once two calls with arguments of the same
 * shapes have done the same, later ones replay that, with neighbouring kernels
 * fused and memory planned, without running `fn`. Results are those of `fn`,
 * bit for bit, wherever no fusion reorders a sum.
 *
 * Everything that trains may be inside: `backward`, optimizers, schedulers,
 * dropout, batch norm. What changes in each call has to be a tensor argument,
 * or something that Kindling counts by itself (steps, rates, random numbers).
 * Tensors that are returned are cut off from the graph. Each shape, and each
 * mode of the modules inside, has a program of its own.
 *
 * A variable that `fn` reads may change between calls. The change counts with
 * the first call after a loader's epoch begins or ends, or some calls later;
 * with `watch` at once. To find it, a few calls run `fn` instead of a replay.
 *
 * @throws {Error} (when called) If `fn` reads a tensor, or does something else
 * in each of four calls with the same shapes; the message names the line
 * @throws {TypeError} (when called) If an argument or a result is neither a
 * tensor, a number, a string, a boolean nor an array or a plain object of them,
 * an argument requires a gradient, or `fn` or `watch` is async
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
 *
 * @example A number that changes between calls
 * ```ts
 * import { compile, ones, type Tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * let beta = 1;
 * const scale = compile((x: Tensor) => x.mul(beta), { watch: () => beta });
 * for (let i = 0; i < 3; i++) scale(ones([1]));
 * beta = 2;
 * assertEquals(await scale(ones([1])).item(), 2);
 * ```
 */
export function compile<Args extends readonly unknown[], R>(
  fn: (...args: Args) => R,
  options: CompileOptions = {},
): (...args: Args) => R {
  const { watch } = checkOptionNames("compile", options, ["watch"]);
  if (watch !== undefined && typeof watch !== "function") {
    throw new TypeError(
      `Cannot watch ${formatValue(watch)}: expected a function that returns ` +
        `what is to be watched`,
    );
  }
  const state: Compiled = { watched: [], isTold: false, calls: 0 };
  const compiled = (...args: Args): R => {
    const around = recorder();
    if (around) { // part of the function around it
      if (watch) around.guard({}, watchGuard(watch));
      return fn(...args);
    }
    return call(state, watch, fn, args) as R; // a replay's result has the form of fn's
  };
  compiledOf.set(compiled, state);
  forgotten.register(compiled, state.watched);
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
  const state = typeof fn === "function" ? compiledOf.get(fn) : undefined;
  if (!state) {
    throw new TypeError(
      `Cannot explain ${formatValue(fn)}: expected what compile() returned`,
    );
  }
  const lines = state.watched.flatMap(({ signatures }, i) => {
    const called = [...signatures.values()].filter(isCalled);
    const isEarlier = i > 0 && called.length > 0;
    return [
      ...(isEarlier ? ["with other values of what is watched"] : []),
      ...called.flatMap(describeSignature),
    ];
  });
  return lines.length > 0 ? lines.join("\n") : "not called so far";
}

// Those that stand for exact ones only were never called by themselves.
function isCalled({ programs, recorded }: Signature): boolean {
  return programs.length + recorded.length > 0;
}

function describeSignature(signature: Signature): string[] {
  const { text, programs, recorded, stale } = signature;
  return [
    text,
    ...programs.flatMap(describe),
    ...(recorded.length > 0
      ? [`  recorded ${recorded.length} times, not the same twice so far`]
      : []),
    ...(stale.times > 0
      ? [
        `  recorded anew ${stale.times} times, at last because of ${stale.what}`,
      ]
      : []),
  ];
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
  state: Compiled,
  watch: Watch | undefined,
  fn: (...args: Args) => R,
  args: Args,
): unknown {
  const now = { number: state.calls++, epoch: outside.epochs };
  const { signatures } = watchedNow(state.watched, watch);
  const given: Tensor[] = [];
  const form = formOf(args, given, "an argument");
  given.forEach(refuseGradients);
  let text = keyOf(form, given.map((_, i) => textOf(given, i)));
  const base = signatureOf(signatures, text);
  const isExact = base.isExact ||
    given.some(({ storage }) => base.outside.has(storage));
  const exactText = () =>
    keyOf(form, given.map((_, i) => exactTextOf(given, i, base.outside)));
  if (isExact) text = exactText();
  const signature = isExact ? signatureOf(signatures, text) : base;
  // the first recording tells whether the others have to be exact
  const isFirst = signature.recorded.length + signature.programs.length === 0;
  const inputs = isExact || isFirst ? given : given.map(asInput);
  const ready = signature.programs.find(({ program }) => program.holds(given));
  const disposeCopies = (): void =>
    inputs.forEach((input, i) => input !== given[i] && input.dispose());
  if (ready && !ready.review.isDue()) {
    const result = unnoted(() => ready.program.run(inputs));
    ready.review.replayed();
    disposeCopies();
    return result;
  }
  ready?.program.lend();
  const results: Tensor[] = [];
  const made = unnoted(() =>
    capture(
      inputs,
      given.map(({ storage }) => storage),
      // the form of the arguments, with tensors as they come into the program
      () => fn(...valueOf(form, inputs) as Args),
      results,
    )
  );
  const back = results.map((tensor) => tensor.detach());
  for (const storage of made.outside) base.outside.add(storage);
  if (ready) {
    const found = reviewed(signature, ready, made, given);
    if (!found) {
      disposeCopies();
      return valueOf(made.form, back);
    }
    tell(state, found);
  }
  if (made.isExact && !isExact) {
    base.isExact = true;
    writeBack(inputs, given);
    if (isFirst) settle(signatureOf(signatures, exactText()), made, now);
  } else settle(signature, made, now);
  return valueOf(made.form, back);
}

// Once: from then on the user knows, and explain() tells the rest.
function tell(state: Compiled, found: Difference): void {
  if (state.isTold) return;
  state.isTold = true;
  // deno-lint-ignore no-console -- earlier results may be wrong, and no call failed
  console.warn(
    `A compiled function was recorded anew${placeOf(found)}: ${found.what}. ` +
      `Calls before this one may have used the values of earlier ones: name ` +
      `what changes in compile(fn, { watch }), or give it as an argument`,
  );
}

function refuseGradients(tensor: Tensor): void {
  if (!tensor.requiresGrad) return;
  throw new TypeError(
    `Cannot call a compiled function with ${tensor.describe()}, which ` +
      `requires a gradient: detach() it, and ask for the gradient inside`,
  );
}

// Programs bind inputs from their first element on.
function asInput(tensor: Tensor): Tensor {
  return tensor.layout.offset === 0 ? tensor : tensor.clone();
}

// What was written to copies that stood for arguments.
function writeBack(inputs: readonly Tensor[], given: readonly Tensor[]): void {
  inputs.forEach((input, i) => {
    const isWritten = input !== given[i] && input.storage.version > 0;
    if (isWritten) noGrad(() => given[i]!.copy_(input));
  });
}
