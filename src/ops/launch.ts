/**
 * Launching: the kernels of an op sent to the GPU, in parts where an operand is
 * larger than what the adapter binds.
 *
 * NOTE [parts]: an operand that reaches over no more than a binding is bound by
 * a window (windows.ts), whatever the size of its storage. Of others the op is
 * halved along one of the axes that its rules name, again and again, until every
 * part fits; an op without such an axis is refused before any work. The axis is
 * the one along which the largest operand reaches farthest. What an op's rules
 * promise their kernel holds in every part: operands that were row-major stay
 * so, those that began with their buffer still do, results are such; where a
 * part lies otherwise, the kernel gets a copy.
 *
 * @module
 */

import { withGrad } from "../autograd/mode.ts";
import { bindingLimit } from "../gpu/device.ts";
import type { Plan } from "../gpu/plan.ts";
import { dispatch, excessOf } from "../gpu/stream.ts";
import { DTYPES } from "../tensor/dtype.ts";
import { isRowMajor, type Layout, sliceLayout } from "../tensor/layout.ts";
import { Scope } from "../tensor/scope.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { emptyTensor, Tensor } from "../tensor/tensor.ts";
import type { Tensors } from "./define.ts";
import { copyTo } from "./movement.ts";
import { type Extents, isLarge, windowBytes, windowed } from "./windows.ts";

/** An op on tensors that exist. */
export interface Call<P> {
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  readonly params: P;
}

/** A direction along which an op can be done in parts. */
export interface Axis<P> {
  /**
   * The dim of each input, then of each output, that runs along it. An operand
   * without one is needed whole by every part.
   */
  readonly dims: readonly (number | undefined)[];
  /**
   * The part that begins at `start`, with its tensors cut already, where its
   * arguments or its inputs depend on where it lies.
   */
  readonly cut?: (part: Call<P>, start: number) => Call<P>;
  /**
   * Makes the results of `first` those of both, the second one beginning at
   * `start`. Outputs that no dim runs along it are others in `second`: float16
   * ones are float32 in both.
   */
  readonly join?: (first: Call<P>, second: Call<P>, start: number) => void;
}

/** What launching needs to know of an op. */
export interface Launch<P> {
  readonly name: string;
  /** The dispatches that fill the outputs, in order. */
  kernel(inputs: Tensors, outputs: Tensors, params: P): Plan | readonly Plan[];
  /**
   * The axes of a call, given the shapes of its outputs. An op without any can't
   * be done in parts.
   */
  axes?(
    inputs: Tensors,
    params: P,
    shapes: readonly Shape[],
  ): readonly Axis<P>[];
  /** Whether the kernel takes operands and results however they lie. */
  readonly strided?: boolean;
  /** Whether the kernel is made of other ops, which see to parts themselves. */
  readonly composed?: boolean;
}

/**
 * Runs an op into its outputs.
 *
 * @throws {RangeError} If an operand is too large for a binding, and the op
 * can't be done in parts
 */
export function launch<P>(op: Launch<P>, call: Call<P>): void {
  using _scratch = new Scope();
  const operands = operandsOf(call);
  const large = !op.composed &&
    operands.some(({ storage }) => isLarge(storage));
  if (!large) {
    const plans = plansOf(op, call);
    if (!plans.some(excessOf)) {
      plans.forEach(dispatch);
      return;
    }
  }
  runPart(new Parts(op, call), call);
}

/**
 * Checks that an op whose results do not exist yet can be done in parts that
 * fit, before anything is done.
 *
 * @throws {RangeError} If it can't
 */
export function checkParts<P>(
  op: Launch<P>,
  inputs: Tensors,
  outputs: readonly Extents[],
  params: P,
): void {
  if (op.composed) return;
  let operands: Extents[] = [...inputs, ...outputs];
  let axes: readonly Axis<P>[] | undefined;
  for (let worst = worstOf(operands); worst; worst = worstOf(operands)) {
    axes ??= op.axes?.(inputs, params, outputs.map(shapeOf)) ?? [];
    const cut = cutOf(operands, axes, worst) ?? refuse(op, worst);
    operands = operands.map(({ layout, dtype }, i) => {
      const dim = cut.axis.dims[i];
      return {
        layout: dim === undefined
          ? layout
          : sliceLayout(layout, dim, 0, cut.at, 1),
        dtype,
      };
    });
  }
}

