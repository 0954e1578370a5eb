/**
 * Elementwise ops: tables, one engine. A row says in WGSL what happens to the
 * elements `a`, `b` and `c`, and for each operand how its gradient comes from
 * `dy`; the engine broadcasts, promotes types and sums gradients back to the
 * operands' shapes. A new op is a new row.
 *
 * Gradients are written in ops, so they can be differentiated again.
 *
 * @module
 */

import type { Plan } from "../../gpu/plan.ts";
import type { DType } from "../../tensor/dtype.ts";
import { broadcastShapes, sameShape, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { axesOf } from "../launch/axes.ts";
import { defineOp, type Op, type Spec } from "../define.ts";
import type { Tensors } from "../operands.ts";
import { ROWS } from "./rows.ts";
import { type Operand, planMap } from "../map/map.ts";
import type { MapRule } from "../map/header.ts";
import { type Launch, launch } from "../launch/launch.ts";
import { apart } from "../movement/movement.ts";
import { isTest, type RowTypes, settle, type TypedCall } from "./promotion.ts";
import { widened } from "../map/wide.ts";
import type { ComputeType } from "../words.ts";

/** The operands and the result, as a gradient rule sees them. */
export interface MapValues {
  readonly a: Operand;
  readonly b: Operand;
  readonly c: Operand;
  readonly y: Tensor;
}

/** How the gradient of one operand comes from that of the result. */
export interface MapGrad {
  /** Which values the rule uses: they are kept until backward. */
  readonly uses?: string;
  /**
   * Whether float16 is made float32 for the rule: where it takes several ops,
   * values between them may overflow or vanish though the gradient does not.
   */
  readonly wide?: boolean;
  /** In the result's shape; the engine sums it to the operand's. */
  rule(dy: Tensor, values: MapValues): Tensor;
}

/** One elementwise op. */
export interface MapRow extends RowTypes {
  /** What errors call the op. Default: the row's name. */
  readonly called?: string;
  /** Expression of a, b, c; a record where types need different ones. */
  readonly wgsl: string | Readonly<Partial<Record<ComputeType, string>>>;
  /** Gradient of each operand, in order; none for an op without gradients. */
  readonly grads?: readonly (MapGrad | undefined)[];
}

/** A table of elementwise ops. */
export type MapRows = Readonly<Record<string, MapRow>>;

interface MapParams {
  /** Numbers where they stand, `undefined` where the next input goes. */
  readonly numbers: readonly (number | boolean | undefined)[];
  readonly compute: ComputeType;
  readonly spec: Spec;
  readonly types: readonly DType[];
}

const NAMES = ["a", "b", "c", "y"] as const;
const ops = new Map<string, Op<MapParams>>();

/**
 * Applies the row `name` to operands that broadcast to one shape.
 *
 * @throws {TypeError} If the shapes do not broadcast, or the types do not suit
 */
export function map(name: string, ...given: readonly Operand[]): Tensor {
  const row = rowOf(name);
  const { called = name } = row;
  const { operands, dtype, compute } = settle(called, row, given);
  const inputs: Tensor[] = [];
  const types: DType[] = [];
  const numbers = operands.map((operand) => {
    if (typeof operand !== "object") return operand;
    inputs.push(operand);
    types.push(operand.dtype);
    return undefined;
  });
  const shape = commonShape(called, inputs);
  let op = ops.get(name);
  if (!op) ops.set(name, op = makeOp(name, row));
  return op(inputs, {
    numbers,
    compute,
    spec: { shape, dtype: isTest(row) ? "bool" : dtype },
    types,
  })[0];
}

function commonShape(name: string, inputs: readonly Tensor[]): Shape {
  const { shape } = inputs[0]!;
  for (let i = 1; i < inputs.length; i++) {
    if (!sameShape(shape, inputs[i]!.shape)) {
      return broadcastShapes(name, inputs.map((input) => input.shape));
    }
  }
  return shape;
}

function makeOp(name: string, row: MapRow): Op<MapParams> {
  const grads = row.grads ?? [];
  return defineOp<MapParams>({
    ...launchOf<MapParams>(name),
    shape: (_, { spec }) => spec,
    // One slot an operand, then one for y.
    save: (inputs, [y], needs, { numbers }) => {
      const woven = weave(needs, numbers);
      const wants = numbers.map((each, i) => each === undefined && !!woven[i]);
      const used = usedBy(grads, wants);
      const slots = weave(inputs, numbers).map((operand, i) =>
        typeof operand === "object" && used.includes(NAMES[i]!)
          ? operand
          : undefined
      );
      return [...slots, used.includes("y") ? y : undefined];
    },
    grad: row.grads && ((dy, { saved, needs, shapes, params }) => {
      const { numbers, types } = params;
      const values = valuesOf(saved, numbers);
      const rules = grads.filter((_, i) => numbers[i] === undefined);
      return shapes.map((shape, i) =>
        needs[i]
          ? applyRule(rules[i], dy, values, shape)?.sumTo(shape).to(types[i]!)
          : undefined
      );
    }),
  });
}

// The letters of the values that the rules use of operands that want a gradient.
function usedBy(
  grads: readonly (MapGrad | undefined)[],
  wants: readonly boolean[],
): string {
  return grads.map((grad, i) => wants[i] && grad?.uses || "").join("");
}

/** Which operands of the row `name` are kept until backward. */
export function savedOf(name: string, operands: readonly Operand[]): boolean[] {
  const wants = operands.map((each) =>
    typeof each === "object" && each.requiresGrad
  );
  const used = usedBy(rowOf(name).grads ?? [], wants);
  return operands.map((_, i) => used.includes(NAMES[i]!));
}

// float16 made float32 where several ops follow on each other, be it the rule's
// own or the sum over what was broadcast.
function applyRule(
  grad: MapGrad | undefined,
  dy: Tensor,
  values: MapValues,
  shape: Shape,
): Tensor | undefined {
  const isLong = grad?.wide || (grad?.uses && !sameShape(shape, dy.shape));
  if (!isLong || dy.dtype !== "float16") return grad?.rule(dy, values);
  const { a, b, c, y } = values;
  return grad.rule(dy.to("float32"), {
    a: widened(a),
    b: widened(b),
    c: widened(c),
    y: y && widened(y), // saved only where a rule uses it
  });
}

// Kept, so that planMap keeps their kernels' texts.
const rules = new Map<string, MapRule>();

type RowParams = Pick<MapParams, "numbers" | "compute">;

function launchOf<P extends RowParams>(name: string): Launch<P> {
  return {
    name,
    kernel: (inputs, [y], { numbers, compute }) =>
      planRow(name, weave(inputs, numbers), compute, y),
    axes: (inputs, _, [shape]) => axesOf(inputs, shape!),
    strided: "all",
  };
}

/**
 * Writes the row `name` of operands, as `settleRow` gives them, into `out`, which
 * may be one of them.
 */
export function mapTo(
  name: string,
  operands: readonly Operand[],
  out: Tensor,
  compute: ComputeType,
): void {
  const numbers = operands.map((each) =>
    typeof each === "object" ? undefined : each
  );
  const inputs = operands.map((each) => apart(each, out))
    .filter((each) => typeof each === "object");
  launch<RowParams>(launchOf(name), inputs, [out], { numbers, compute });
}

function planRow(
  name: string,
  operands: readonly Operand[],
  compute: ComputeType,
  out: Tensor,
): Plan {
  const key = `${name} ${compute}`;
  let rule = rules.get(key);
  if (!rule) {
    const row = rowOf(name);
    const { wgsl } = row;
    const text = typeof wgsl === "string" ? wgsl : wgsl[compute];
    if (text === undefined) {
      throw new TypeError(`Cannot ${name} ${out.describe()}`);
    }
    const result = isTest(row) ? "bool" : compute;
    rule = { name, wgsl: text, compute, result };
    rules.set(key, rule);
  }
  return planMap(rule, operands, out);
}

/** A call of a row with the result's type and shape, and what `planRow` needs. */
export interface Settled extends TypedCall {
  readonly shape: Shape;
}

/** Settles a row that will be written somewhere. */
export function settleRow(
  name: string,
  ...given: readonly Operand[]
): Settled {
  const row = rowOf(name);
  const { called = name } = row;
  const call = settle(called, row, given);
  const inputs = call.operands.filter((x) => typeof x === "object");
  return { ...call, shape: commonShape(called, inputs) };
}

/** What errors call the row `name`. */
export function calledName(name: string): string {
  return rowOf(name).called ?? name;
}

// By string, because rules name rows too: a type made from the table would
// depend on itself.
function rowOf(name: string): MapRow {
  const row = ROWS[name];
  if (!row) throw new TypeError(`Cannot ${name}: there is no such row`);
  return row;
}

/** Fills the places where no number stands with `items`, in order. */
function weave<T>(
  items: readonly T[],
  numbers: readonly (number | boolean | undefined)[],
): (T | number | boolean)[] {
  let next = 0;
  return numbers.map((number) => number ?? items[next++]!);
}

function valuesOf(
  saved: Tensors,
  numbers: readonly (number | boolean | undefined)[],
): MapValues {
  const [a, b, c] = numbers.map((number, i) => number ?? saved[i]!);
  const y = saved[numbers.length]!;
  return { a: a!, b: b!, c: c!, y }; // a rule names only what its op has
}
