/**
 * Maps: the one kernel behind every elementwise op. A map has an expression in
 * WGSL, up to three operands (tensors that broadcast, or plain numbers) and a
 * result; this module turns them into a plan.
 *
 * Two kernels serve all of them: operands that lie as the result does are read
 * four elements at a time, all others by strides. uint8 and bool are computed
 * in u32, float16 in f32.
 *
 * @module
 */

import { f32Bits, foldGroups, type Plan } from "../gpu/plan.ts";
import type { DType } from "../tensor/dtype.ts";
import {
  expandLayout,
  isRowMajor,
  type Layout,
  mergeDims,
} from "../tensor/layout.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ComputeType, computeType, declareInput, WORDS } from "./words.ts";

export { type ComputeType, computeType, declareInput, WORDS } from "./words.ts";

import floatLib from "../../shaders/lib/float.wgsl" with { type: "text" };
import denseSource from "../../shaders/elementwise/map_dense.wgsl" with {
  type: "text",
};
import stridedSource from "../../shaders/elementwise/map_strided.wgsl" with {
  type: "text",
};

/** A tensor, or a number that stands for a tensor filled with it. */
export type Operand = Tensor | number;

/** What a map does with the elements `a`, `b` and `c` of its operands. */
export interface MapRule {
  readonly name: string;
  /** A WGSL expression of a, b and c, which have type T. */
  readonly wgsl: string;
  readonly compute: ComputeType;
  /** Type of the expression; `compute` unless it says so. */
  readonly result?: ComputeType | "bool";
}

const NAMES = ["a", "b", "c"] as const;
const GROUP = 64;
const QUADS = 4;
/** Dims that the kernel's uniform has room for. */
const MAX_RANK = 8;

/** How an operand is read: by its own quads, from one element, by strides. */
type Access = "quads" | "element" | "strides" | "number";

/**
 * The plan of a map into `out`, to whose shape all operands broadcast.
 *
 * @throws {TypeError} If there are more dims than the kernel loops over, or
 * `out` is packed bytes that are not written as a whole
 */
export function planMap(
  rule: MapRule,
  operands: readonly Operand[],
  out: Tensor,
): Plan {
  const size = sizeOf(out.shape);
  // whole quads may be written; the last one may reach past the storage's end,
  // never into elements of another view
  const end = out.layout.offset + size;
  const wholeOut = isRowMajor(out.layout) && out.layout.offset % 4 === 0 &&
    (size % 4 === 0 || end >= storageSize(out));
  const accesses = operands.map((operand) => accessOf(operand, out.shape));
  const dense = wholeOut && !accesses.includes("strides");
  const tensors = operands.filter((operand) => typeof operand !== "number");
  if (!dense && !wholeOut && WORDS[out.dtype].packed) {
    throw new TypeError(
      `Cannot write into ${out.describe()}: parts of a packed ` +
        `${out.dtype} tensor can't be written in place`,
    );
  }
  const scalars = NAMES.map((_, i) => {
    const operand = operands[i];
    return typeof operand === "number" ? bitsOf(operand, rule.compute) : 0;
  });
  return {
    name: rule.name,
    source: dense ? denseSource : stridedSource,
    header: headerOf(rule, operands, accesses, out, dense, wholeOut),
    buffers: [...tensors.map((tensor) => tensor.storage), out.storage],
    params: dense
      ? denseParams(operands, scalars, out)
      : stridedParams(rule.name, operands, scalars, out),
    groups: foldGroups(
      Math.ceil(Math.ceil(size / 4) / (GROUP * (dense ? QUADS : 1))),
    ),
  };
}

function storageSize(tensor: Tensor): number {
  return Math.floor(tensor.storage.bytes / tensor.bytesPerElement);
}

function accessOf(operand: Operand, shape: Shape): Access {
  if (typeof operand === "number") return "number";
  const { layout } = operand;
  if (sizeOf(layout.shape) === 1) return "element";
  const alike = sizeOf(layout.shape) === sizeOf(shape) &&
    isRowMajor(layout) && layout.offset % 4 === 0;
  return alike ? "quads" : "strides";
}

/** The word that holds a plain number of a compute type. */
function bitsOf(value: number, type: ComputeType): number {
  return type === "f32" ? f32Bits(value) : Math.trunc(value) >>> 0;
}

function denseParams(
  operands: readonly Operand[],
  scalars: readonly number[],
  out: Tensor,
): number[] {
  const offsets = NAMES.map((_, i) => {
    const operand = operands[i];
    return operand instanceof Object ? operand.layout.offset : 0;
  });
  return [
    sizeOf(out.shape),
    ...offsets,
    out.layout.offset,
    0,
    0,
    0,
    ...scalars,
  ];
}

