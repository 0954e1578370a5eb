/**
 * Softmax of the weights of causal attention, without a mask. The kernel is
 * for CPU adapters: one invocation takes a row.
 *
 * @module
 */

import { loop, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, MAX_LOOPS, type Plan } from "../../gpu/plan.ts";
import { arange } from "../../tensor/create.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Op } from "../define.ts";
import { softmax, softmaxGrad } from "./softmax.ts";

import source from "../../../shaders/softmax/causal.wgsl" with { type: "text" };

const GROUP = 8;
// The kernel reads a row three times, the last time in two loops.
function loopsOf(loads: number): number {
  return passesOf(loop(loads), loop(loads), loop(loads), loop(0));
}

const ONE_LANE = `alias Q = f32;
alias U = u32;
const LANES = 0u;
fn top(v: Q) -> f32 { return v; }
fn total(v: Q) -> f32 { return v; }
`;
const FOUR_LANES = `alias Q = vec4f;
alias U = vec4u;
const LANES = vec4u(0, 1, 2, 3);
fn top(v: Q) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }
fn total(v: Q) -> f32 { return (v.x + v.y) + (v.z + v.w); }
`;

function planCausal(x: Tensor, y: Tensor, first: number): Plan {
  const length = x.shape.at(-1)!;
  const runs = sizeOf(x.shape.slice(0, -1));
  const { offset } = x.layout;
  const wide = length % 4 === 0 && offset % 4 === 0;
  const width = wide ? 4 : 1;
  return {
    name: "causal_softmax",
    source,
    consts: { GROUP, WIDTH: width },
    header: wide ? FOUR_LANES : ONE_LANE,
    buffers: [x.storage, y.storage],
    params: pack(source, {
      runs,
      length: length / width,
      rows: x.shape.at(-2)!,
      first,
      offset: offset / width,
    }),
    groups: foldGroups(Math.ceil(runs / GROUP)),
    loops: loopsOf(length / width),
  };
}

const causalOp: Op<number> = defineOp<number>({
  name: "causalSoftmax",
  shape: ([x]) => x,
  kernel: ([x], [y], first) =>
    x.size === 0 ? [] : planCausal(x.contiguous(), y, first),
  axes: ([{ ndim }]) =>
    Array.from({ length: ndim - 1 }, (_, dim) => ({
      dims: [dim, dim],
      cut: (part, start) =>
        dim === ndim - 2 ? { ...part, params: part.params + start } : part,
    })),
  save: (_, [y]) => [y],
  // where y is 0, so is the gradient
  grad: (dy, { saved: [y] }) => [softmaxGrad(dy, y)],
});

/**
 * Returns the causal softmax over the last dim of float32 [..., rows, length].
 * Row r covers elements 0 to `first` + r; the rest becomes 0.
 */
export function causalSoftmax(x: Tensor, first = 0): Tensor {
  const length = x.shape.at(-1)!;
  if (loopsOf(length) <= MAX_LOOPS) return causalOp([x], first)[0];
  const last = arange(x.shape.at(-2)!).add(first).unsqueeze(1);
  return softmax(x.maskedFill(arange(length).gt(last), -Infinity), -1);
}
