/**
 * Plans of the kernels of max pooling. Forward finds the maxima and their taps,
 * backward adds gradients at the taps, and pick reads elements at the taps.
 * max.ts chooses the kernel.
 *
 * Codes are the taps, by window: uint8 or int32 of [planes * H', row]. A row is
 * whole quads if forward goes by lines.
 *
 * @module
 */

import { type Loop, loop, passesOf } from "../../gpu/loops.ts";
import { pack, type Params } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { putHook } from "../kernel_hooks.ts";
import {
  backwardLines,
  declareLines,
  forwardLines,
  putLines,
} from "./lines.ts";
import {
  mostOver,
  rowRanges,
  windowConsts,
  windowParams,
  type Windows,
} from "./windows.ts";
import { declareInput } from "../words.ts";

import floatLib from "../../../shaders/lib/float.wgsl" with { type: "text" };
import windowsLib from "../../../shaders/lib/windows.wgsl" with {
  type: "text",
};
import maxSource from "../../../shaders/pool/max.wgsl" with { type: "text" };
import maxGradSource from "../../../shaders/pool/max_grad.wgsl" with {
  type: "text",
};
import maxGradRowsSource from "../../../shaders/pool/max_grad_rows.wgsl" with {
  type: "text",
};
import max2x2Source from "../../../shaders/pool/max_2x2.wgsl" with {
  type: "text",
};
import max2x2GradSource from "../../../shaders/pool/max_2x2_grad.wgsl" with {
  type: "text",
};
import maxLinesSource from "../../../shaders/pool/max_lines.wgsl" with {
  type: "text",
};
import maxLinesGradSource from "../../../shaders/pool/max_lines_grad.wgsl" with {
  type: "text",
};
import pickSource from "../../../shaders/pool/pick.wgsl" with { type: "text" };

const GROUP = 64;

/** Kernel of the maxima. */
export type MaxPoolKernel = "2x2" | "lines" | "any";

/** Kernel of the gradients. */
export type MaxPoolGradKernel = MaxPoolKernel | "rows";

// Outputs of an invocation of max.wgsl.
const OUTPUTS = 4;

// Returns the loop of max.wgsl over a row of taps.
function tapLoop({ w }: Windows): Loop {
  return loop(w.kernel);
}

// Returns the loop of max_grad.wgsl over a row of windows over an element.
function windowLoop({ w, adaptive }: Windows): Loop {
  return loop(mostOver(w, adaptive));
}

/** Returns the passes of max_grad_rows.wgsl: zeros, then windows over a row. */
export function gradRowsLoops({ h, w, adaptive }: Windows): number {
  return passesOf(loop(w.size), loop(mostOver(h, adaptive), loop(w.out)));
}

/** Returns the passes of max.wgsl or max_grad.wgsl in one dispatch, if more. */
export function anyLoops(windows: Windows): number {
  const { h, adaptive } = windows;
  return Math.max(
    passesOf(loop(OUTPUTS, loop(h.kernel, tapLoop(windows)))),
    passesOf(loop(mostOver(h, adaptive), windowLoop(windows))),
  );
}

function params2x2({ planes, h, w }: Windows, offset: number): Params {
  return {
    pairs: planes * h.out * w.out / 2,
    rowPairs: w.out / 2,
    rows: h.out,
    odd: h.size % 2,
    offset: offset / 4,
  };
}

/** Returns `x` row-major, at an offset that is a multiple of four. */
export function aligned(x: Tensor): Tensor {
  const dense = x.contiguous();
  return dense.layout.offset % 4 === 0 ? dense : dense.clone();
}

/** Plans the maxima `y` and their codes from an `aligned` x. */
export function planMaxPool(
  kernel: MaxPoolKernel,
  { x, y, codes }: Readonly<Record<"x" | "y" | "codes", Tensor>>,
  windows: Windows,
): Plan | Plan[] {
  const { offset } = x.layout;
  const packed = codes.dtype === "uint8";
  const ofCodes = `alias C = ${packed ? "u32" : "vec4u"};
fn pack(v: vec4u) -> C { return ${packed ? "pack4xU8(v)" : "v"}; }
fn unpack(c: C) -> vec4u { return ${packed ? "unpack4xU8(c)" : "c"}; }
`;
  const buffers = [x.storage, y.storage, codes.storage];
  if (kernel === "2x2") {
    return {
      name: "max_pool_2x2",
      source: max2x2Source,
      header: floatLib,
      buffers,
      params: pack(max2x2Source, params2x2(windows, offset)),
      groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
      loops: 0,
    };
  }
  if (kernel === "lines") {
    const { consts, header, sizes, groups, loops } = forwardLines(
      x,
      windows,
      "-infinity()",
    );
    const put = putLines(buffers, "y", windows.w.out).header;
    return {
      name: "max_pool_lines",
      source: maxLinesSource,
      consts,
      header: floatLib + header + put + ofCodes +
        "@group(0) @binding(2) var<storage, read_write> codes: array<C>;\n" +
        "@group(0) @binding(3) var<uniform> params: Params;\n",
      buffers,
      params: windowParams(windows, { ...sizes, offset }),
      groups,
      loops,
    };
  }
  const ranges = rowRanges(windows.h.kernel, tapLoop(windows), OUTPUTS);
  return ranges.map((range) => ({
    name: "max_pool",
    source: maxSource,
    consts: windowConsts(windows),
    header: windowsLib + floatLib + ofCodes,
    buffers,
    params: windowParams(windows, { size: y.size, offset, range }),
    groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
    loops: passesOf(loop(OUTPUTS, range.loop)),
  }));
}

