/**
 * The kernel of several maps in one pass: what one of them makes and another
 * reads stays in registers, and goes to memory only where somebody else wants
 * it.
 *
 * @module
 */

import { type AdapterClass, gpu } from "../gpu/device.ts";
import { type Pipeline, pipelineOf } from "../gpu/pipelines.ts";
import { foldGroups, type Plan } from "../gpu/plan.ts";
import { bitsOf } from "../ops/map.ts";
import { declareRule, libraryFor } from "../ops/map_header.ts";
import { computeType, WORDS } from "../ops/words.ts";
import type { DType } from "../tensor/dtype.ts";
import {
  expandLayout,
  isRowMajor,
  type Layout,
  type MergedDims,
  mergeDims,
  rowMajor,
} from "../tensor/layout.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { MapNode, Place, Value } from "./trace.ts";

import source from "../../shaders/elementwise/map_fused.wgsl" with {
  type: "text",
};

const GROUP = 64;
/** Quads of an invocation, without and with operands that repeat. */
const RUNS = { cpu: [4, 8], gpu: [4, 1] } as const;
/** What the kernel's parameters have room for. */
const MAX_DIMS = 4;
const MAX_REPEATING = 4;
const MAX_OFFSETS = 16;
const MAX_SCALARS = 16;
const LANES = "xyzw";

/** A dispatch of a fused kernel. */
export interface Fused {
  readonly plan: Omit<Plan, "buffers">;
  readonly pipeline: Pipeline;
  readonly values: readonly Value[];
}

/**
 * How elements are read or written: in quads as the results lie, from one
 * element, or with strides of their own.
 */
type Access = "quads" | "element" | "repeating";

/** A part of a value that is read or written, the same for every use. */
interface Region {
  readonly value: Value;
  readonly dtype: DType;
  readonly layout: Layout;
  readonly access: Access;
  /** The variable that holds what is there now, once one does. */
  variable: string | undefined;
}

/**
 * The kernel of maps that run one after the other, of which values in `stored`
 * are written to memory; `undefined` if one kernel can't hold them all.
 */
export function fuseKernel(
  nodes: readonly MapNode[],
  stored: ReadonlySet<Value>,
  adapter: AdapterClass,
): Fused | undefined {
  const writer = new Writer(nodes, stored);
  return writer.fits ? writer.write(adapter) : undefined;
}

class Writer {
  readonly #nodes: readonly MapNode[];
  readonly #stored: ReadonlySet<Value>;
  readonly #regions = new Map<string, Region>();
  readonly #repeating: Region[] = [];
  readonly #bindings = new Map<Value, DType>();
  readonly #written = new Map<Value, Region>();
  readonly #rules = new Map<string, string>();
  readonly #lines: string[] = [];
  readonly #offsets: number[] = [];
  readonly #scalars: number[] = [];
  #merged: MergedDims = { shape: [], strides: [] };
  #variables = 0;
  readonly fits: boolean;

  constructor(nodes: readonly MapNode[], stored: ReadonlySet<Value>) {
    this.#nodes = nodes;
    this.#stored = stored;
    this.fits = this.#findRegions() && this.#merge();
  }

  get #size(): number {
    return sizeOf(this.#nodes[0]!.out.layout.shape);
  }

  // Every region; false if the same value is met in two ways, one of them a
  // write, or in two types.
  #findRegions(): boolean {
    for (const { operands, out } of this.#nodes) {
      for (const operand of operands) {
        if (typeof operand === "object") this.#regionOf(operand, out);
      }
      this.#regionOf(out, out);
    }
    const outputs = new Set(this.#nodes.map(({ out }) => out.value));
    const first = new Map<Value, Region>();
    for (const region of this.#regions.values()) {
      const { value, dtype } = region;
      const other = first.get(value);
      if (other && (outputs.has(value) || other.dtype !== dtype)) return false;
      first.set(value, region);
    }
    return true;
  }

