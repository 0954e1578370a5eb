/**
 * Chains: maps that run one after the other on the same elements, as the body
 * of a WGSL function. Each map is computed from variables; where those come
 * from, and where results go, is the kernel's to say.
 *
 * @module
 */

import { bitsOf } from "../ops/map.ts";
import { declareRule, libraryFor } from "../ops/map_header.ts";
import { type ComputeType, computeType, WORDS } from "../ops/words.ts";
import type { DType } from "../tensor/dtype.ts";
import { expandLayout, isRowMajor, type Layout } from "../tensor/layout.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { MapNode, Place, Value } from "./trace.ts";

/**
 * How elements are read or written: one after the other as the results lie, all
 * from a single element, or with strides of their own.
 */
export type Access = "alike" | "element" | "repeating";

/** A part of a value that maps read or write, the same for every use. */
export interface Region {
  readonly value: Value;
  readonly dtype: DType;
  readonly layout: Layout;
  readonly access: Access;
}

/** Every region of some maps. */
export class Regions {
  readonly #nodes: readonly MapNode[];
  readonly #byKey = new Map<string, Region>();

  constructor(nodes: readonly MapNode[]) {
    this.#nodes = nodes;
    for (const { operands, out } of nodes) {
      for (const operand of operands) {
        if (typeof operand === "object") this.of(operand, out);
      }
      this.of(out, out);
    }
  }

