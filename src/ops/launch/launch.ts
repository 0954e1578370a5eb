/**
 * Launching: sends an op's kernels to the GPU, in parts if an operand is larger
 * than the adapter's binding limit.
 *
 * NOTE [parts]: an operand whose elements lie within one binding is bound by a
 * window (windows.ts), whatever the size of its storage. For a larger operand,
 * the launcher halves the op along one of the axes that its rules name, until
 * every part fits (cuts.ts). An op without such an axis is refused before any
 * work.
 *
 * A kernel may rely in every part on the layouts that it gets for the whole:
 * row-major operands stay row-major, operands at offset 0 stay there, and
 * results are row-major at offset 0. If a part's layout differs, the kernel gets
 * a copy. It also gets a copy of elements that lie too far apart for a window
 * after every cut.
 *
 * @module
 */

import { withGrad } from "../../autograd/mode.ts";
import { bindingLimit } from "../../gpu/device.ts";
import type { Plan } from "../../gpu/plan.ts";
import { dispatch, excessOf } from "../../gpu/stream.ts";
import { type DType, DTYPES } from "../../tensor/dtype.ts";
import { isRowMajor } from "../../tensor/layout.ts";
import { Scope } from "../../tensor/scope.ts";
import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import { emptyTensor, Tensor } from "../../tensor/tensor.ts";
import { asTensors, type Tensors } from "../operands.ts";
import { type Cut, cutOf, longestCut, sliceAlong, worstOf } from "./cuts.ts";
import { planCopy } from "../map/copy.ts";
import { axesOf } from "./axes.ts";
import type { Operand } from "../map/map.ts";
import { type Extents, isLarge, windowBytes, windowed } from "./windows.ts";

/** Call of an op: its tensors, results included, and its other arguments. */
export interface Call<P> {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  readonly params: P;
}

/** An axis along which an op can run in parts. */
export interface Axis<P> {
  /**
   * Dim of each input, then of each output, that runs along the axis. Every part
   * needs the whole of an operand without such a dim.
   */
  readonly dims: readonly (number | undefined)[];
  /** Steps of each such dim per step of the axis; default: 1. */
  readonly strides?: readonly number[];
  /**
   * Adapts the arguments or inputs of the part that begins at `start`; its
   * tensors are cut already. The number and order of the inputs must not change.
   */
  readonly cut?: (part: Call<P>, start: number) => Call<P>;
  /**
   * Merges the results of `second`, which begins at `start`, into those of
   * `first`. An output without a dim along the axis is a tensor of its own in
   * `second`; both parts hold float32 in place of float16 there.
   */
  readonly join?: (first: Call<P>, second: Call<P>, start: number) => void;
}

/** The rules of an op that launching needs. */
export interface Launch<P> {
  readonly name: string;
  /** Plans the dispatches that fill the outputs, in order. */
  kernel(inputs: Tensors, outputs: Tensors, params: P): Plan | readonly Plan[];
  /**
   * Returns the axes of a call whose outputs have these shapes. An op without
   * axes cannot run in parts.
   */
  axes?(
    inputs: Tensors,
    params: P,
    shapes: readonly Shape[],
  ): readonly Axis<P>[];
  /** The operands that the kernel takes in any layout. Default: none. */
  readonly strided?: "inputs" | "all";
  /** Whether the kernel calls other ops, which run in parts themselves. */
  readonly composed?: boolean;
}

/**
 * Runs an op and writes into its outputs.
 *
 * @throws {RangeError} If an operand is too large for a binding, and the op
 * cannot run in parts
 */
export function launch<P>(
  op: Launch<P>,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  params: P,
): void {
  using _scratch = new Scope();
  const call = callOf(inputs, outputs, params);
  const isSmall = op.composed || !(hasLarge(inputs) || hasLarge(outputs));
  const plans = isSmall ? plansOf(op, call) : undefined;
  if (plans && !plans.some(excessOf)) plans.forEach(dispatch);
  else runPart(new Parts(op, call), call);
}

