/**
 * Compiled functions: the first calls run eagerly and are recorded, later calls
 * replay the recording.
 *
 * NOTE [compile]: calls are recorded until two recordings of one signature are
 * equal. A signature is the structure, shapes and types of the arguments. The
 * second of the equal recordings becomes a program. A value that changes from
 * call to call without being an argument makes recordings differ, so that no
 * program freezes it.
 *
 * A program has guards. They check that called modules have the same mode and
 * members, that captured tensors still exist, and that the same gradients are
 * set. If no program's guards hold, the call is recorded: signature.ts. Changes
 * that no guard sees are found by reviews (NOTE [stale] in review.ts) or by
 * `watch` (watch.ts).
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
  lineWhere,
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
  /** One entry per list of watched values, the current one first. */
  readonly watched: Watched[];
  /** Whether the console has warned of a stale program. */
  isTold: boolean;
  /** Number of calls. */
  calls: number;
}

const compiledOf = new WeakMap<object, Compiled>();
// Returns the buffers of programs to the pool when the function is collected.
const forgotten = new FinalizationRegistry<Watched[]>((all) => {
  for (const { signatures } of all) releaseSignatures(signatures);
});

/** Options of `compile`. */
export interface CompileOptions {
  /**
   * Returns the outside values that the function reads: numbers, strings,
   * tensors, or arrays and objects of them. Each call begins with `watch`.
   * Every list of values has programs of its own; those of the last 8 lists are
   * kept.
   */
  readonly watch?: () => unknown;
}

/**
 * Returns a function that computes what `fn` computes, faster. The first calls
 * run `fn` and record its GPU commands. After two equal recordings for
 * arguments of the same shapes, later calls replay the commands, with kernels
 * fused and memory planned, without running `fn`. Results equal those of `fn`
 * bit for bit, unless a fusion reorders a sum.
 *
 * `fn` may contain a whole training step: `backward`, optimizers, schedulers,
 * dropout, batch norm. A value that changes in each call must be a tensor
 * argument, or counted by Kindling (steps, learning rates, random numbers).
 * Returned tensors are detached. Each shape, and each mode of the modules
 * inside, has a program of its own.
 *
 * A variable that `fn` reads may change between calls. With `watch` the next
 * call sees the change. Without it, the first call after a loader's epoch
 * begins or ends does, or a call soon after: a few calls run `fn` again to
 * compare.
 *
 * @throws {Error} (when called) If `fn` reads a tensor, or does something
 * different in each of four calls with the same shapes; the message names the
 * line
 * @throws {TypeError} (when called) If an argument or result holds anything but
 * tensors, numbers, strings, booleans, arrays and plain objects, an argument
 * requires a gradient, or `fn` or `watch` is async
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
      `Cannot compile with watch ${formatValue(watch)}: expected a function ` +
        `that returns the values to watch`,
    );
  }
  const state: Compiled = { watched: [], isTold: false, calls: 0 };
  const compiled = (...args: Args): R => {
    const around = recorder();
    if (around) { // inline in the outer compiled function
      if (watch) around.guard({}, watchGuard(watch));
      return fn(...args);
    }
    return call(state, watch, fn, args) as R; // a replay returns the form of fn
  };
  compiledOf.set(compiled, state);
  forgotten.register(compiled, state.watched);
  return compiled;
}

/**
 * Describes the programs of a compiled function in words. Each signature lists
 * the dispatches before and after, the memory of its programs, the fused
 * kernels, and the ops that were not fused, with the reason.
 *
 * @throws {TypeError} If `fn` was not returned by `compile`
 */
export function explain(fn: unknown): string {
  const state = typeof fn === "function" ? compiledOf.get(fn) : undefined;
  if (!state) {
    throw new TypeError(
      `Cannot explain ${formatValue(fn)}: expected a function returned by ` +
        `compile()`,
    );
  }
  const lines = state.watched.flatMap(({ signatures }, i) => {
    const called = [...signatures.values()].filter(isCalled);
    const isEarlier = i > 0 && called.length > 0;
    return [
      ...(isEarlier ? ["for earlier values of watch"] : []),
      ...called.flatMap(describeSignature),
    ];
  });
  return lines.length > 0 ? lines.join("\n") : "not called yet";
}

// False for a base signature that only led to exact ones.
function isCalled({ programs, recorded }: Signature): boolean {
  return programs.length + recorded.length > 0;
}

