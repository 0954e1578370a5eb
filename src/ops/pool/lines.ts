/**
 * Plans and WGSL headers of the pooling kernels by lines. These go along rows,
 * four outputs at a time, and the compiler knows a window's taps along a row.
 *
 * @module
 */

import { adapterClass } from "../../gpu/device.ts";
import { type Loop, loop, mostIterations, passesOf } from "../../gpu/loops.ts";
import { foldGroups, MAX_LOOPS, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mostOver, windowConsts, type Windows } from "./windows.ts";
import { putHook } from "../kernel_hooks.ts";
import { declareInput } from "../words.ts";

import linesLib from "../../../shaders/lib/window_lines.wgsl" with {
  type: "text",
};
import windowsLib from "../../../shaders/lib/windows.wgsl" with {
  type: "text",
};

/** Largest kernel and stride along a row for which lines are faster. */
const MOST = { kernel: 8, stride: 4 };
/** Fewest outputs of a row: with fewer, most of a quad would be wasted. */
const LEAST = 3;
const GROUP = 64;
/** Lanes that share a row on a CPU adapter. */
const SPREAD = 4;

function suits({ w, adaptive }: Windows): boolean {
  return !adaptive && w.dilation === 1 && w.kernel <= MOST.kernel &&
    w.stride <= MOST.stride && w.out >= LEAST;
}

/** Whether the kernels by lines can pool windows. */
export function goesByLines(windows: Windows): boolean {
  return suits(windows) &&
    [true, false].every((wide) =>
      isShort(forwardLoops(windows, columnsOf(windows, wide)))
    );
}

/** Whether the kernels by lines can take the gradients of windows. */
export function goesBackByLines(windows: Windows): boolean {
  // if strides divide 4, every quad of a row lies under its windows alike
  return suits(windows) && 4 % windows.w.stride === 0 &&
    isShort(backwardLoops(windows));
}

// Whether an invocation can compute a quad.
function isShort(quad: readonly Loop[]): boolean {
  return passesOf(loop(1, ...quad)) <= MAX_LOOPS;
}

/** Columns that a lane loads for four windows, `WIDTH` at a time. */
interface Columns {
  readonly LEAD: number;
  readonly COLUMNS: number;
  readonly WIDTH: 1 | 4;
}

function columnsOf({ w }: Windows, wide: boolean): Columns {
  const lead = wide ? (4 - w.pad % 4) % 4 : 0;
  const span = lead + 3 * w.stride + w.kernel;
  return {
    LEAD: lead,
    COLUMNS: wide ? 4 * Math.ceil(span / 4) : span,
    WIDTH: wide ? 4 : 1,
  };
}

// Returns the loops of a quad: for each row of a window, the loads of a line and
// its taps; then four stores.
function forwardLoops(
  { h, w }: Windows,
  { COLUMNS, WIDTH }: Columns,
): Loop[] {
  const line = loop(COLUMNS / WIDTH, loop(WIDTH));
  return [loop(h.kernel, line, loop(w.kernel)), loop(4)];
}

// Returns the loops of a quad of the gradient: for each row of windows over a row,
// the windows over the quad; then four stores.
function backwardLoops({ h, w }: Windows): Loop[] {
  const { first, last } = windowsOverQuad(w);
  return [loop(mostOver(h, false), loop(last - first + 1)), loop(4)];
}

// Element i is in windows ceil((i + pad - kernel + 1) / stride) to
// floor((i + pad) / stride): the first and the last of quad 0.
function windowsOverQuad(
  { kernel, stride, pad }: Windows["w"],
): { readonly first: number; readonly last: number } {
  return {
    first: Math.ceil((pad - kernel + 1) / stride),
    last: Math.floor((3 + pad) / stride),
  };
}

/** Fields that plans of these kernels share. */
interface LinePlan {
  readonly consts: NonNullable<Plan["consts"]>;
  readonly groups: Plan["groups"];
  readonly header: string;
  readonly sizes: { readonly size: number; readonly quads: number };
  readonly loops: number;
}

function linePlan(
  windows: Windows,
  { rows, size, name, quadLoops }: {
    readonly rows: number;
    readonly size: number;
    readonly name: string;
    /** Loops of a quad. */
    readonly quadLoops: readonly Loop[];
  },
): LinePlan {
  const quads = Math.ceil(size / 4);
  // as many lanes as quads, so that neighbours take neighbouring quads; on a CPU
  // adapter fewer, so that the setup of a row serves several quads
  const most = adapterClass() === "cpu" ? SPREAD : GROUP;
  // more lanes if a row is too long for these
  const least = Math.ceil(quads / mostIterations(quadLoops));
  const spread = 2 ** Math.ceil(
    Math.log2(Math.max(Math.min(most, quads), least)),
  );
  const wide = size % 4 === 0;
  const store = wide
    ? "put(at / 4u, v);"
    : "for (var k = 0u; k < min(n, 4u); k++) { put(at + k, v[k]); }";
  return {
    consts: { ...windowConsts(windows), SPREAD: spread },
    header: `fn store_${name}(at: u32, n: u32, v: vec4f) { ${store} }\n`,
    sizes: { size: rows, quads },
    groups: foldGroups(Math.ceil(rows * spread / GROUP)),
    loops: passesOf(loop(Math.ceil(quads / spread), ...quadLoops)),
  };
}

/** Returns the declaration of an output of f32 whose rows have `size` elements. */
export function declareLines(
  name: string,
  binding: number,
  size: number,
): string {
  return `@group(0) @binding(${binding}) var<storage, read_write> ${name}: ` +
    `array<${size % 4 === 0 ? "vec4f" : "f32"}>;\n`;
}

/** Returns the WGSL and hooks that write lines of `size` elements. */
export function putLines(
  buffers: Plan["buffers"],
  name: string,
  size: number,
): ReturnType<typeof putHook> {
  return putHook(buffers, size % 4 === 0 ? 4 : 1, "size", true, name);
}

/** Plans rows of outputs from `x`; `edge` is the value of padding. */
export function forwardLines(
  x: Tensor,
  windows: Windows,
  edge: string,
): LinePlan {
  const { planes, h, w } = windows;
  const wide = w.size % 4 === 0 && x.layout.offset % 4 === 0;
  const columns = columnsOf(windows, wide);
  const { header, consts, ...plan } = linePlan(windows, {
    rows: planes * h.out,
    size: w.out,
    name: "y",
    quadLoops: forwardLoops(windows, columns),
  });
  return {
    ...plan,
    consts: {
      ...consts,
      KW: w.kernel,
      SW: w.stride,
      ...columns,
    },
    header: `${windowsLib}${linesLib}alias T = f32;
${declareInput("x", 0, "float32", wide)}
fn edge() -> f32 { return ${edge}; }
${header}${declareLines("y", 1, w.out)}`,
  };
}

/** Plans rows of dx from the windows over them. */
export function backwardLines(windows: Windows): LinePlan {
  const { planes, h, w } = windows;
  const { kernel, stride, pad } = w;
  const { header, consts, ...plan } = linePlan(windows, {
    rows: planes * h.size,
    size: w.size,
    name: "dx",
    quadLoops: backwardLoops(windows),
  });
  const { first, last } = windowsOverQuad(w);
  return {
    ...plan,
    consts: {
      ...consts,
      KW: kernel,
      SW: stride,
      PAD: pad,
    },
    header: `const FIRST: i32 = ${first};\nconst LAST: i32 = ${last};
${windowsLib}${header}`,
  };
}
