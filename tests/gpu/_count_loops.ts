/**
 * Counts what NOTE [loops] bounds: a kernel runs with a counter in each of its
 * loops.
 *
 * @module
 */

import { headerOf } from "../../src/gpu/pipelines.ts";
import type { Plan } from "../../src/gpu/plan.ts";
import { dispatch } from "../../src/gpu/stream.ts";
import { zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/**
 * Dispatches a plan, and counts the passes of the invocation that makes most: a
 * tensor of one element.
 */
export function dispatchCounted(plan: Plan): Tensor {
  const most = zeros([1], { dtype: "uint32" }).keep(); // scratch scopes end before
  const binding = plan.buffers.length + 1;
  // WGSL wants `enable` before everything else, where headerOf puts it
  const header = headerOf(plan).replace(/^enable f16;\n/, "");
  dispatch({
    ...plan,
    name: `${plan.name} counted`,
    consts: {},
    header: `
var<private> loop_count: u32;
@group(0) @binding(${binding}) var<storage, read_write> most: array<atomic<u32>>;
fn count_loop(passes: u32) {
  loop_count += passes;
  // an atomicMax in each pass of attention is more than LLVM 19 compiles
  if (loop_count > atomicLoad(&most[0])) { atomicMax(&most[0], loop_count); }
}
${countIn(header)}`,
    source: countIn(plan.source, header),
    buffers: [...plan.buffers, most.storage],
    uniformAt: plan.uniformAt ?? plan.buffers.length,
  });
  return most;
}

/**
 * The text with calls of `count_loop`: one for each iteration, and before a loop
 * one for the passes it makes when it has nothing left to do. `others` is text
 * that declares functions which it calls.
 */
export function countIn(text: string, others = ""): string {
  const code = withoutComments(text);
  const functions = functionsIn(`${withoutComments(others)}\n${code}`);
  let counted = "";
  let at = 0;
  for (const { index, 0: word } of code.matchAll(LOOP)) {
    const body = bodyAfter(code, index + word.length);
    const idle = 1 + loopsIn(code.slice(body, endOf(code, body)), functions);
    counted += `${code.slice(at, index)}count_loop(${idle}u); ` +
      `${code.slice(index, body)} count_loop(1u);`;
    at = body;
  }
  return counted + code.slice(at);
}

const LOOP = /\b(?:for|while|loop)\b/g;

function withoutComments(text: string): string {
  return text.replaceAll(/\/\/[^\n]*/g, "");
}

/** Bodies of functions by their names. */
function functionsIn(code: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const { index, 0: head, 1: name } of code.matchAll(/\bfn (\w+)/g)) {
    const body = bodyAfter(code, index + head.length);
    found.set(name!, code.slice(body, endOf(code, body)));
  }
  return found;
}

/** Loops in a body, and in the functions that it calls. */
function loopsIn(body: string, functions: ReadonlyMap<string, string>): number {
  let count = [...body.matchAll(LOOP)].length;
  for (const [, name] of body.matchAll(/\b(\w+)\(/g)) {
    const called = functions.get(name!);
    if (called !== undefined) count += loopsIn(called, functions);
  }
  return count;
}

/** Where the body ends that begins at `at`. */
function endOf(code: string, at: number): number {
  let depth = 1;
  for (let i = at; i < code.length; i++) {
    if (code[i] === "{") depth++;
    else if (code[i] === "}" && --depth === 0) return i;
  }
  throw new SyntaxError(`A body without an end: "${code.slice(at, at + 40)}"`);
}

/** Where the body of a loop begins whose head begins at `at`. */
function bodyAfter(code: string, at: number): number {
  let depth = 0;
  for (let i = at; i < code.length; i++) {
    const letter = code[i];
    if (letter === "(") depth++;
    else if (letter === ")") depth--;
    else if (letter === "{" && depth === 0) return i + 1;
  }
  throw new SyntaxError(`A loop without a body: "${code.slice(at, at + 40)}"`);
}
