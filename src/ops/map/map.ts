/**
 * Maps: the kernels behind every elementwise op. A map has an expression in
 * WGSL, up to three operands (tensors that broadcast, or plain numbers) and a
 * result; this module turns them into a plan.
 *
 * The dense kernel reads operands of the result's layout, four elements at a
 * time. The rows kernel does so for rows that broadcast. The strided kernel
 * takes every other layout, element by element. The result may be a view, and
 * an operand may be the result itself.
 *
 * @module
 */

import { adapterClass } from "../../gpu/device.ts";
import { loop } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { f32Bits, foldGroups, type Plan } from "../../gpu/plan.ts";
import { recorder } from "../../gpu/recorder.ts";
import type { DType } from "../../tensor/dtype.ts";
import {
  expandLayout,
  isRowMajor,
  type Layout,
  type MergedDims,
  mergeDims,
  sameLayout,
} from "../../tensor/layout.ts";
import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  type Access,
  headerOf,
  loopsOf,
  type MapKernel,
  type MapRule,
} from "./header.ts";
import type { ComputeType } from "../words.ts";

import denseSource from "../../../shaders/elementwise/map_dense.wgsl" with {
  type: "text",
};
import rowsSource from "../../../shaders/elementwise/map_rows.wgsl" with {
  type: "text",
};
import stridedSource from "../../../shaders/elementwise/map_strided.wgsl" with {
  type: "text",
};
import placesLib from "../../../shaders/lib/places.wgsl" with { type: "text" };

/** A tensor, or a number or boolean that broadcasts. */
export type Operand = Tensor | number | boolean;

/** Arguments of a map, before a kernel is chosen. */
export interface MapCall {
  readonly rule: MapRule;
  readonly operands: readonly Operand[];
  readonly out: Tensor;
  /** Whether the result may be written in whole quads. */
  readonly whole: boolean;
}

// Map calls by their plans, kept while a recorder is active: fusion needs them.
const calls = new WeakMap<Plan, MapCall>();

/** Returns the map call behind a plan that was made under a recorder. */
export function mapCallOf(plan: Plan): MapCall | undefined {
  return calls.get(plan);
}

const GROUP = 64;
/** Quads per invocation, by kernel and adapter class. */
const RUNS = {
  dense: { cpu: 4, gpu: 4 },
  rows: { cpu: 8, gpu: 1 },
  strided: { cpu: 8, gpu: 1 },
};
const SOURCES = {
  dense: denseSource,
  rows: placesLib + rowsSource,
  strided: placesLib + stridedSource,
};
/** Dims that the kernels' uniforms have room for. */
const MAX_RANK = 8;
const DTYPE_CODES: Readonly<Record<DType, number>> = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint32: 3,
  uint8: 4,
  bool: 5,
};
const ACCESS_CODES: Readonly<Record<Access, number>> = {
  quads: 0,
  element: 1,
  strides: 2,
  number: 3,
  result: 4,
};

/** Properties that plans of one rule share. */
interface Shared {
  readonly header: string;
  readonly loops: number;
}

// Headers by rule, so that a repeated call builds no text.
const shared = new WeakMap<MapRule, Map<number, Shared>>();

/**
 * Plans a map into `out`, to whose shape all operands broadcast. An operand in
 * the buffer of `out` must have the layout of `out`. Repeated calls should pass
 * the same rule object, whose headers are cached.
 *
 * @throws {TypeError} If the operands' strides need more than 8 dims
 */
export function planMap(
  rule: MapRule,
  operands: readonly Operand[],
  out: Tensor,
): Plan {
  const size = out.size;
  const { offset } = out.layout;
  // Whole quads may be written; the last one may reach past the storage's end,
  // never into elements of another view.
  const whole = isRowMajor(out.layout) && offset % 4 === 0 &&
    (size % 4 === 0 ||
      offset + size >= out.storage.bytes / out.bytesPerElement);
  let accesses = operands.map((operand) => accessOf(operand, out));
  let merged: MergedDims | undefined;
  let kernel: MapKernel = "strided";
  if (whole && !accesses.includes("strides")) kernel = "dense";
  else {
    merged = mergeOperands(rule.name, operands, out);
    const wide = whole ? rowAccesses(operands, accesses, merged) : undefined;
    if (wide) {
      accesses = wide;
      kernel = "rows";
    }
  }
  const run = RUNS[kernel][adapterClass()];
  const buffers = [];
  operands.forEach((operand, i) => {
    if (typeof operand === "object" && accesses[i] !== "result") {
      buffers.push(operand.storage);
    }
  });
  buffers.push(out.storage);
  const plan: Plan = {
    name: rule.name,
    source: SOURCES[kernel],
    ...sharedOf(rule, operands, accesses, out.dtype, kernel, whole, run),
    buffers,
    params: merged
      ? stridedParams(rule, operands, out, merged)
      : denseParams(rule, operands, out),
    groups: foldGroups(Math.ceil(Math.ceil(size / 4) / (GROUP * run))),
  };
  if (recorder()) calls.set(plan, { rule, operands, out, whole });
  return plan;
}

