/**
 * Copies: plans that write a tensor or a number into another tensor.
 *
 * @module
 */

import type { Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Operand, planMap } from "./map.ts";
import type { MapRule } from "./header.ts";
import { planTransposed } from "./transposed.ts";
import { type ComputeType, computeType } from "../words.ts";

const COPY: Readonly<Record<ComputeType, MapRule>> = {
  f32: { name: "copy", wgsl: "a", compute: "f32" },
  i32: { name: "copy", wgsl: "a", compute: "i32" },
  u32: { name: "copy", wgsl: "a", compute: "u32" },
};

/** Plans a copy of `x`, a tensor or a number, to all of `out`. */
export function planCopy(x: Operand, out: Tensor): Plan {
  const type = typeof x === "object" ? x.dtype : out.dtype;
  const turned = typeof x === "object" ? planTransposed(x, out) : undefined;
  return turned ?? planMap(COPY[computeType(type)], [x], out);
}