/** An op with what its first call says of all its parts. */
class Parts<P> {
  readonly op: Launch<P>;
  readonly axes: readonly Axis<P>[];
  /** Which operands are row-major, and which begin with their buffer. */
  readonly #dense: readonly boolean[];
  readonly #first: readonly boolean[];

  constructor(op: Launch<P>, { inputs, outputs, params }: Call<P>) {
    this.op = op;
    this.axes = op.axes?.(inputs, params, outputs.map(shapeOf)) ?? [];
    this.#dense = inputs.map(({ layout }) => isRowMajor(layout));
    this.#first = inputs.map(({ layout }) => layout.offset === 0);
  }

  /** The plans of a part, and what is to be copied when they have run. */
  plan(call: Call<P>): { plans: readonly Plan[]; copies: [Tensor, Tensor][] } {
    const copies: [Tensor, Tensor][] = [];
    const bound = windowed(operandsOf(call));
    const { length } = call.inputs;
    const operands = this.op.strided ? bound : bound.map((tensor, i) => {
      const { layout } = tensor;
      const isOutput = i >= length;
      const isKept = (isRowMajor(layout) || !(isOutput || this.#dense[i])) &&
        (layout.offset === 0 || !(isOutput || this.#first[i]));
      if (isKept) return tensor;
      const copy = emptyTensor(tensor.shape, tensor.dtype, "part");
      if (isOutput) copies.push([copy, tensor]);
      else copyTo(tensor, copy);
      return copy;
    });
    const inputs = operands.slice(0, length) as unknown as Tensors; // as many
    const outputs = operands.slice(length) as unknown as Tensors; // as many
    return { plans: plansOf(this.op, { ...call, inputs, outputs }), copies };
  }
}

function runPart<P>(parts: Parts<P>, call: Call<P>): void {
  using _scratch = new Scope();
  const { op, axes } = parts;
  const operands = operandsOf(call);
  let worst = op.composed ? undefined : worstOf(operands);
  if (!worst) {
    const { plans, copies } = parts.plan(call);
    const excess = plans.find(excessOf);
    if (!excess) {
      plans.forEach(dispatch);
      for (const [from, to] of copies) copyTo(from, to);
      return;
    }
    // what it makes in between is too large: less of everything is less of that
    worst = operands.reduce((a, b) => windowBytes(b) > windowBytes(a) ? b : a);
    if (!cutOf(operands, axes, worst)) refuse(op, worst, excess);
  }
  const cut = cutOf(operands, axes, worst) ?? refuse(op, worst);
  runHalves(parts, call, cut);
}

function runHalves<P>(parts: Parts<P>, given: Call<P>, cut: Cut<P>): void {
  const { axis: { dims, join }, at } = cut;
  const { length } = given.inputs;
  const runsAlong = given.outputs.map((_, i) => dims[length + i] !== undefined);
  const wide = given.outputs.map((y, i) =>
    join && !runsAlong[i] && y.dtype === "float16"
      ? emptyTensor(y.shape, "float32", "part")
      : y
  );
  const call = { ...given, outputs: wide as unknown as Tensors }; // as many
  const [first, second] = [partOf(call, cut, false), partOf(call, cut, true)];
  runPart(parts, first);
  runPart(parts, second);
  join?.(first, second, at);
  wide.forEach((y, i) => {
    if (y !== given.outputs[i]) copyTo(y, given.outputs[i]!);
  });
}

/** Where an op is cut in two. */
interface Cut<P> {
  readonly axis: Axis<P>;
  /** Steps along it, and those of the first half. */
  readonly length: number;
  readonly at: number;
}

function partOf<P>(call: Call<P>, cut: Cut<P>, isSecond: boolean): Call<P> {
  const { axis, length, at } = cut;
  const [start, count] = isSecond ? [at, length - at] : [0, at];
  const { inputs, outputs } = call;
  const slice = (tensor: Tensor, dim: number | undefined): Tensor => {
    if (dim === undefined) return tensor;
    const { storage, layout, dtype, origin } = tensor;
    const part = sliceLayout(layout, dim, start, count, 1);
    return new Tensor(storage, part, dtype, origin);
  };
  const part = {
    inputs: inputs.map((x, i) => slice(x, axis.dims[i])) as unknown as Tensors, // as many
    outputs: outputs.map((y, i) => {
      const dim = axis.dims[inputs.length + i];
      return dim === undefined && isSecond
        ? emptyTensor(y.shape, y.dtype, "part")
        : slice(y, dim);
    }) as unknown as Tensors, // as many
    params: call.params,
  };
  return withGrad(false, () => axis.cut?.(part, start) ?? part);
}

/** The largest operand, if it does not fit into a binding. */
function worstOf<E extends Extents>(operands: readonly E[]): E | undefined {
  let worst: E | undefined;
  let most = bindingLimit();
  for (const operand of operands) {
    const bytes = windowBytes(operand);
    if (bytes > most) [worst, most] = [operand, bytes];
  }
  return worst;
}

/** The cut that makes an operand smallest, if there is one. */
function cutOf<P>(
  operands: readonly Extents[],
  axes: readonly Axis<P>[],
  worst: Extents,
): Cut<P> | undefined {
  const at = operands.indexOf(worst);
  let best: Axis<P> | undefined;
  let farthest = 0;
  for (const axis of axes) {
    const far = reachAlong(worst.layout, axis.dims[at]);
    if (far > farthest) [best, farthest] = [axis, far];
  }
  if (!best) return undefined;
  const length = worst.layout.shape[best.dims[at]!]!;
  return { axis: best, length, at: halfOf(length) };
}

function reachAlong({ shape, strides }: Layout, dim?: number): number {
  return dim === undefined ? 0 : Math.abs(strides[dim]!) * (shape[dim]! - 1);
}

// Half of a length, in steps that keep parts aligned as they were.
function halfOf(length: number): number {
  const step = length >= 1024 ? 256 : length >= 8 ? 4 : 1;
  return Math.ceil(length / 2 / step) * step;
}

function plansOf<P>(
  op: Launch<P>,
  { inputs, outputs, params }: Call<P>,
): readonly Plan[] {
  const made = withGrad(false, () => op.kernel(inputs, outputs, params));
  return Array.isArray(made) ? made : [made as Plan]; // isArray does not narrow
}

function shapeOf({ layout }: Extents): Shape {
  return layout.shape;
}

function operandsOf<P>({ inputs, outputs }: Call<P>): Tensor[] {
  return [...inputs, ...outputs];
}

function refuse<P>(
  { name }: Launch<P>,
  worst: Extents,
  plan?: Plan,
): never {
  const { dtype, layout: { shape } } = worst;
  const bytes = plan ? excessOf(plan) : windowBytes(worst);
  const what = plan ? `its kernel "${plan.name}"` : "it";
  throw new RangeError(
    `Cannot ${name} ${dtype} ${formatShape(shape)}: ${what} needs ${bytes} ` +
      `bytes of one tensor at once, this adapter binds ${bindingLimit()} at ` +
      `most; do it part by part (narrow, split)`,
  );
}

/** Whether results of these shapes and types may need parts. */
export function areLarge(
  inputs: readonly Tensor[],
  outputs: readonly {
    readonly shape: Shape;
    readonly dtype: Tensor["dtype"];
  }[],
): boolean {
  return outputs.some(({ shape, dtype }) =>
    sizeOf(shape) * DTYPES[dtype].bytes > bindingLimit()
  ) || inputs.some(({ storage }) => isLarge(storage));
}