function describeSignature(signature: Signature): string[] {
  const { text, programs, recorded, stale } = signature;
  return [
    text,
    ...programs.flatMap(describe),
    ...(recorded.length > 0
      ? [`  recorded ${recorded.length} times, no two recordings equal yet`]
      : []),
    ...(stale.times > 0
      ? [
        `  recorded again ${stale.times} times, last because of ${stale.what}`,
      ]
      : []),
  ];
}

function describe({ program, report }: Prepared): string[] {
  const { recorded, dead, saved, fused, apart } = report;
  const mebibytes = (program.bytes / 2 ** 20).toFixed(1);
  return [
    `  ${recorded} dispatches recorded, ${program.dispatches} replayed, ` +
    `${dead} unused, ${saved} copies saved; ${mebibytes} MiB planned`,
    ...count(fused).map((name) => `  fused: ${name}`),
    ...count(apart.map(({ name, why }) => `${name}: ${why}`))
      .map((line) => `  not fused: ${line}`),
  ];
}

/** Returns each line once, with the number of times that it occurs. */
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
  const tensors: Tensor[] = [];
  const form = formOf(args, tensors, "arguments");
  tensors.forEach(refuseGradients);
  let text = keyOf(form, tensors.map((_, i) => textOf(tensors, i)));
  const base = signatureOf(signatures, text);
  const isExact = base.isExact ||
    tensors.some(({ storage }) => base.outside.has(storage));
  const exactText = () =>
    keyOf(form, tensors.map((_, i) => exactTextOf(tensors, i, base.outside)));
  if (isExact) text = exactText();
  const signature = isExact ? signatureOf(signatures, text) : base;
  // the first recording decides whether later calls need an exact signature
  const isFirst = signature.recorded.length + signature.programs.length === 0;
  const inputs = isExact || isFirst ? tensors : tensors.map(asInput);
  const ready = signature.programs.find(({ program }) =>
    program.holds(tensors)
  );
  const disposeCopies = (): void =>
    inputs.forEach((input, i) => input !== tensors[i] && input.dispose());
  if (ready && !ready.review.isDue()) {
    const result = unnoted(() => ready.program.run(inputs));
    ready.review.replayed();
    disposeCopies();
    return result;
  }
  ready?.program.lend();
  const results: Tensor[] = [];
  const recording = unnoted(() =>
    capture(
      inputs,
      tensors.map(({ storage }) => storage),
      // the arguments, with the inputs of the program as their tensors
      () => fn(...valueOf(form, inputs) as Args),
      results,
    )
  );
  const back = results.map((tensor) => tensor.detach());
  for (const storage of recording.outside) base.outside.add(storage);
  if (ready) {
    const found = reviewed(signature, ready, recording, tensors);
    if (!found) {
      disposeCopies();
      return valueOf(recording.form, back);
    }
    tell(state, found);
  }
  if (recording.isExact && !isExact) {
    base.isExact = true;
    writeBack(inputs, tensors);
    if (isFirst) settle(signatureOf(signatures, exactText()), recording, now);
  } else settle(signature, recording, now);
  return valueOf(recording.form, back);
}

// Warns once per function; explain() reports the later changes.
function tell(state: Compiled, found: Difference): void {
  if (state.isTold) return;
  state.isTold = true;
  // deno-lint-ignore no-console -- earlier results may be wrong, but no call threw
  console.warn(
    `A compiled function has changed${lineWhere(found)}: ${found.what}. ` +
      `Earlier calls may have used outdated values: pass what changes as an ` +
      `argument, or return it from \`watch\` in compile(fn, { watch })`,
  );
}

function refuseGradients(tensor: Tensor): void {
  if (!tensor.requiresGrad) return;
  throw new TypeError(
    `Cannot call a compiled function with ${tensor.describe()}, which ` +
      `requires a gradient: pass its detach(), and call requiresGrad_() inside`,
  );
}

// Programs bind inputs from the first element of their storage.
function asInput(tensor: Tensor): Tensor {
  return tensor.layout.offset === 0 ? tensor : tensor.clone();
}

// Copies values that the call wrote to copies of arguments into the arguments.
function writeBack(
  inputs: readonly Tensor[],
  originals: readonly Tensor[],
): void {
  inputs.forEach((input, i) => {
    const isWritten = input !== originals[i] && input.storage.version > 0;
    if (isWritten) noGrad(() => originals[i]!.copy_(input));
  });
}
