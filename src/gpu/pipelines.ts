/**
 * Pipelines: compiled kernels, made once for each source and header.
 *
 * Sizes that vary from call to call are uniforms and never enter a source, so the
 * number of pipelines does not depend on a program's shapes.
 *
 * @module
 */

import { gpu } from "./device.ts";
import type { Plan } from "./plan.ts";

/** A compiled kernel. */
export interface Pipeline {
  readonly gpu: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly id: number;
  /** Name of the kernel in profiles. */
  readonly name: string;
  /** The binding of the uniform; buffers from that index on follow it. */
  readonly uniformAt: number;
  /** Whether the kernel writes to each buffer. */
  readonly writes: readonly boolean[];
}

const bySource = new Map<string, Map<string, Pipeline>>();
let made = 0;

/** Returns the number of pipelines compiled since the process began. */
export function pipelineCount(): number {
  return made;
}

/** Yields the WGSL of each pipeline compiled since the process began. */
export function* compiledTexts(): Iterable<string> {
  for (const [source, variants] of bySource) {
    for (const header of variants.keys()) yield `${header}\n${source}`;
  }
}

/** Returns true if a compiled pipeline's WGSL ends with a kernel's text. */
export function isCompiled(text: string): boolean {
  return bySource.keys().some((source) => source.endsWith(text));
}

/** Returns the lines before a kernel's text. */
export function headerOf(plan: Pick<Plan, "consts" | "header">): string {
  let text = "";
  for (const [name, value] of Object.entries(plan.consts ?? {})) {
    text += typeof value === "number"
      ? `const ${name}: u32 = ${value}u;\n`
      : `const ${name}: bool = ${value};\n`;
  }
  const header = plan.header ?? "";
  // WGSL requires `enable` before every declaration
  return header.includes("f16")
    ? `enable f16;\n${text}${header}`
    : text + header;
}

/** Returns the pipeline for a plan; the first call compiles it. */
export function pipelineOf(plan: Plan): Pipeline {
  let variants = bySource.get(plan.source);
  if (!variants) bySource.set(plan.source, variants = new Map());
  const { consts, header = "" } = plan;
  const key = consts ? headerOf(plan) : header;
  let pipeline = variants.get(key);
  if (!pipeline) {
    pipeline = compile(plan, `${headerOf(plan)}\n${plan.source}`);
    variants.set(key, pipeline);
  }
  return pipeline;
}

function compile(plan: Plan, code: string): Pipeline {
  const { device } = gpu();
  const uniformAt = plan.uniformAt ?? plan.buffers.length;
  const bindings = plan.buffers.map((_, i) => bindingOf(i, uniformAt));
  const writes = bindings.map((binding) => isWritten(code, binding));
  const layout = device.createBindGroupLayout({
    label: plan.name,
    entries: [
      ...writes.map((writes, i): GPUBindGroupLayoutEntry => ({
        binding: bindings[i]!,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: writes ? "storage" : "read-only-storage" },
      })),
      {
        binding: uniformAt,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: "uniform", hasDynamicOffset: true },
      },
    ],
  });
  made++;
  return {
    gpu: device.createComputePipeline({
      label: plan.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: {
        module: device.createShaderModule({ label: plan.name, code }),
        entryPoint: "main",
      },
    }),
    layout,
    id: made,
    name: plan.name,
    uniformAt,
    writes,
  };
}

/** Returns the binding of a plan's `i`th buffer. */
export function bindingOf(i: number, uniformAt: number): number {
  return i < uniformAt ? i : i + 1;
}

// Dynamic offsets need an explicit layout, with the access modes that the kernel
// declares.
function isWritten(code: string, binding: number): boolean {
  const declared = new RegExp(
    `@binding\\(${binding}\\)\\s*var<storage,\\s*read_write>`,
  );
  return declared.test(code);
}