/** Plans `dx` from an `aligned` dy and the codes. */
export function planMaxPoolGrad(
  kernel: MaxPoolGradKernel,
  { dy, codes, dx }: Readonly<Record<"dy" | "codes" | "dx", Tensor>>,
  windows: Windows,
): Plan | Plan[] {
  const { offset } = dy.layout;
  const buffers = [dy.storage, codes.storage, dx.storage];
  if (kernel === "2x2") {
    return {
      name: "max_pool_2x2_grad",
      source: max2x2GradSource,
      ...putHook(buffers, 4, "pairs", true, "dx"),
      buffers,
      params: pack(max2x2GradSource, params2x2(windows, offset)),
      groups: foldGroups(Math.ceil(dy.size / 4 / GROUP)),
      loops: 0,
    };
  }
  if (kernel === "lines") {
    const { consts, sizes, groups, loops, ...lines } = backwardLines(windows);
    const put = putLines(buffers, "dx", windows.w.size);
    return {
      name: "max_pool_lines_grad",
      source: maxLinesGradSource,
      consts,
      ...put,
      header: lines.header + put.header + readCodes(codes, 1) +
        declareLines("dx", 2, windows.w.size) +
        "@group(0) @binding(3) var<uniform> params: Params;\n",
      buffers,
      params: windowParams(windows, {
        ...sizes,
        offset,
        codeRow: rowOf(codes),
      }),
      groups,
      loops,
    };
  }
  const others = {
    consts: windowConsts(windows),
    header: windowsLib + readCodes(codes, 1),
    buffers,
  };
  const codeRow = rowOf(codes);
  if (kernel === "rows") {
    const size = windows.planes * windows.h.size;
    return {
      ...others,
      name: "max_pool_grad_rows",
      source: maxGradRowsSource,
      params: windowParams(windows, { size, offset, codeRow }),
      groups: foldGroups(Math.ceil(size / GROUP)),
      loops: gradRowsLoops(windows),
    };
  }
  const { size } = dx;
  const ranges = rowRanges(
    mostOver(windows.h, windows.adaptive),
    windowLoop(windows),
  );
  return ranges.map((range) => ({
    ...others,
    name: "max_pool_grad",
    source: maxGradSource,
    params: windowParams(windows, { size, offset, codeRow, range }),
    groups: foldGroups(Math.ceil(size / GROUP)),
    loops: passesOf(range.loop),
  }));
}

/** Plans the values of `x` at the taps or, without x, their indices in a plane. */
export function planPick(
  { codes, x, out }: {
    readonly codes: Tensor;
    readonly x?: Tensor;
    readonly out: Tensor;
  },
  windows: Windows,
): Plan {
  const value = x
    ? `@group(0) @binding(1) var<storage, read> x: array<f32>;
alias V = f32;
fn value(at: u32, index: u32) -> V { return x[at]; }
`
    : "alias V = i32;\nfn value(at: u32, index: u32) -> V { return i32(index); }\n";
  return {
    name: x ? "max_pool_pick" : "max_pool_indices",
    source: pickSource,
    consts: windowConsts(windows),
    header: windowsLib + readCodes(codes, 0) + value,
    buffers: [codes, x ?? codes, out].map((tensor) => tensor.storage),
    params: windowParams(windows, {
      size: out.size,
      offset: x?.layout.offset ?? 0,
      codeRow: rowOf(codes),
    }),
    groups: foldGroups(Math.ceil(out.size / GROUP)),
    loops: 0,
  };
}

function rowOf(codes: Tensor): number {
  return codes.shape.at(-1)!; // codes have two dims
}

function readCodes(codes: Tensor, binding: number): string {
  return `alias T = u32;\n${
    declareInput("codes", binding, codes.dtype, false)
  }\n`;
}