  #regionOf(place: Place, out: Place): Region {
    const { value, dtype } = place;
    const access = accessOf(place, out);
    const layout = access === "repeating"
      ? expandLayout(place.layout, out.layout.shape)
      : place.layout;
    const strides = access === "repeating" ? layout.strides.join() : access;
    const key = `${value.id} ${layout.offset} ${strides}`;
    let region = this.#regions.get(key);
    if (!region) {
      region = { value, dtype, layout, access, variable: undefined };
      this.#regions.set(key, region);
      if (access === "repeating") this.#repeating.push(region);
    }
    return region;
  }

  // The dims that operands repeat along; false if quads would cross them.
  #merge(): boolean {
    if (this.#repeating.length === 0) return true;
    if (this.#repeating.length > MAX_REPEATING) return false;
    const { shape } = this.#nodes[0]!.out.layout;
    const isOneShape = this.#nodes.every(({ out }) =>
      String(out.layout.shape) === String(shape)
    );
    if (!isOneShape) return false;
    const layouts = this.#repeating.map(({ layout }) => layout);
    this.#merged = mergeDims([...layouts, rowMajor(shape)]);
    const inner = this.#merged.shape.length - 1;
    if (
      inner < 0 || inner >= MAX_DIMS || this.#merged.shape[inner]! % 4 !== 0
    ) {
      return false;
    }
    return this.#repeating.every(({ layout: { offset } }, i) => {
      const strides = this.#merged.strides[i]!;
      return strides[inner] === 0 ||
        strides[inner] === 1 && offset % 4 === 0 &&
          strides.every((stride, dim) => dim === inner || stride % 4 === 0);
    });
  }

  write(adapter: AdapterClass): Fused | undefined {
    for (const node of this.#nodes) this.#apply(node);
    for (const [value, region] of this.#written) {
      if (this.#stored.has(value)) this.#store(region);
    }
    const values = [...this.#bindings.keys()];
    const { maxStorageBuffersPerShaderStage } = gpu().device.limits;
    if (
      values.length > maxStorageBuffersPerShaderStage ||
      this.#offsets.length > MAX_OFFSETS || this.#scalars.length > MAX_SCALARS
    ) return undefined;
    const repeats = this.#repeating.length > 0;
    const run = RUNS[adapter][repeats ? 1 : 0];
    const quads = Math.ceil(this.#size / 4);
    const plan = {
      name: nameOf(this.#nodes),
      source,
      consts: { RUN: run, ROWS: repeats },
      header: this.#header(values),
      params: this.#params(),
      groups: foldGroups(Math.ceil(quads / (GROUP * run))),
    };
    const buffers = values.map(() => NO_BUFFER);
    return { plan, pipeline: pipelineOf({ ...plan, buffers }), values };
  }

  #apply({ rule, operands, out }: MapNode): void {
    const args = operands.map((operand) => {
      const held = typeof operand === "object"
        ? this.#read(this.#regionOf(operand, out))
        : this.#scalar(bitsOf(operand, rule.compute), rule.compute);
      return `vec4<${rule.compute}>(${held})`;
    });
    const text = declareRule("RULE", rule, operands.length, out.dtype);
    let name = this.#rules.get(text);
    if (!name) this.#rules.set(text, name = `rule_${this.#rules.size}`);
    const lets = args.map((arg, i) => `let ${"abc"[i]} = ${arg};`).join(" ");
    const calls = [...LANES].map((lane) =>
      `${name}(${args.map((_, i) => `${"abc"[i]}.${lane}`).join(", ")})`
    );
    const type = computeType(out.dtype);
    const made = `vec4<${type}>(${calls.join(", ")})`;
    const variable = this.#variable();
    this.#lines.push(
      `var ${variable}: vec4<${type}>;`,
      `{ ${lets} ${variable} = ${held(made, out.dtype)}; }`,
    );
    const region = this.#regionOf(out, out);
    region.variable = variable;
    this.#written.set(region.value, region);
  }

  #read(region: Region): string {
    if (region.variable) return region.variable;
    const { value, dtype, access, layout } = region;
    const name = this.#bind(value, dtype);
    let loaded: string;
    if (access === "repeating") {
      const at = this.#repeating.indexOf(region);
      const inner = this.#merged.strides[at]!.at(-1);
      const lane = `at.${LANES[at]}`;
      loaded = inner === 1
        ? `${name}_quad(${lane} / 4u)`
        : `${name}_one(${lane})`;
    } else if (access === "element") {
      loaded = `${name}_one(${this.#offset(layout.offset)})`;
    } else loaded = `${name}_quad(q + ${this.#offset(layout.offset / 4)})`;
    const variable = this.#variable();
    this.#lines.push(
      `let ${variable} = vec4<${computeType(dtype)}>(${loaded});`,
    );
    return region.variable = variable;
  }

  #store({ value, dtype, layout, variable }: Region): void {
    const { quad, packed } = WORDS[dtype];
    const word = packed ? `pack4xU8(${variable})` : `${quad}(${variable})`;
    const at = `q + ${this.#offset(layout.offset / 4)}`;
    this.#lines.push(`${this.#bind(value, dtype)}[${at}] = ${word};`);
  }

  #bind(value: Value, dtype: DType): string {
    this.#bindings.set(value, dtype);
    return `b${[...this.#bindings.keys()].indexOf(value)}`;
  }

  #variable(): string {
    return `v${this.#variables++}`;
  }

  #offset(value: number): string {
    let at = this.#offsets.indexOf(value);
    if (at < 0) at = this.#offsets.push(value) - 1;
    return `params.offsets[${at >> 2}].${LANES[at & 3]}`;
  }

  #scalar(bits: number, type: string): string {
    const at = this.#scalars.push(bits) - 1;
    return `bitcast<${type}>(params.scalars[${at >> 2}].${LANES[at & 3]})`;
  }

  #header(values: readonly Value[]): string {
    const rules = [...this.#rules].map(([text, name]) =>
      text.replace("RULE", name)
    );
    const bindings = values.map((value, i) => {
      const isStored = this.#written.has(value) && this.#stored.has(value);
      return declareBinding(i, this.#bindings.get(value)!, isStored);
    });
    return [
      libraryFor(rules.join("\n")),
      ...bindings,
      `@group(0) @binding(${values.length}) var<uniform> params: Params;`,
      ...rules,
      "fn fuse(q: u32, at: vec4u) {",
      ...this.#lines,
      "}\n",
    ].join("\n");
  }

  #params(): number[] {
    const { shape, strides } = this.#merged;
    const words = [this.#size, shape.length, 0, 0];
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

// Bindings count buffers; which ones they are is the program's to say.
const NO_BUFFER = {
  get buffer(): never {
    throw new Error("A fused kernel's plan has no buffers");
  },
};

function accessOf({ layout }: Place, out: Place): Access {
  const size = sizeOf(layout.shape);
  if (size === 1) return "element";
  const isAlike = size === sizeOf(out.layout.shape) && isRowMajor(layout) &&
    layout.offset % 4 === 0;
  return isAlike ? "quads" : "repeating";
}

function declareBinding(i: number, dtype: DType, isStored: boolean): string {
  const { quad, packed } = WORDS[dtype];
  const type = computeType(dtype);
  const quadAt = packed ? `unpack4xU8(b${i}[q])` : `vec4<${type}>(b${i}[q])`;
  const oneAt = packed
    ? `(b${i}[i / 4u] >> (8u * (i % 4u))) & 0xffu`
    : `${type}(b${i}[i / 4u][i % 4u])`;
  return `@group(0) @binding(${i}) ` +
    `var<storage, ${isStored ? "read_write" : "read"}> b${i}: array<${quad}>;
fn b${i}_quad(q: u32) -> vec4<${type}> { return ${quadAt}; }
fn b${i}_one(i: u32) -> ${type} { return ${oneAt}; }`;
}

// As the next map would have loaded it from memory.
function held(made: string, dtype: DType): string {
  if (dtype === "float16") return `vec4f(vec4<f16>(seal(${made})))`;
  return dtype === "float32" ? `seal(${made})` : made;
}

function nameOf(nodes: readonly MapNode[]): string {
  const names = nodes.map(({ rule }) => rule.name);
  const shown = names.slice(0, 4).join("+");
  return names.length > 4 ? `${shown}+${names.length - 4} more` : shown;
}
