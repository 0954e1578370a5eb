/**
 * The body of a hook: maps inside the function with which another kernel loads
 * or stores its elements. Operands of the maps get further bindings.
 *
 * @module
 */

import { gpu } from "../gpu/device.ts";
import { bindingOf } from "../gpu/pipelines.ts";
import type { Hook } from "../gpu/plan.ts";
import type { ComputeType } from "../ops/words.ts";
import type { DType } from "../tensor/dtype.ts";
import {
  type Chain,
  declareQuads,
  type Region,
  type Surroundings,
} from "./chain.ts";
import type { Dispatch, Kernel, Value } from "./trace.ts";

import sealLib from "../../shaders/lib/seal.wgsl" with { type: "text" };

/** Builder of the new WGSL text of a hook. */
export class HookBody implements Surroundings {
  readonly lanes: 1 | 4;
  readonly #kernel: Dispatch;
  readonly #kind: "load" | "put";
  readonly #hook: Hook;
  readonly #uniformAt: number;
  readonly #values: Value[];
  readonly #defined = new Map<Region, string>();
  readonly #names = new Map<Value, string>();
  readonly #declarations: string[] = [];
  #unused: number | undefined;

  /** Begins the body of one hook of `kernel`. */
  constructor(kernel: Dispatch, kind: "load" | "put") {
    const { plan, values } = kernel;
    this.#kernel = kernel;
    this.#kind = kind;
    this.#hook = plan.hooks![kind]!;
    this.lanes = this.#hook.lanes;
    this.#values = [...values];
    this.#uniformAt = plan.uniformAt ?? values.length;
  }

  /** Frees a binding of the kernel for the next operand. */
  free(at: number): void {
    this.#unused = at;
  }

  /** Binds another value at a binding of the kernel. */
  replace(at: number, value: Value): void {
    this.#values[at] = value;
  }

  /** Defines the region's elements as the expression `wgsl`, without a load. */
  define(region: Region, wgsl: string): void {
    this.#defined.set(region, wgsl);
  }

  load(region: Region): string {
    const defined = this.#defined.get(region);
    if (defined !== undefined) return defined;
    const { value, dtype, addressing, layout: { offset } } = region;
    const name = this.#operand(value, dtype);
    if (addressing === "element") return `${name}_one(${offset}u)`;
    return this.lanes === 4
      ? `${name}_quad(i + ${offset / 4}u)`
      : `${name}_one(i + ${offset}u)`;
  }

  scalar(bits: number, type: ComputeType): string {
    return `bitcast<${type}>(hide(${bits}u))`;
  }

  #operand(value: Value, dtype: DType): string {
    let name = this.#names.get(value);
    if (name === undefined) {
      const at = this.#addBinding(value);
      name = `${this.#kind}_b${at}`;
      const binding = bindingOf(at, this.#uniformAt);
      this.#declarations.push(declareQuads(name, binding, dtype, false));
      this.#names.set(value, name);
    }
    return name;
  }

  /**
   * Adds a binding for f32 results, `lanes` at a time, and returns its name.
   */
  output(value: Value): string {
    const at = this.#addBinding(value);
    const name = `${this.#kind}_b${at}`;
    const type = this.lanes === 4 ? "vec4f" : "f32";
    this.#declarations.push(
      `@group(0) @binding(${bindingOf(at, this.#uniformAt)}) ` +
        `var<storage, read_write> ${name}: array<${type}>;`,
    );
    return name;
  }

  #addBinding(value: Value): number {
    const at = this.#unused ?? this.#values.length;
    this.#unused = undefined;
    this.#values[at] = value;
    return at;
  }

  /**
   * Returns the kernel with this body, or undefined if it binds too many
   * buffers.
   */
  kernel(
    name: string,
    chain: Chain,
    signature: string,
    end: string,
  ): Kernel | undefined {
    const { maxStorageBuffersPerShaderStage } = gpu().device.limits;
    const hasRoom = this.#values.length <= maxStorageBuffersPerShaderStage;
    if (this.#unused !== undefined || !hasRoom) return undefined;
    const { plan } = this.#kernel;
    const { hooks, header = "", ...rest } = plan;
    const { declaration, zero } = this.#hook;
    const text = [
      ...this.#declarations,
      chain.functions,
      "fn hide(bits: u32) -> u32 { var hidden = bits; return hidden; }",
      `${signature} {`,
      ...chain.lines,
      end,
      "}\n",
    ].join("\n");
    const sealed = header.includes(sealLib)
      ? header
      : `${header}\nfn zero() -> u32 { return ${zero}; }\n${sealLib}`;
    return {
      plan: {
        ...rest,
        name,
        header: sealed.replace(declaration, () => this.#prefixed(text)),
        uniformAt: this.#uniformAt,
        hooks: { ...hooks, [this.#kind]: undefined },
      },
      values: this.#values,
    };
  }

  // Prefixes functions, as the kernel may have others of the same names.
  #prefixed(text: string): string {
    let result = text;
    for (const [, name] of text.matchAll(/^fn (\w+)/gm)) {
      const isOwn = name === "put" || name!.startsWith("load_") ||
        name!.startsWith("put_");
      if (isOwn) continue;
      const word = new RegExp(`\\b${name}\\b`, "g");
      result = result.replaceAll(word, `${this.#kind}_${name}`);
    }
    return result;
  }
}
