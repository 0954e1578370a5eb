/**
 * Transposing copies: neighbours in the result lie far apart in the source, and
 * the other way round. A map kernel would read a cache line for each element;
 * the kernel here transposes tiles in registers.
 *
 * @module
 */

import { type AdapterClass, adapterClass } from "../../gpu/device.ts";
import { loop, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import { type DType, isFloat } from "../../tensor/dtype.ts";
import { isRowMajor, mergeDims } from "../../tensor/layout.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { computeType, declareInput, WORDS } from "../words.ts";

import source from "../../../shaders/movement/transpose.wgsl" with {
  type: "text",
};

const GROUP = 64;
/** Most dims besides the transposed two that the kernel's uniform holds. */
const MAX_RANK = 8;
/** Tiles across a panel. */
const PANELS: Readonly<Record<AdapterClass, number>> = { cpu: 2, gpu: 8 };

/** Tiles along a panel, at most. */
const DEPTH = 64;

/** The two transposed dims, and the others. */
interface Turn {
  /** [size, stride in x, stride in y] of the dim that is dense in x. */
  readonly i: readonly [size: number, x: number, y: number];
  /** [size, stride in x] of the dim that is dense in y. */
  readonly j: readonly [size: number, x: number];
  readonly rest: readonly (readonly [size: number, x: number, y: number])[];
}

function turnOf(x: Tensor, y: Tensor): Turn | undefined {
  const { shape, strides } = mergeDims([x.layout, y.layout]);
  const dims = shape.map((size, dim) =>
    [size, strides[0]![dim]!, strides[1]![dim]!] as const
  );
  const inner = dims.pop();
  if (!inner || inner[1] <= 1 || inner[2] !== 1) return undefined;
  const near = dims
    .filter(([, stride]) => stride > 0 && stride < inner[1])
    .sort((a, b) => a[1] - b[1])[0];
  if (!near || dims.length - 1 > MAX_RANK) return undefined;
  const rest = dims.filter((dim) => dim !== near);
  return { i: near, j: [inner[0], inner[1]], rest };
}

function converts(from: DType, to: DType): boolean {
  return from === to || isFloat(to);
}

/**
 * Plans a transposing copy of `x` into `y`, a row-major tensor of the same shape.
 *
 * @returns `undefined` if a map kernel suits the layouts better
 */
export function planTransposed(x: Tensor, y: Tensor): Plan | undefined {
  if (x.size === 0 || !isRowMajor(y.layout) || !converts(x.dtype, y.dtype)) {
    return undefined;
  }
  const turn = turnOf(x, y);
  if (!turn) return undefined;
  const { i, j, rest } = turn;
  const [xOffset, yOffset] = [x.layout.offset, y.layout.offset];
  const wideLoads = i[1] === 1 && i[0] % 4 === 0 &&
    [xOffset, j[1], ...rest.map((dim) => dim[1])].every((n) => n % 4 === 0);
  // all strides of y except that of j are multiples of j's size
  const wideStores = j[0] % 4 === 0 && yOffset % 4 === 0;
  if (WORDS[y.dtype].packed && !wideStores) return undefined;
  const iTiles = Math.ceil(i[0] / 4);
  const panel = Math.min(
    PANELS[adapterClass()],
    2 ** Math.ceil(Math.log2(iTiles)),
  );
  const panels = Math.ceil(iTiles / panel);
  const jTiles = Math.ceil(j[0] / 4);
  const blocks = Math.ceil(jTiles / DEPTH);
  const depth = Math.ceil(jTiles / blocks);
  const count = rest.reduce(
    (n, [size]) => n * size,
    panel * depth * panels * blocks,
  );
  const sizes = Array.from(
    { length: MAX_RANK },
    (_, dim) => rest[dim]?.[0] ?? 1,
  );
  const strides = rest.flatMap(([, ofX, ofY]) => [ofX, ofY]);
  return {
    name: "transpose",
    source,
    consts: { PANEL: panel },
    header: headerOf(x.dtype, y.dtype, wideLoads, wideStores),
    buffers: [x.storage, y.storage],
    params: pack(source, {
      sizeI: i[0],
      sizeJ: j[0],
      depth,
      panels,
      count,
      rank: rest.length,
      xI: i[1],
      xJ: j[1],
      yI: i[2],
      xOffset,
      yOffset,
      blocks,
      shape: sizes,
      strides,
    }),
    groups: foldGroups(Math.ceil(count / GROUP)),
    loops: passesOf(
      loop(rest.length),
      // four stores of up to four elements
      ...(wideStores ? [] : [4, 4, 4, 4].map((count) => loop(count))),
    ),
  };
}

function headerOf(
  from: DType,
  to: DType,
  wideLoads: boolean,
  wideStores: boolean,
): string {
  const { word, quad, packed } = WORDS[to];
  const element = (k: number): string =>
    `load_x(at${k ? ` + min(${k}u, n - 1u) * params.x_i` : ""})`;
  const load = wideLoads
    ? "load_x(at / 4u)"
    : `vec4<T>(${[0, 1, 2, 3].map(element).join(", ")})`;
  const store = wideStores
    ? `y[at / 4u] = ${packed ? "pack4xU8(v)" : `${quad}(v)`};`
    : `for (var k = 0u; k < min(n, 4u); k++) { y[at + k] = ${word}(v[k]); }`;
  return `alias T = ${computeType(from)};
${declareInput("x", 0, from, wideLoads)}
@group(0) @binding(1) var<storage, read_write> y: array<${
    wideStores ? quad : word
  }>;
@group(0) @binding(2) var<uniform> params: Params;
fn load4(at: u32, n: u32) -> vec4<T> { return ${load}; }
fn store4(at: u32, n: u32, v: vec4<T>) { ${store} }
`;
}
