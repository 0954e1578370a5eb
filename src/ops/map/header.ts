/**
 * Headers of the map kernels: bindings, loads, the expression, the conversion to
 * the result's type, and the store.
 *
 * @module
 */

import { type Loop, loop } from "../../gpu/loops.ts";
import type { DType } from "../../tensor/dtype.ts";
import {
  type ComputeType,
  computeType,
  declareInput,
  WORDS,
} from "../words.ts";

import floatLib from "../../../shaders/lib/float.wgsl" with { type: "text" };
import specialLib from "../../../shaders/lib/special.wgsl" with {
  type: "text",
};

/** Rule of a map: an expression of the elements `a`, `b` and `c`. */
export interface MapRule {
  readonly name: string;
  /** A WGSL expression of a, b and c of type T. */
  readonly wgsl: string;
  readonly compute: ComputeType;
  /** Type of the expression; default: `compute`. */
  readonly result?: ComputeType | "bool";
}

/** The kernels of maps. */
export type MapKernel = "dense" | "rows" | "strided";

/**
 * Access to an operand: by its own quads, one element for a whole quad, by
 * strides, a number of the parameters, or the result's old elements.
 */
export type Access = "quads" | "element" | "strides" | "number" | "result";

const NAMES = ["a", "b", "c"] as const;
const LANES = ["x", "y", "z"] as const;
// The functions of special.wgsl by name. A kernel gets only those that it calls,
// because drivers spend time on unused functions, too.
const SPECIAL: ReadonlyMap<string, string> = new Map(
  Array.from(
    specialLib.matchAll(/^fn (\w+)(?:.*\}$|[^]*?^\}$)/gm),
    ([text, name]) => [name!, text],
  ),
);

/** Returns the special functions that `text` calls, directly or not. */
function specialOf(text: string): string {
  const found = new Set<string>();
  const open = [text];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [, name] of next.matchAll(/\b(\w+)\(/g)) {
      const body = SPECIAL.get(name!);
      if (body === undefined || found.has(body)) continue;
      found.add(body);
      open.push(body);
    }
  }
  return [...found].join("\n");
}

/** Returns the functions that an expression calls, as WGSL. */
export function libraryFor(wgsl: string): string {
  return `${floatLib}\n${specialOf(wgsl)}`;
}

/**
 * Returns the loops that an expression runs for a quad. Special functions loop
 * only over the bits of an integer.
 */
