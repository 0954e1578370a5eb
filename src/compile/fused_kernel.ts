/**
 * The kernel of several maps in one pass. Results that only these maps read
 * stay in registers; the others are stored in memory.
 *
 * @module
 */

import { type AdapterClass, gpu } from "../gpu/device.ts";
import { loop, passesOf } from "../gpu/loops.ts";
import { foldGroups } from "../gpu/plan.ts";
import { loopsOf } from "../ops/map/header.ts";
import { WORDS } from "../ops/words.ts";
import { type MergedDims, mergeDims, rowMajor } from "../tensor/layout.ts";
import { sizeOf } from "../tensor/shape.ts";
import { Chain, declareQuads, nameOf, type Region, Regions } from "./chain.ts";
import type { Kernel, MapNode, Value } from "./trace.ts";

import fusedSource from "../../shaders/elementwise/map_fused.wgsl" with {
  type: "text",
};
import sealLib from "../../shaders/lib/seal.wgsl" with { type: "text" };

const GROUP = 64;
/** Quads per invocation, without and with repeating operands. */
const RUNS = { cpu: [4, 8], gpu: [4, 1] } as const;
/** Limits of the uniform `params` in the kernel. */
const MAX_DIMS = 4;
const MAX_REPEATING = 4;
const MAX_OFFSETS = 16;
const MAX_SCALARS = 16;
const LANES = "xyzw";

/**
 * Returns the kernel that runs maps in order and stores the values in `stored`,
 * or undefined if one kernel cannot hold them all.
 */
export function fuseKernel(
  nodes: readonly MapNode[],
  stored: ReadonlySet<Value>,
  adapter: AdapterClass,
): Kernel | undefined {
  const regions = new Regions(nodes);
  const repeating = regions.all.filter(({ addressing }) =>
    addressing === "repeating"
  );
  const merged = mergeRepeating(nodes, repeating);
  if (!regions.areApart || !merged) return undefined;
  const writer = new Writer(nodes, regions, repeating, merged);
  return writer.write(stored, adapter);
}

// Returns the merged dims of repeating operands, or undefined if a quad would
// cross the end of the last one.
function mergeRepeating(
  nodes: readonly MapNode[],
  repeating: readonly Region[],
): MergedDims | undefined {
  if (repeating.length === 0) return { shape: [], strides: [] };
  const { shape } = nodes[0]!.out.layout;
  const isOneShape = nodes.every(({ out }) =>
    String(out.layout.shape) === String(shape)
  );
  if (!isOneShape || repeating.length > MAX_REPEATING) return undefined;
  const merged = mergeDims([
    ...repeating.map(({ layout }) => layout),
    rowMajor(shape),
  ]);
  const inner = merged.shape.length - 1;
  const isInQuads = inner >= 0 && inner < MAX_DIMS &&
    merged.shape[inner]! % 4 === 0 &&
    repeating.every(({ layout: { offset } }, i) => {
      const strides = merged.strides[i]!;
      return strides[inner] === 0 ||
        strides[inner] === 1 && offset % 4 === 0 &&
          strides.every((stride, dim) => dim === inner || stride % 4 === 0);
    });
  return isInQuads ? merged : undefined;
}

class Writer {
  readonly #nodes: readonly MapNode[];
  readonly #regions: Regions;
  readonly #repeating: readonly Region[];
  readonly #merged: MergedDims;
  readonly #bound: Region[] = [];
  readonly #offsets: number[] = [];
  readonly #scalars: number[] = [];

  constructor(
    nodes: readonly MapNode[],
    regions: Regions,
    repeating: readonly Region[],
    merged: MergedDims,
  ) {
    this.#nodes = nodes;
    this.#regions = regions;
    this.#repeating = repeating;
    this.#merged = merged;
  }