// A plain loop, because every call of an op runs this.
function hasLarge(tensors: readonly Tensor[]): boolean {
  for (const { storage } of tensors) {
    if (isLarge(storage)) return true;
  }
  return false;
}

/** Returns true if an op may have to run in parts, or be refused. */
export function areLarge(
  inputs: readonly Tensor[],
  outputs: readonly { readonly shape: Shape; readonly dtype: DType }[],
): boolean {
  for (const { shape, dtype } of outputs) {
    if (sizeOf(shape) * DTYPES[dtype].bytes > bindingLimit()) return true;
  }
  return hasLarge(inputs);
}

/**
 * Checks, before results are allocated, that an op can run in parts that fit.
 *
 * @throws {RangeError} If the op cannot run in parts that fit
 */
export function checkParts<P>(
  op: Launch<P>,
  inputs: Tensors,
  outputs: readonly Extents[],
  params: P,
): void {
  if (op.composed) return;
  let operands: Extents[] = [...inputs, ...outputs];
  const axes = op.axes?.(inputs, params, outputs.map(shapeOf)) ?? [];
  for (;;) {
    const worst = worstOf(op, operands, axes);
    if (!worst) return;
    const cut = cutOf(op, operands, axes, worst) ?? refuse(op, worst);
    operands = operands.map(({ layout, dtype }, i) => ({
      layout: sliceAlong(layout, cut, i, 0, cut.at),
      dtype,
    }));
  }
}

/** An op, and the properties of its whole call that all parts share. */
class Parts<P> {
  readonly op: Launch<P>;
  readonly axes: readonly Axis<P>[];
  /** Whether each input is row-major, and whether it has offset 0. */
  readonly #dense: readonly boolean[];
  readonly #first: readonly boolean[];

  constructor(op: Launch<P>, { inputs, outputs, params }: Call<P>) {
    this.op = op;
    this.axes = op.axes?.(inputs, params, outputs.map(shapeOf)) ?? [];
    this.#dense = inputs.map(({ layout }) => isRowMajor(layout));
    this.#first = inputs.map(({ layout }) => layout.offset === 0);
  }