function accessOf(operand: Operand, out: Tensor): Access {
  if (typeof operand !== "object") return "number";
  const { layout } = operand;
  if (operand.storage === out.storage && sameLayout(layout, out.layout)) {
    return "result";
  }
  const size = operand.size;
  if (size === 1) return "element";
  const alike = size === out.size && isRowMajor(layout) &&
    layout.offset % 4 === 0;
  return alike ? "quads" : "strides";
}

// Returns accesses by quads or single elements. Every operand's rows (the
// innermost merged dim) must be dense or repeat one element, in whole quads.
function rowAccesses(
  operands: readonly Operand[],
  accesses: readonly Access[],
  { shape, strides }: MergedDims,
): Access[] | undefined {
  const inner = shape.length - 1;
  if (inner < 0 || shape[inner]! % 4 !== 0) return undefined;
  const wide: Access[] = [];
  for (const [i, operand] of operands.entries()) {
    const access = accesses[i]!;
    if (typeof operand !== "object" || access === "result") wide.push(access);
    else if (strides[i]![inner] === 0) wide.push("element");
    else if (
      strides[i]![inner] === 1 && operand.layout.offset % 4 === 0 &&
      strides[i]!.every((stride, dim) => dim === inner || stride % 4 === 0)
    ) {
      wide.push("quads");
    } else return undefined;
  }
  return wide;
}

function sharedOf(
  rule: MapRule,
  operands: readonly Operand[],
  accesses: readonly Access[],
  dtype: DType,
  kernel: MapKernel,
  whole: boolean,
  run: number,
): Shared {
  let key = (DTYPE_CODES[dtype] * 16 + run) * 4 +
    (kernel === "dense" ? 0 : kernel === "rows" ? 1 : whole ? 2 : 3);
  operands.forEach((operand, i) => {
    const code = typeof operand === "object" ? DTYPE_CODES[operand.dtype] : 6;
    key = (key * 8 + code) * 8 + ACCESS_CODES[accesses[i]!];
  });
  let known = shared.get(rule);
  if (!known) shared.set(rule, known = new Map());
  let found = known.get(key);
  if (!found) {
    const types = operands.map((operand) =>
      typeof operand === "object" ? operand.dtype : undefined
    );
    found = {
      header: `const RUN = ${run}u;\n` +
        headerOf(rule, types, accesses, dtype, kernel, whole),
      // each element's offset takes a loop over the dims
      loops: loop(run, loop(4, loop(MAX_RANK)), ...loopsOf(rule.wgsl)).passes +
        loop(MAX_RANK).passes,
    };
    known.set(key, found);
  }
  return found;
}

/** Returns the bits of a plain number in a compute type; 0 for a tensor. */
export function bitsOf(
  operand: Operand | undefined,
  type: ComputeType,
): number {
  if (operand === undefined || typeof operand === "object") return 0;
  const value = Number(operand);
  return type === "f32" ? f32Bits(value) : Math.trunc(value) >>> 0;
}

function offsetOf(operand: Operand | undefined): number {
  return typeof operand === "object" ? operand.layout.offset : 0;
}

function denseParams(
  { compute }: MapRule,
  [a, b, c]: readonly Operand[],
  out: Tensor,
): number[] {
  return pack(denseSource, {
    size: out.size,
    a: offsetOf(a),
    b: offsetOf(b),
    c: offsetOf(c),
    out: out.layout.offset,
    scalars: [bitsOf(a, compute), bitsOf(b, compute), bitsOf(c, compute)],
  });
}

// Merges the dims of the operands and the result as far as strides allow.
function mergeOperands(
  name: string,
  operands: readonly Operand[],
  out: Tensor,
): MergedDims {
  const layouts: Layout[] = [0, 1, 2].map((i) => {
    const operand = operands[i];
    return typeof operand === "object"
      ? expandLayout(operand.layout, out.shape)
      : nowhere(out.shape);
  });
  const merged = mergeDims([...layouts, out.layout]);
  if (merged.shape.length > MAX_RANK) {
    throw new TypeError(
      `Cannot ${name} over shape ${formatShape(out.shape)}: the operands' ` +
        `strides need ${merged.shape.length} dims, ${MAX_RANK} at most`,
    );
  }
  return merged;
}

function nowhere(shape: Shape): Layout {
  return { shape, strides: new Array(shape.length).fill(0), offset: 0 };
}

function stridedParams(
  { compute }: MapRule,
  [a, b, c]: readonly Operand[],
  out: Tensor,
  { shape, strides }: MergedDims,
): number[] {
  return pack(placesLib, {
    size: sizeOf(shape),
    rank: shape.length,
    offsets: [offsetOf(a), offsetOf(b), offsetOf(c), out.layout.offset],
    scalars: [bitsOf(a, compute), bitsOf(b, compute), bitsOf(c, compute)],
    shape: Array.from({ length: MAX_RANK }, (_, dim) => shape[dim] ?? 1),
    strides: shape.flatMap((_, dim) => strides.map((stride) => stride[dim]!)),
  });
}
