/**
 * Scans: cumulative sums and products along a dim.
 *
 * @module
 */

import { loop } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import { sumType } from "../../tensor/dtype.ts";
import { normalizeDim } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { axesOf } from "../launch/axes.ts";
import { defineOp, type Op, scratch } from "../define.ts";
import { mapTo } from "../elementwise/elementwise.ts";
import { type Extent, extentOf } from "../extent.ts";
import { type FoldName, foldText, planPass } from "./fold.ts";
import { flip } from "../movement/join.ts";
import { areLarge } from "../launch/launch.ts";
import { recurrence, shifted } from "./recurrence.ts";
import { inFloat32 } from "../map/wide.ts";
import { computeType, declareInput, holdingType, WORDS } from "../words.ts";

import source from "../../../shaders/reduce/scan.wgsl" with { type: "text" };

/** Most elements that one invocation scans. */
const RUN = 256;
const GROUP = 64;

// Plans three steps: a fold of each part, a scan of the folds, and a scan of each
// part from its start value.
function planScan(
  name: FoldName,
  x: Tensor,
  y: Tensor,
  extent: Extent,
): Plan[] {
  const { outer, length, inner } = extent;
  const parts = Math.max(1, Math.ceil(length / RUN));
  const run = Math.ceil(Math.ceil(length / parts) / 4) * 4;
  const type = computeType(x.dtype);
  const holding = holdingType(type);
  const carry = scratch([outer, parts, inner], holding);
  const plans: Plan[] = [];
  if (parts > 1) {
    const folds = scratch([outer, parts, inner], holding);
    plans.push(
      planPass(name, x, folds, extent, parts, run, 1),
      ...planScan(name, folds, carry, { outer, length: parts, inner }),
    );
  }
  plans.push({
    name: `scan_${name}`,
    source,
    header: foldText(name, type, false) +
      `alias Y = ${WORDS[y.dtype].word};\n` +
      declareInput("x", 0, x.dtype, false) + "\n",
    buffers: [x.storage, carry.storage, y.storage],
    params: pack(source, {
      outer,
      length,
      inner,
      parts,
      run,
      offset: x.layout.offset,
    }),
    groups: foldGroups(Math.ceil(outer * parts * inner / GROUP)),
    loops: loop(run).passes,
  });
  return plans;
}

/** Rows that continue a part from the last value of the part before. */
const JOINS = { cumsum: "add", cumprod: "mul" };

function scanOp(
  name: "cumsum" | "cumprod",
  fold: FoldName,
  grad: (dy: Tensor, x: Tensor, y: Tensor, dim: number) => Tensor,
): Op<number> {
  return defineOp({
    name,
    shape: ([x]) => ({
      shape: x.shape,
      dtype: sumType(x.dtype),
    }),
    kernel: ([x], [y], dim) =>
      planScan(fold, x.contiguous(), y, extentOf(x.shape, dim)),
    axes: (inputs, dim, [shape]) => [
      ...axesOf<number>(inputs, shape!, { except: [dim] }),
      {
        dims: [dim, dim],
        join: ({ outputs: [y] }, { outputs: [later] }) => {
          const last = y.narrow(dim, y.shape[dim]! - 1, 1);
          mapTo(JOINS[name], [later, last], later, computeType(later.dtype));
        },
      },
    ],
    save: ([x], [y]) => name === "cumsum" ? [] : [x, y],
    grad: (dy, { saved: [x, y], params: dim }) => [grad(dy, x, y, dim)],
  });
}

// Returns the cumulative sum from the other end.
function sumToEnd(x: Tensor, dim: number): Tensor {
  return flip(cumsum(flip(x, [dim]), dim), [dim]);
}

const cumsumOp = scanOp(
  "cumsum",
  "sum",
  (dy, _x, _y, dim) => sumToEnd(dy, dim),
);

// dx_k = (product before k) * s_k, s_k = dy_k + x_(k + 1) s_(k + 1): each product
// after k times its dy
const cumprodOp = scanOp("cumprod", "prod", (dy, x, y, dim) => {
  const after = recurrence(shifted(x, dim, -1), dy, { dim, backward: true });
  return after.mul(shifted(y, dim, 1, 1));
});

/** Returns for each element along `dim` the product of all others, of floats. */
export function productOfOthers(x: Tensor, dim: number): Tensor {
  const before = shifted(cumprod(x, dim), dim, 1, 1);
  const turned = flip(x, [dim]);
  const after = flip(shifted(cumprod(turned, dim), dim, 1, 1), [dim]);
  return before.mul(after);
}

/**
 * Returns the cumulative sum along `dim`. Integers and bool give int32, uint32
 * gives uint32; sums beyond the type's range wrap around.
 */
export function cumsum(x: Tensor, dim: number): Tensor {
  const axis = normalizeDim("cumsum", dim, x.shape);
  if (x.ndim === 0) return cumsum(x.reshape([1]), 0).reshape([]);
  const scan = (each: Tensor): Tensor => cumsumOp([each], axis)[0];
  // float32 keeps the values that join parts from rounding to float16
  return areLarge([x], [x]) ? inFloat32([x], scan) : scan(x);
}

/** Returns the cumulative product along `dim`; result types are those of `cumsum`. */
export function cumprod(x: Tensor, dim: number): Tensor {
  const axis = normalizeDim("cumprod", dim, x.shape);
  if (x.ndim === 0) return cumprod(x.reshape([1]), 0).reshape([]);
  return inFloat32([x], (wide) => cumprodOp([wide], axis)[0]);
}