  /** Plans a part, and the copies into its outputs that follow. */
  plan(call: Call<P>): { plans: readonly Plan[]; copies: [Tensor, Tensor][] } {
    const { op } = this;
    if (op.composed) return { plans: plansOf(op, call), copies: [] };
    const copies: [Tensor, Tensor][] = [];
    const { length } = call.inputs;
    const copied = (tensor: Tensor, i: number): Tensor => {
      const copy = emptyTensor(tensor.shape, tensor.dtype, "part");
      if (i < length) copyTo(tensor, copy);
      else copies.push([copy, tensor]);
      return copy;
    };
    const near = operandsOf(call).map((tensor, i) =>
      windowBytes(tensor) > bindingLimit() ? copied(tensor, i) : tensor
    );
    const operands = windowed(near).map((tensor, i) => {
      const { layout } = tensor;
      const isOutput = i >= length;
      const isKept = op.strided === "all" || (op.strided && !isOutput) ||
        (isRowMajor(layout) || !(isOutput || this.#dense[i])) &&
          (layout.offset === 0 || !(isOutput || this.#first[i]));
      return isKept ? tensor : copied(tensor, i);
    });
    const part = callOf(
      operands.slice(0, length),
      operands.slice(length),
      call.params,
    );
    return { plans: plansOf(op, part), copies };
  }
}

function runPart<P>(parts: Parts<P>, call: Call<P>): void {
  using _scratch = new Scope();
  const { op, axes } = parts;
  const operands = operandsOf(call);
  const worst = op.composed ? undefined : worstOf(op, operands, axes);
  if (worst) {
    const cut = cutOf(op, operands, axes, worst) ?? refuse(op, worst);
    runHalves(parts, call, cut);
    return;
  }
  const { plans, copies } = parts.plan(call);
  const excess = plans.find(excessOf);
  if (excess) {
    // intermediates are too large: smaller parts have smaller ones
    const cut = longestCut(operands, axes) ?? refuse(op, operands[0]!, excess);
    runHalves(parts, call, cut);
    return;
  }
  plans.forEach(dispatch);
  for (const [from, to] of copies) copyTo(from, to);
}

function runHalves<P>(parts: Parts<P>, call: Call<P>, cut: Cut<P>): void {
  const { axis: { dims, join }, at } = cut;
  const { inputs, outputs, params } = call;
  const wide = outputs.map((y, i) =>
    join && dims[inputs.length + i] === undefined && y.dtype === "float16"
      ? emptyTensor(y.shape, "float32", "part")
      : y
  );
  const whole = callOf(inputs, wide, params);
  const [first, second] = [partOf(whole, cut, false), partOf(whole, cut, true)];
  runPart(parts, first);
  runPart(parts, second);
  withGrad(false, () => join?.(first, second, at));
  wide.forEach((y, i) => {
    if (y !== outputs[i]) copyTo(y, outputs[i]!);
  });
}

function partOf<P>(
  { inputs, outputs, params }: Call<P>,
  cut: Cut<P>,
  isSecond: boolean,
): Call<P> {
  const { axis, length, at } = cut;
  const [start, end] = isSecond ? [at, length] : [0, at];
  const slice = ({ storage, layout, dtype, origin }: Tensor, i: number) =>
    new Tensor(storage, sliceAlong(layout, cut, i, start, end), dtype, origin);
  const part = callOf(
    inputs.map((x, i) => slice(x, i)),
    outputs.map((y, i) =>
      isSecond && axis.dims[inputs.length + i] === undefined
        ? emptyTensor(y.shape, y.dtype, "part")
        : slice(y, inputs.length + i)
    ),
    params,
  );
  return withGrad(false, () => axis.cut?.(part, start) ?? part);
}

function plansOf<P>(
  op: Launch<P>,
  { inputs, outputs, params }: Call<P>,
): readonly Plan[] {
  const made = withGrad(false, () => op.kernel(inputs, outputs, params));
  return Array.isArray(made) ? made : [made as Plan]; // isArray does not narrow
}

function callOf<P>(
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  params: P,
): Call<P> {
  return { inputs: asTensors(inputs), outputs: asTensors(outputs), params };
}

function operandsOf<P>({ inputs, outputs }: Call<P>): Tensor[] {
  return [...inputs, ...outputs];
}

function shapeOf({ layout }: Extents): Shape {
  return layout.shape;
}

function refuse<P>({ name }: Launch<P>, worst: Extents, plan?: Plan): never {
  const { dtype, layout: { shape } } = worst;
  const bytes = plan ? excessOf(plan) : windowBytes(worst);
  const what = plan ? `its kernel "${plan.name}"` : "it";
  throw new RangeError(
    `Cannot ${name} ${dtype} ${formatShape(shape)}: ${what} needs ${bytes} ` +
      `bytes of one tensor at once, this adapter binds ${bindingLimit()} at ` +
      `most; do it part by part (narrow, split)`,
  );
}

// Copies the input tensor, or the number if there is no input.
const COPYING: Launch<number | undefined> = {
  name: "copy",
  kernel: ([x], [y], value) => planCopy(value ?? x, y),
  axes: (inputs, _, [shape]) => axesOf(inputs, shape!),
  strided: "all",
};

/** Writes `x`, a number or a tensor of the same shape, to all of `out`. */
export function copyTo(x: Operand, out: Tensor): void {
  const isTensor = typeof x === "object";
  launch(COPYING, isTensor ? [x] : [], [out], isTensor ? undefined : Number(x));
}
