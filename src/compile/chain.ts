/**
 * Chains: maps (elementwise ops) that run one after the other on the same
 * elements, as the body of a WGSL function. The maps compute on variables; the
 * kernel around them loads operands and stores results.
 *
 * @module
 */

import { bitsOf } from "../ops/map/map.ts";
import { declareRule, libraryFor } from "../ops/map/header.ts";
import { type ComputeType, computeType, WORDS } from "../ops/words.ts";
import type { DType } from "../tensor/dtype.ts";
import { expandLayout, isRowMajor, type Layout } from "../tensor/layout.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { MapNode, Value, View } from "./trace.ts";

/**
 * How a kernel finds the element of a region: at the index of the result
 * (`alike`), always the same one (`element`), or by strides (`repeating`).
 */
export type Addressing = "alike" | "element" | "repeating";

/** A part of a value that maps read or write. Equal parts are one object. */
export interface Region {
  readonly value: Value;
  readonly dtype: DType;
  readonly layout: Layout;
  readonly addressing: Addressing;
}

/** The regions of a list of maps. */
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

  /** All regions, in the order of their first use. */
  get all(): Region[] {
    return [...this.#byKey.values()];
  }

  /** Returns the region of an operand of the map whose result is `out`. */
  of(view: View, out: View): Region {
    const { value, dtype } = view;
    const addressing = addressingOf(view, out);
    const layout = addressing === "repeating"
      ? expandLayout(view.layout, out.layout.shape)
      : view.layout;
    const strides = addressing === "repeating"
      ? layout.strides.join()
      : addressing;
    const key = `${value.id} ${layout.offset} ${strides}`;
    let region = this.#byKey.get(key);
    if (!region) {
      region = { value, dtype, layout, addressing };
      this.#byKey.set(key, region);
    }
    return region;
  }

  /**
   * Whether each value that is written has one region, and each value one type.
   * Then a map reads from a value exactly the element that another one wrote.
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

function addressingOf({ layout }: View, out: View): Addressing {
  const size = sizeOf(layout.shape);
  const isAlike = size === sizeOf(out.layout.shape) && isRowMajor(layout) &&
    layout.offset % 4 === 0;
  return isAlike ? "alike" : size === 1 ? "element" : "repeating";
}

/** The kernel around a chain: it loads operands and numbers. */
export interface Surroundings {
  /** Elements per variable: `vec4` or scalar. */
  readonly lanes: 1 | 4;
  /**
   * Returns WGSL that loads elements of a region, before any map changed them.
   */
  load(region: Region): string;
  /** Returns WGSL of the number that has these bits in `type`. */
  scalar(bits: number, type: ComputeType): string;
}

/** Body of a WGSL function that applies maps. */
export class Chain {
  /** Statements, in order. */
  readonly lines: string[] = [];
  readonly #regions: Regions;
  readonly #around: Surroundings;
  readonly #variables = new Map<Region, string>();
  readonly #rules = new Map<string, string>();

  /** Writes the statements of `nodes`, in order. */
  constructor(
    nodes: readonly MapNode[],
    regions: Regions,
    around: Surroundings,
  ) {
    this.#regions = regions;
    this.#around = around;
    for (const node of nodes) this.#apply(node);
  }

  /** WGSL of the functions that the statements call. */
  get functions(): string {
    const rules = [...this.#rules].map(([text, name]) =>
      text.replace("RULE", name)
    ).join("\n");
    return `${libraryFor(rules)}\n${rules}`;
  }

  /** Returns the variable that holds a region after all maps. */
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
      const loaded = typeof operand === "object"
        ? this.variableOf(this.#regions.of(operand, out))
        : this.#around.scalar(bitsOf(operand, rule.compute), rule.compute);
      return `${this.#vector(rule.compute)}(${loaded})`;
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
    const result = this.#rounded(`${type}(${calls})`, out.dtype);
    this.lines.push(
      `var ${variable}: ${type};`,
      `{ ${lets} ${variable} = ${result}; }`,
    );
    this.#variables.set(this.#regions.of(out, out), variable);
  }

  // Rounds a result as a store and a load between two kernels would: NOTE
  // [seal] in shaders/lib/seal.wgsl.
  #rounded(result: string, dtype: DType): string {
    if (dtype !== "float16" && dtype !== "float32") return result;
    const wide = this.#around.lanes === 4;
    const sealed = `${wide ? "seal4" : "seal"}(${result})`;
    if (dtype === "float32") return sealed;
    // Mesa 25 removes a conversion to float16 and back. A product in between
    // prevents that: the factor is 1, but the compiler cannot know.
    const one = "f16(1u + zero())";
    return wide
      ? `vec4f(vec4<f16>(${sealed}) * ${one})`
      : `f32(f16(${sealed}) * ${one})`;
  }
}

/**
 * Declares a binding `NAME` of vec4 quads, with NAME_quad(q) and NAME_one(i) to
 * read four elements or one.
 */
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

/** Returns the name of a kernel of these maps, as profiles show it. */
export function nameOf(nodes: readonly MapNode[]): string {
  const names = nodes.map(({ rule }) => rule.name);
  const shown = names.slice(0, 4).join("+");
  return names.length > 4 ? `${shown}+${names.length - 4} more` : shown;
}
