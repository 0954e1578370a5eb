/**
 * Update rules: the step of an optimizer for one element, as data, and its plan
 * for a run of flat parameters.
 *
 * Rules are WGSL statements on vectors of four f32: `p` (the parameter), `g`
 * (its gradient, with sign and weight decay applied), the rule's states and its
 * scalars by name. States are f32 for every dtype of the parameter.
 *
 * @module
 */

import { loop } from "../gpu/loops.ts";
import { pack } from "../gpu/params.ts";
import { type Bindable, f32Bits, foldGroups, type Plan } from "../gpu/plan.ts";
import type { DType } from "../tensor/dtype.ts";

import source from "../../shaders/optim/update.wgsl" with { type: "text" };

/** The step of an optimizer for one element. */
export interface Rule {
  /** The optimizer's name, for messages and profiles. */
  readonly name: string;
  /** Names of the states: values that are kept for each element. */
  readonly states: readonly string[];
  /** Names of the numbers that each step passes. */
  readonly scalars: readonly string[];
  /** WGSL statements that change `p` and the states. */
  readonly wgsl: string;
}

/** The numbers of a rule, one for each of its scalars. */
export type Scalars = Readonly<Record<string, number>>;

/** Scalars of every rule: g = ascent * gradient + decay * p. */
const COMMON = ["ascent", "decay"] as const;

const GROUP = 64;
const QUADS = 4;
const headers = new WeakMap<Rule, Map<DType, string>>();

/** A run of quads (four neighbouring elements) in flat buffers. */
export interface Run {
  readonly firstQuad: number;
  readonly quads: number;
}

/** The buffers that a step reads and writes. */
export interface FlatBuffers {
  readonly dtype: DType;
  readonly gradients: Bindable;
  readonly values: Bindable;
  /** The states, in the order of the rule. */
  readonly states: readonly Bindable[];
}

/** Where `scalars` begins among the words of `Params` in update.wgsl. */
const SCALARS_AT = 4;

/**
 * Returns the plan of a step on a run; `scalars` returns the current numbers.
 */
export function planUpdate(
  rule: Rule,
  { firstQuad, quads }: Run,
  { dtype, gradients, values, states }: FlatBuffers,
  scalars: () => Scalars,
): Plan {
  const numbers = (): number[] => {
    const named = scalars();
    return [...COMMON, ...rule.scalars].map((name) => named[name]!);
  };
  return {
    name: rule.name,
    source,
    header: headerOf(rule, dtype),
    buffers: [gradients, values, ...states],
    params: pack(source, { first: firstQuad, quads, scalars: numbers() }),
    live: { at: SCALARS_AT, words: () => numbers().map(f32Bits) },
    groups: foldGroups(Math.ceil(quads / (GROUP * QUADS))),
    loops: loop(QUADS).passes,
  };
}

function headerOf(rule: Rule, dtype: DType): string {
  let byType = headers.get(rule);
  if (!byType) headers.set(rule, byType = new Map());
  let header = byType.get(dtype);
  if (!header) byType.set(dtype, header = makeHeader(rule, dtype));
  return header;
}

function makeHeader({ states, scalars, wgsl }: Rule, dtype: DType): string {
  const quad = dtype === "float16" ? "vec4<f16>" : "vec4f";
  const bind = (name: string, at: number, mode: string, type: string): string =>
    `@group(0) @binding(${at}) var<storage, ${mode}> ${name}_quads: ` +
    `array<${type}>;`;
  return [
    `alias P4 = ${quad};`,
    bind("g", 0, "read", "P4"),
    bind("p", 1, "read_write", "P4"),
    ...states.map((name, i) => bind(name, i + 2, "read_write", "vec4f")),
    `@group(0) @binding(${states.length + 2}) var<uniform> params: Params;`,
    "fn update(q: u32) {",
    ...[...COMMON, ...scalars].map((name, i) =>
      `let ${name} = params.scalars[${Math.floor(i / 4)}].${"xyzw"[i % 4]};`
    ),
    "var p = vec4f(p_quads[q]);",
    "var g = ascent * vec4f(g_quads[q]) + decay * p;",
    ...states.map((name) => `var ${name} = ${name}_quads[q];`),
    wgsl,
    "p_quads[q] = P4(p);",
    ...states.map((name) => `${name}_quads[q] = ${name};`),
    "}\n",
  ].join("\n");
}
