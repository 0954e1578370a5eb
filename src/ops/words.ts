/**
 * Words: the layout of elements in the words of a buffer, and the WGSL
 * declarations that load and store them.
 *
 * uint8 and bool lie four to a word and are computed in u32; float16 is
 * computed in f32. Quad q holds the four elements 4q to 4q + 3.
 *
 * @module
 */

import type { DType } from "../tensor/dtype.ts";

/** The type that a kernel computes in. */
export type ComputeType = "f32" | "i32" | "u32";

/** Layout of a type's elements in the words of a buffer. */
export interface Words {
  /** Type of one element of the bound array; of four for dense access. */
  readonly word: string;
  readonly quad: string;
  /** Whether four elements share a word. */
  readonly packed: boolean;
}

/** Layout of each type in a buffer. */
export const WORDS: Readonly<Record<DType, Words>> = {
  float32: { word: "f32", quad: "vec4f", packed: false },
  float16: { word: "f16", quad: "vec4<f16>", packed: false },
  int32: { word: "i32", quad: "vec4i", packed: false },
  uint32: { word: "u32", quad: "vec4u", packed: false },
  uint8: { word: "u32", quad: "u32", packed: true },
  bool: { word: "u32", quad: "u32", packed: true },
};

/** Returns the type that kernels compute elements of `dtype` in. */
export function computeType(dtype: DType): ComputeType {
  if (dtype === "float32" || dtype === "float16") return "f32";
  return dtype === "int32" ? "i32" : "u32";
}

/** Returns the type of a tensor that holds intermediates of a compute type. */
export function holdingType(compute: ComputeType): DType {
  return compute === "f32" ? "float32" : compute === "i32" ? "int32" : "uint32";
}

/**
 * Returns the declarations of an input `name` and of `load_name`, which loads an
 * element by its index or (`wide`) a quad by its index. `type` names the compute
 * type.
 */
export function declareInput(
  name: string,
  binding: number,
  dtype: DType,
  wide: boolean,
  type = "T",
): string {
  const { word, quad, packed } = WORDS[dtype];
  const array = `@group(0) @binding(${binding}) ` +
    `var<storage, read> ${name}_words: array<${wide ? quad : word}>;`;
  const held = `${name}_words[i]`;
  const [result, value] = wide
    ? [`vec4<${type}>`, packed ? `unpack4xU8(${held})` : held]
    : [
      type,
      packed ? `(${name}_words[i / 4u] >> (8u * (i % 4u))) & 0xffu` : held,
    ];
  return `${array}\n` +
    `fn load_${name}(i: u32) -> ${result} { return ${result}(${value}); }`;
}

/**
 * Returns the declarations of an output `name` at offset 0 of its buffer and of
 * `store_name(quad, values)`.
 */
export function declareOutput(
  name: string,
  binding: number,
  dtype: DType,
  type = "T",
): string {
  const { quad, packed } = WORDS[dtype];
  const value = packed ? "pack4xU8(vec4u(r))" : `${quad}(r)`;
  return `@group(0) @binding(${binding}) ` +
    `var<storage, read_write> ${name}_words: array<${quad}>;\n` +
    `fn store_${name}(q: u32, r: vec4<${type}>) { ${name}_words[q] = ${value}; }`;
}