function stridedParams(
  name: string,
  operands: readonly Operand[],
  scalars: readonly number[],
  out: Tensor,
): number[] {
  const layouts: Layout[] = NAMES.map((_, i) => {
    const operand = operands[i];
    return operand instanceof Object
      ? expandLayout(operand.layout, out.shape)
      : { shape: out.shape, strides: out.shape.map(() => 0), offset: 0 };
  });
  layouts.push(out.layout);
  const { shape, strides } = mergeDims(layouts);
  if (shape.length > MAX_RANK) {
    throw new TypeError(
      `Cannot ${name} over shape ${formatShape(out.shape)}: its strides ` +
        `need ${shape.length} dims, ${MAX_RANK} at most`,
    );
  }
  const words = [
    sizeOf(out.shape),
    shape.length,
    0,
    0,
    ...layouts.map((layout) => layout.offset),
    ...scalars,
    0,
  ];
  for (let dim = 0; dim < MAX_RANK; dim++) words.push(shape[dim] ?? 1);
  for (let dim = 0; dim < shape.length; dim++) {
    for (const stride of strides) words.push(stride[dim]! >>> 0);
  }
  return words;
}

// The text that tells the kernels apart: bindings, loads, the expression and
// the store.
function headerOf(
  rule: MapRule,
  operands: readonly Operand[],
  accesses: readonly Access[],
  out: Tensor,
  dense: boolean,
  wholeOut: boolean,
): string {
  const lines = [`alias T = ${rule.compute};`];
  const result = rule.result ?? rule.compute;
  const stored = computeType(out.dtype);
  lines.push(`alias R = ${stored};`);
  let binding = 0;
  operands.forEach((operand, i) => {
    const name = NAMES[i]!;
    if (typeof operand !== "number") {
      const wide = dense && accesses[i] === "quads";
      lines.push(declareInput(name, binding++, operand.dtype, wide));
    }
  });
  const names = NAMES.slice(0, operands.length);
  const typed = names.map((name) => `${name}: T`).join(", ");
  lines.push(
    `fn op(${typed}) -> R { return ${
      convert(rule.wgsl, result, stored, out.dtype)
    }; }`,
    outBinding(binding, out.dtype, dense),
    dense ? mapQuads(operands, accesses) : mapElements(operands),
    dense ? storeQuads(out.dtype) : storeElements(out.dtype, wholeOut),
    `@group(0) @binding(${binding + 1}) var<uniform> params: Params;`,
  );
  return `${floatLib}\n${lines.join("\n")}\n`;
}

function operandBits(name: string): string {
  return `bitcast<T>(params.scalars.${
    "xyz"[NAMES.findIndex((n) => n === name)]
  })`;
}

function mapQuads(
  operands: readonly Operand[],
  accesses: readonly Access[],
): string {
  const names = NAMES.slice(0, operands.length);
  const lets = names.map((name, i) => {
    const access = accesses[i];
    const value = access === "quads"
      ? `load_${name}(q + params.${name} / 4u)`
      : access === "number"
      ? `vec4<T>(${operandBits(name)})`
      : `vec4<T>(load_${name}(params.${name}))`;
    return `let ${name} = ${value};`;
  });
  const calls = ["x", "y", "z", "w"].map((lane) =>
    `op(${names.map((name) => `${name}.${lane}`).join(", ")})`
  );
  return `fn map(q: u32) -> vec4<R> { ${lets.join(" ")} return vec4<R>(${
    calls.join(", ")
  }); }`;
}

function mapElements(operands: readonly Operand[]): string {
  const values = NAMES.slice(0, operands.length).map((name, i) =>
    typeof operands[i] === "number"
      ? operandBits(name)
      : `load_${name}(at.${"xyz"[i]})`
  );
  return `fn map(at: vec4u) -> R { return op(${values.join(", ")}); }`;
}

function outBinding(binding: number, dtype: DType, dense: boolean): string {
  const { word, quad } = WORDS[dtype];
  return `@group(0) @binding(${binding}) ` +
    `var<storage, read_write> out: array<${dense ? quad : word}>;`;
}

function storeQuads(dtype: DType): string {
  const { quad, packed } = WORDS[dtype];
  const value = packed ? "pack4xU8(vec4u(r))" : `${quad}(r)`;
  return `fn store(q: u32, r: vec4<R>) { out[q + params.out / 4u] = ${value}; }`;
}

function storeElements(dtype: DType, whole: boolean): string {
  const { word, packed } = WORDS[dtype];
  const body = packed
    ? "out[q + params.offsets.w / 4u] = pack4xU8(vec4u(r));"
    : `for (var k = 0u; k < n; k++) { out[at[k].w] = ${word}(r[k]); }`;
  return `fn store(q: u32, at: array<vec4u, 4>, n: u32, r: vec4<R>) { ${
    whole || !packed ? body : ""
  } }`;
}

// bool results are bytes 0 and 1; uint8 keeps the low byte, as torch wraps.
function convert(
  wgsl: string,
  from: ComputeType | "bool",
  to: ComputeType,
  dtype: DType,
): string {
  if (dtype === "bool") {
    return from === "bool"
      ? `select(0u, 1u, ${wgsl})`
      : `select(0u, 1u, (${wgsl}) != T(0))`;
  }
  if (from === "bool") return `select(R(0), R(1), ${wgsl})`;
  if (from === "f32" && to !== "f32") {
    // a float outside of u32 has no defined byte: go by i32, then wrap
    return dtype === "uint8" ? `u32(i32(${wgsl})) & 0xffu` : `R(${wgsl})`;
  }
  return dtype === "uint8" ? `R(${wgsl}) & 0xffu` : `R(${wgsl})`;
}