export function loopsOf(wgsl: string): Loop[] {
  const loops = [...specialOf(wgsl).matchAll(/\bfor \(/g)];
  return loops.flatMap(() => [32, 32, 32, 32].map((bits) => loop(bits)));
}

/** Returns a WGSL function `name` that applies a rule to elements. */
export function declareRule(
  name: string,
  rule: MapRule,
  arity: number,
  out: DType,
): string {
  const stored = computeType(out);
  const value = convert(rule.wgsl, rule.result ?? rule.compute, stored, out);
  const typed = NAMES.slice(0, arity).map((name) => `${name}: T`).join(", ");
  return `fn ${name}(${typed}) -> R { return ${value}; }`
    .replaceAll(/\bT\b/g, rule.compute)
    .replaceAll(/\bR\b/g, stored);
}

/** Returns the header of a map; the type of a plain number is undefined. */
export function headerOf(
  rule: MapRule,
  types: readonly (DType | undefined)[],
  accesses: readonly Access[],
  out: DType,
  kernel: MapKernel,
  whole: boolean,
): string {
  const result = rule.result ?? rule.compute;
  const stored = computeType(out);
  const names = NAMES.slice(0, types.length);
  const lines = [floatLib, specialOf(rule.wgsl)];
  lines.push(`alias T = ${rule.compute};`, `alias R = ${stored};`);
  let binding = 0;
  types.forEach((type, i) => {
    if (type === undefined || accesses[i] === "result") return;
    const wide = kernel !== "strided" && accesses[i] === "quads";
    lines.push(declareInput(names[i]!, binding++, type, wide));
  });
  const typed = names.map((name) => `${name}: T`).join(", ");
  const value = convert(rule.wgsl, result, stored, out);
  lines.push(
    `fn op(${typed}) -> R { return ${value}; }`,
    declareResult(binding, out, kernel, whole),
    kernel === "strided"
      ? mapElements(accesses, out, whole)
      : mapQuads(accesses, out, kernel),
    kernel === "strided" ? storeElements(out, whole) : storeQuads(out, kernel),
    `@group(0) @binding(${binding + 1}) var<uniform> params: Params;`,
  );
  return `${lines.join("\n")}\n`;
}

function bitsOf(i: number): string {
  return `bitcast<T>(params.scalars.${LANES[i]})`;
}

function mapQuads(
  accesses: readonly Access[],
  out: DType,
  kernel: MapKernel,
): string {
  const dense = kernel === "dense";
  const lets = accesses.map((access, i) => {
    const name = NAMES[i]!;
    const element = dense ? `params.${name}` : `at.${LANES[i]}`;
    const value = access === "quads"
      ? `load_${name}(${dense ? `q + ${element} / 4u` : `${element} / 4u`})`
      : access === "number"
      ? `vec4<T>(${bitsOf(i)})`
      : access === "result"
      ? `vec4<T>(${
        resultQuad(out, dense ? "q + params.out / 4u" : "at.w / 4u")
      })`
      : `vec4<T>(load_${name}(${element}))`;
    return `let ${name} = ${value};`;
  });
  const names = NAMES.slice(0, accesses.length);
  const calls = ["x", "y", "z", "w"].map((lane) =>
    `op(${names.map((name) => `${name}.${lane}`).join(", ")})`
  );
  return `fn map(${dense ? "q: u32" : "at: vec4u"}) -> vec4<R> { ` +
    `${lets.join(" ")} return vec4<R>(${calls.join(", ")}); }`;
}

function resultQuad(out: DType, quad: string): string {
  return WORDS[out].packed ? `unpack4xU8(out[${quad}])` : `out[${quad}]`;
}

function mapElements(
  accesses: readonly Access[],
  out: DType,
  whole: boolean,
): string {
  const { packed } = WORDS[out];
  const word = packed && !whole
    ? "atomicLoad(&out[at.w / 4u])"
    : "out[at.w / 4u]";
  const values = accesses.map((access, i) =>
    access === "number"
      ? bitsOf(i)
      : access === "result"
      ? packed ? `T((${word} >> (8u * (at.w % 4u))) & 0xffu)` : "T(out[at.w])"
      : `load_${NAMES[i]}(at.${LANES[i]})`
  );
  return `fn map(at: vec4u) -> R { return op(${values.join(", ")}); }`;
}

// Part of a word is written by atomics, because another invocation may write the
// rest. Each byte has one writer, so the order does not matter.
function declareResult(
  binding: number,
  dtype: DType,
  kernel: MapKernel,
  whole: boolean,
): string {
  const { word, quad, packed } = WORDS[dtype];
  const type = kernel !== "strided"
    ? quad
    : packed && !whole
    ? "atomic<u32>"
    : word;
  return `@group(0) @binding(${binding}) ` +
    `var<storage, read_write> out: array<${type}>;`;
}

function storeQuads(dtype: DType, kernel: MapKernel): string {
  const { quad, packed } = WORDS[dtype];
  const value = packed ? "pack4xU8(vec4u(r))" : `${quad}(r)`;
  const start = kernel === "dense" ? "params.out" : "params.offsets.w";
  return `fn store(q: u32, r: vec4<R>) { out[q + ${start} / 4u] = ${value}; }`;
}

function storeElements(dtype: DType, whole: boolean): string {
  const { word, packed } = WORDS[dtype];
  const body = !packed
    ? `for (var k = 0u; k < n; k++) { out[at[k].w] = ${word}(r[k]); }`
    : whole
    ? "out[q + params.offsets.w / 4u] = pack4xU8(vec4u(r));"
    : "for (var k = 0u; k < n; k++) { let i = at[k].w / 4u; " +
      "let bits = 8u * (at[k].w % 4u); " +
      "atomicAnd(&out[i], ~(0xffu << bits)); " +
      "atomicOr(&out[i], (r[k] & 0xffu) << bits); }";
  return "fn store(q: u32, at: array<vec4u, 4>, n: u32, r: vec4<R>) { " +
    `${body} }`;
}

// bool results are the bytes 0 and 1; uint8 keeps the low byte, as in torch.
function convert(
  wgsl: string,
  from: ComputeType | "bool",
  to: ComputeType,
  dtype: DType,
): string {
  if (dtype === "bool") {
    if (from === "bool") return `select(0u, 1u, ${wgsl})`;
    // is_zero, because compilers may assume that no operand is NaN: NaN is true
    return from === "f32"
      ? `select(1u, 0u, is_zero(${wgsl}))`
      : `select(0u, 1u, (${wgsl}) != T(0))`;
  }
  if (from === "bool") return `select(R(0), R(1), ${wgsl})`;
  if (from === "f32" && to !== "f32") {
    // a float outside of u32 has no defined low byte: convert by i32, then wrap
    return dtype === "uint8" ? `u32(i32(${wgsl})) & 0xffu` : `R(${wgsl})`;
  }
  return dtype === "uint8" ? `R(${wgsl}) & 0xffu` : `R(${wgsl})`;
}
