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
 * program's guards hold is recorded anew. signature.ts does that.
 *
 * @module
 */

import { noGrad } from "../autograd/mode.ts";
import { recorder } from "../gpu/recorder.ts";
import { formatValue } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { capture } from "./capture.ts";
import { formOf, keyOf, valueOf } from "./form.ts";
import type { Prepared } from "./prepare.ts";
import {
  exactTextOf,
  release,
  settle,
  type Signature,
  signatureOf,
  type Signatures,
  textOf,
} from "./signature.ts";

const signaturesOf = new WeakMap<object, Signatures>();
// Programs own buffers; they go back to the pool when the function is gone.
const forgotten = new FinalizationRegistry<Signatures>((signatures) => {
  for (const { programs } of signatures.values()) programs.forEach(release);
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
  const signatures: Signatures = new Map();
  const compiled = (...args: Args): R => {
    if (recorder()) return fn(...args); // part of the function around it
    return call(signatures, fn, args) as R; // a replay's result has the form of fn's
  };
  signaturesOf.set(compiled, signatures);
  forgotten.register(compiled, signatures);
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
  const signatures = typeof fn === "function"
    ? signaturesOf.get(fn)
    : undefined;
  if (!signatures) {
    throw new TypeError(
      `Cannot explain ${formatValue(fn)}: expected what compile() returned`,
    );
  }
  if (signatures.size === 0) return "not called so far";
  const called = [...signatures.values()].filter(isCalled);
  return called.flatMap(({ text, programs, recorded }) => [
    text,
    ...programs.flatMap(describe),
    ...(recorded.length > 0
      ? [`  recorded ${recorded.length} times, not the same twice so far`]
      : []),
  ]).join("\n");
}

// Those that stand for exact ones only were never called by themselves.
function isCalled({ programs, recorded }: Signature): boolean {
  return programs.length + recorded.length > 0;
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
  signatures: Signatures,
  fn: (...args: Args) => R,
  args: Args,
): unknown {
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
  if (ready) {
    const result = ready.program.run(inputs);
    inputs.forEach((input, i) => input !== given[i] && input.dispose());
    return result;
  }
  const results: Tensor[] = [];
  const made = capture(
    inputs,
    given.map(({ storage }) => storage),
    // the form of the arguments, with tensors as they come into the program
    () => fn(...valueOf(form, inputs) as Args),
    results,
  );
  const back = results.map((tensor) => tensor.detach());
  for (const storage of made.outside) base.outside.add(storage);
  if (made.isExact && !isExact) {
    base.isExact = true;
    writeBack(inputs, given);
    if (isFirst) settle(signatureOf(signatures, exactText()), made);
  } else settle(signature, made);
  return valueOf(made.form, back);
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
