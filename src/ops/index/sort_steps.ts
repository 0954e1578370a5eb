/**
 * Dispatches of a stable sort of indices by their elements.
 *
 * @module
 */

import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scratch } from "../define.ts";
import { extentOf } from "../extent.ts";
import { planCopy } from "../map/copy.ts";
import { computeType, declareInput } from "../words.ts";

import floatLib from "../../../shaders/lib/float.wgsl" with { type: "text" };
import source from "../../../shaders/index/sort_step.wgsl" with {
  type: "text",
};

const GROUP = 64;

/** Returns the number of dispatches that sort `length` elements. */
export function sortSteps(length: number): number {
  const stages = Math.ceil(Math.log2(Math.max(length, 1)));
  return stages * (stages + 1) / 2;
}

/** Plans to fill `y` (int32) with the indices that sort row-major `x` along `dim`. */
export function planSort(
  x: Tensor,
  y: Tensor,
  dim: number,
  descending: boolean,
): Plan[] {
  const { outer, length, inner } = extentOf(x.shape, dim);
  if (length < 2) return [planCopy(0, y)];
  const width = 2 ** Math.ceil(Math.log2(length));
  const order = scratch([outer, width, inner], "int32");
  const type = computeType(x.dtype);
  const beats = type !== "f32"
    ? descending ? "a > b" : "a < b"
    : descending
    ? "!is_nan(b) && (is_nan(a) || a > b)"
    : "!is_nan(a) && (is_nan(b) || a < b)";
  const header = [
    floatLib,
    `alias T = ${type};`,
    declareInput("x", 0, x.dtype, false),
    `fn beats(a: T, b: T) -> bool { return ${beats}; }\n`,
  ].join("\n");
  const plans: Plan[] = [];
  for (let block = 2; block <= width; block *= 2) {
    for (let stride = block / 2; stride >= 1; stride /= 2) {
      const first = plans.length === 0 ? 1 : 0;
      const { offset } = x.layout;
      plans.push({
        name: "sort_step",
        source,
        header,
        buffers: [x.storage, order.storage],
        params: pack(source, {
          outer,
          length,
          inner,
          width,
          block,
          stride,
          first,
          offset,
        }),
        groups: foldGroups(Math.ceil(outer * width / 2 * inner / GROUP)),
        loops: 0,
      });
    }
  }
  const sorted = order.slice(1, 0, length);
  return [...plans, planCopy(sorted.reshape(y.shape), y)];
}
