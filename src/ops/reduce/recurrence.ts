/**
 * Linear recurrences along a dim: y_r = b_r + a_r y_(r - 1), where the first y is
 * its b. The gradients of cumulative products and of recurrences have this form,
 * too. Nothing divides, so zeros need no special case.
 *
 * @module
 */

import { loop } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { full } from "../../tensor/create.ts";
import { axesOf } from "../launch/axes.ts";
import { defineOp, type Op, scratch } from "../define.ts";
import { type Extent, extentOf } from "../extent.ts";
import type { Call } from "../launch/launch.ts";
import { padConstant } from "../movement/slicing.ts";

import source from "../../../shaders/reduce/recurrence.wgsl" with {
  type: "text",
};

/** Most elements that one invocation processes. */
const RUN = 256;
const GROUP = 64;

/** The dim of a recurrence, and whether it runs from the end. */
export interface RecurrenceParams {
  readonly dim: number;
  readonly backward: boolean;
}

// Plans three steps: each part as one linear function, the recurrence of these,
// then every part from the value before it.
function planRecurrence(
  [a, b]: readonly [Tensor, Tensor],
  y: Tensor,
  extent: Extent,
  backward: boolean,
): Plan[] {
  const { outer, length, inner } = extent;
  const parts = Math.max(1, Math.ceil(length / RUN));
  const run = Math.ceil(length / parts);
  const carry = scratch([outer, parts, inner]);
  const plan = (folds: boolean, out: Tensor): Plan => ({
    name: "recurrence",
    source,
    consts: { FOLDS: folds, BACKWARD: backward },
    buffers: [a.storage, b.storage, carry.storage, out.storage],
    params: pack(source, {
      outer,
      length,
      inner,
      parts,
      run,
      aOffset: a.layout.offset,
      bOffset: b.layout.offset,
    }),
    groups: foldGroups(Math.ceil(outer * parts * inner / GROUP)),
    loops: loop(run).passes,
  });
  if (parts === 1) return [plan(false, y)];
  const folds = scratch([2, outer, parts, inner]);
  const joined = { outer, length: parts, inner };
  return [
    plan(true, folds),
    ...planRecurrence(
      [folds.select(0, 0), folds.select(0, 1)],
      carry,
      joined,
      false,
    ),
    plan(false, y),
  ];
}

// (a, b) -> y, float32 of one shape
const recurrenceOp: Op<RecurrenceParams> = defineOp<RecurrenceParams>({
  name: "recurrence",
  shape: ([, b]) => b,
  kernel: ([a, b], [y], { dim, backward }) =>
    planRecurrence(
      [a.contiguous(), b.contiguous()],
      y,
      extentOf(y.shape, dim),
      backward,
    ),
  axes: (inputs, { dim }, [shape]) => [
    ...axesOf<RecurrenceParams>(inputs, shape!, { except: [dim] }),
    { dims: [dim, dim, dim], join: carry },
  ],
  save: ([a], [y]) => [a, y],
  // b_r changes y_r and all later y: the gradient is the recurrence from the other
  // end, with the factors shifted by one
  grad: (dy, { saved: [a, y], params: { dim, backward } }) => {
    const db = recurrence(shifted(a, dim, backward ? 1 : -1), dy, {
      dim,
      backward: !backward,
    });
    return [db.mul(shifted(y, dim, backward ? -1 : 1)), db];
  },
});

// Adds the value of the part before the cut to the other part, which started from
// zero.
function carry(
  first: Call<RecurrenceParams>,
  second: Call<RecurrenceParams>,
): void {
  const { params: { dim, backward } } = first;
  const [from, { inputs: [a], outputs: [y] }] = backward
    ? [second, first]
    : [first, second];
  const [source] = from.outputs;
  const [end, start] = backward
    ? [0, y.shape[dim]! - 1]
    : [source.shape[dim]! - 1, 0];
  const carried = full(y.shape, 0);
  const met = a.narrow(dim, start, 1).mul(source.narrow(dim, end, 1));
  carried.narrow(dim, start, 1).copy_(met);
  y.add_(recurrence(a, carried, first.params));
}

/** Returns y_r = b_r + a_r y_(r - 1), or from the end y_(r + 1), in float32. */
export function recurrence(
  a: Tensor,
  b: Tensor,
  params: RecurrenceParams,
): Tensor {
  return recurrenceOp([a, b], params)[0];
}

/** Shifts elements by one (1) or back (-1) along `dim`; `edge` fills the gap. */
export function shifted(
  x: Tensor,
  dim: number,
  by: 1 | -1,
  edge = 0,
): Tensor {
  const edges = x.shape.flatMap((_, each) => each === dim ? [by, -by] : [0, 0]);
  return x.shape[dim] === 0 ? x : padConstant(x, edges, edge);
}