  /** All of them, in the order of their first use. */
  get all(): Region[] {
    return [...this.#byKey.values()];
  }

  /** The region of an operand of a map whose result is `out`. */
  of(place: Place, out: Place): Region {
    const { value, dtype } = place;
    const access = accessOf(place, out);
    const layout = access === "repeating"
      ? expandLayout(place.layout, out.layout.shape)
      : place.layout;
    const strides = access === "repeating" ? layout.strides.join() : access;
    const key = `${value.id} ${layout.offset} ${strides}`;
    let region = this.#byKey.get(key);
    if (!region) {
      region = { value, dtype, layout, access };
      this.#byKey.set(key, region);
    }
    return region;
  }

  /**
   * Whether no value is met in two ways, one of them a write, or in two types:
   * what one map writes is what another reads, element by element.
   */
  get areApart(): boolean {
    const written = new Set(this.#nodes.map(({ out }) => out.value));
    const first = new Map<Value, Region>();
    for (const region of this.#byKey.values()) {
      const { value, dtype } = region;
      const other = first.get(value);
      if (other && (written.has(value) || other.dtype !== dtype)) return false;
      first.set(value, region);
    }
    return true;
  }
}

function accessOf({ layout }: Place, out: Place): Access {
  const size = sizeOf(layout.shape);
  const isAlike = size === sizeOf(out.layout.shape) && isRowMajor(layout) &&
    layout.offset % 4 === 0;
  return isAlike ? "alike" : size === 1 ? "element" : "repeating";
}

/** What a kernel gives to the chains in it. */
export interface Surroundings {
  /** Elements that are computed side by side. */
  readonly lanes: 1 | 4;
  /** WGSL of the elements of a region, before any map has changed them. */
  load(region: Region): string;
  /** WGSL of a number, given by the bits that it has in `type`. */
  scalar(bits: number, type: ComputeType): string;
}

/** The body of a function that applies maps. Ask `fits` of the kernel first. */
export class Chain {
  /** Statements, in order. */
  readonly lines: string[] = [];
  readonly #regions: Regions;
  readonly #around: Surroundings;
  readonly #variables = new Map<Region, string>();
  readonly #rules = new Map<string, string>();

  /** Makes the statements of `nodes`, in order. */
  constructor(
    nodes: readonly MapNode[],
    regions: Regions,
    around: Surroundings,
  ) {
    this.#regions = regions;
    this.#around = around;
    for (const node of nodes) this.#apply(node);
  }

  /** The functions that the statements call. */
  get functions(): string {
    const rules = [...this.#rules].map(([text, name]) =>
      text.replace("RULE", name)
    ).join("\n");
    return `${libraryFor(rules)}\n${rules}`;
  }

  /** The variable that holds a region at the end. */
  variableOf(region: Region): string {
    let variable = this.#variables.get(region);
    if (variable === undefined) {
      const type = this.#vector(computeType(region.dtype));
      variable = `v${this.#variables.size}_${this.lines.length}`;
      this.lines.push(
        `let ${variable} = ${type}(${this.#around.load(region)});`,
      );
      this.#variables.set(region, variable);
    }
    return variable;
  }

  #vector(type: ComputeType): string {
    return this.#around.lanes === 4 ? `vec4<${type}>` : type;
  }

  #apply({ rule, operands, out }: MapNode): void {
    const args = operands.map((operand) => {
      const held = typeof operand === "object"
        ? this.variableOf(this.#regions.of(operand, out))
        : this.#around.scalar(bitsOf(operand, rule.compute), rule.compute);
      return `${this.#vector(rule.compute)}(${held})`;
    });
    const text = declareRule("RULE", rule, operands.length, out.dtype);
    let name = this.#rules.get(text);
    if (!name) this.#rules.set(text, name = `rule_${this.#rules.size}`);
    const names = args.map((_, i) => "abc"[i]!);
    const lets = args.map((arg, i) => `let ${names[i]} = ${arg};`).join(" ");
    const type = this.#vector(computeType(out.dtype));
    const calls = this.#around.lanes === 4
      ? ["x", "y", "z", "w"].map((lane) =>
        `${name}(${names.map((each) => `${each}.${lane}`).join(", ")})`
      ).join(", ")
      : `${name}(${names.join(", ")})`;
    const variable = `v${this.#variables.size}_${this.lines.length}`;
    const made = this.#held(`${type}(${calls})`, out.dtype);
    this.lines.push(
      `var ${variable}: ${type};`,
      `{ ${lets} ${variable} = ${made}; }`,
    );
    this.#variables.set(this.#regions.of(out, out), variable);
  }

  // As the next map would have loaded it from memory. NOTE [seal] in
  // shaders/lib/seal.wgsl.
  #held(made: string, dtype: DType): string {
    if (dtype !== "float16" && dtype !== "float32") return made;
    const wide = this.#around.lanes === 4;
    const sealed = `${wide ? "seal4" : "seal"}(${made})`;
    if (dtype === "float32") return sealed;
    // Mesa 25 takes the way to float16 and back for nothing, unless something is
    // done in between: the factor is 1, which it does not know.
    const one = "f16(1u + zero())";
    return wide
      ? `vec4f(vec4<f16>(${sealed}) * ${one})`
      : `f32(f16(${sealed}) * ${one})`;
  }
}

/** A binding `NAME` of quads, with NAME_quad(q) and NAME_one(i) to read it. */
export function declareQuads(
  name: string,
  binding: number,
  dtype: DType,
  isWritten: boolean,
): string {
  const { quad, packed } = WORDS[dtype];
  const type = computeType(dtype);
  const quadAt = packed
    ? `unpack4xU8(${name}[q])`
    : `vec4<${type}>(${name}[q])`;
  const oneAt = packed
    ? `(${name}[i / 4u] >> (8u * (i % 4u))) & 0xffu`
    : `${type}(${name}[i / 4u][i % 4u])`;
  return `@group(0) @binding(${binding}) ` +
    `var<storage, ${isWritten ? "read_write" : "read"}> ` +
    `${name}: array<${quad}>;
fn ${name}_quad(q: u32) -> vec4<${type}> { return ${quadAt}; }
fn ${name}_one(i: u32) -> ${type} { return ${oneAt}; }`;
}

/** The names of maps, as profiles show their kernel. */
export function nameOf(nodes: readonly MapNode[]): string {
  const names = nodes.map(({ rule }) => rule.name);
  const shown = names.slice(0, 4).join("+");
  return names.length > 4 ? `${shown}+${names.length - 4} more` : shown;
}