  write(
    stored: ReadonlySet<Value>,
    adapter: AdapterClass,
  ): Kernel | undefined {
    const chain = new Chain(this.#nodes, this.#regions, {
      lanes: 4,
      load: (region) => this.#load(region),
      scalar: (bits, type) => `bitcast<${type}>(${this.#scalar(bits)})`,
    });
    const results = new Set(
      this.#nodes.map(({ out }) => this.#regions.of(out, out)),
    );
    const written = [...results].filter(({ value }) => stored.has(value));
    const stores = written.map((region) =>
      this.#store(region, chain.variableOf(region))
    );
    if (!this.#hasRoom) return undefined;
    const repeats = this.#repeating.length > 0;
    const run = RUNS[adapter][repeats ? 1 : 0];
    const size = sizeOf(this.#nodes[0]!.out.layout.shape);
    const plan = {
      name: nameOf(this.#nodes),
      source: fusedSource,
      consts: { RUN: run, ROWS: repeats },
      header: [
        chain.functions,
        "fn zero() -> u32 { return params.zero; }",
        sealLib,
        ...this.#bound.map((region, i) =>
          declareQuads(`b${i}`, i, region.dtype, written.includes(region))
        ),
        `@group(0) @binding(${this.#bound.length}) ` +
        `var<uniform> params: Params;`,
        "fn fuse(q: u32, at: vec4u) {",
        ...chain.lines,
        ...stores,
        "}\n",
      ].join("\n"),
      params: this.#params(size),
      groups: foldGroups(Math.ceil(Math.ceil(size / 4) / (GROUP * run))),
      loops: passesOf(
        loop(MAX_DIMS),
        loop(
          run,
          loop(MAX_DIMS),
          ...this.#nodes.flatMap(({ rule }) => loopsOf(rule.wgsl)),
        ),
      ),
    };
    return { plan, values: this.#bound.map(({ value }) => value) };
  }

  get #hasRoom(): boolean {
    const { maxStorageBuffersPerShaderStage } = gpu().device.limits;
    return this.#bound.length <= maxStorageBuffersPerShaderStage &&
      this.#offsets.length <= MAX_OFFSETS &&
      this.#scalars.length <= MAX_SCALARS;
  }

  #load(region: Region): string {
    const { addressing, layout } = region;
    const name = this.#bind(region);
    if (addressing === "element") {
      return `${name}_one(${this.#offset(layout.offset)})`;
    }
    if (addressing === "alike") {
      return `${name}_quad(q + ${this.#offset(layout.offset / 4)})`;
    }
    const at = this.#repeating.indexOf(region);
    const lane = `at.${LANES[at]}`;
    return this.#merged.strides[at]!.at(-1) === 1
      ? `${name}_quad(${lane} / 4u)`
      : `${name}_one(${lane})`;
  }

  #store(region: Region, variable: string): string {
    const { quad, packed } = WORDS[region.dtype];
    const word = packed ? `pack4xU8(${variable})` : `${quad}(${variable})`;
    const at = `q + ${this.#offset(region.layout.offset / 4)}`;
    return `${this.#bind(region)}[${at}] = ${word};`;
  }

  // Regions of one value share a binding, as they have the same dtype.
  #bind(region: Region): string {
    const known = this.#bound.findIndex(({ value }) => value === region.value);
    return `b${known < 0 ? this.#bound.push(region) - 1 : known}`;
  }

  #offset(value: number): string {
    let at = this.#offsets.indexOf(value);
    if (at < 0) at = this.#offsets.push(value) - 1;
    return `params.offsets[${at >> 2}].${LANES[at & 3]}`;
  }

  #scalar(bits: number): string {
    const at = this.#scalars.push(bits) - 1;
    return `params.scalars[${at >> 2}].${LANES[at & 3]}`;
  }

  #params(size: number): number[] {
    const { shape, strides } = this.#merged;
    const words = [size, shape.length, 0, 0];
    for (let dim = 0; dim < MAX_DIMS; dim++) words.push(shape[dim] ?? 1);
    for (let dim = 0; dim < MAX_DIMS; dim++) {
      for (let i = 0; i < MAX_REPEATING; i++) {
        words.push(i < this.#repeating.length ? strides[i]![dim] ?? 0 : 0);
      }
    }
    for (let i = 0; i < MAX_REPEATING; i++) {
      words.push(this.#repeating[i]?.layout.offset ?? 0);
    }
    for (let i = 0; i < MAX_OFFSETS; i++) words.push(this.#offsets[i] ?? 0);
    for (let i = 0; i < MAX_SCALARS; i++) words.push(this.#scalars[i] ?? 0);
    return words;
  }
}
