/**
 * Elementwise ops: tables and one engine. A row has a WGSL expression of the
 * elements `a`, `b` and `c`, and a rule for each operand's gradient from `dy`.
 * The engine broadcasts, promotes types and sums gradients to the operands'
 * shapes. A new op is a new row.
 *
 * Gradient rules are composed of ops, so they can be differentiated again.
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

/** Operands and result for a gradient rule. */
export interface MapValues {
  readonly a: Operand;
  readonly b: Operand;
  readonly c: Operand;
  readonly y: Tensor;
}

/** Rule of one operand's gradient, from that of the result. */
export interface MapGrad {
  /** Letters of the values that the rule uses, kept until backward. */
  readonly uses?: string;
  /**
   * Whether the rule runs in float32 for float16. In a rule of several ops,
   * intermediates may overflow or underflow although the gradient does not.
   */
  readonly wide?: boolean;
  /** Returns the gradient in the result's shape; the engine sums it. */
  rule(dy: Tensor, values: MapValues): Tensor;
}

/** One elementwise op. */
export interface MapRow extends RowTypes {
  /** Name of the op in errors. Default: the row's name. */
  readonly called?: string;
  /** Expression of a, b, c; a record if types need different expressions. */
  readonly wgsl: string | Readonly<Partial<Record<ComputeType, string>>>;
  /** Gradient of each operand, in order; none for an op without gradients. */
  readonly grads?: readonly (MapGrad | undefined)[];
}

/** A table of elementwise ops. */
export type MapRows = Readonly<Record<string, MapRow>>;

interface MapParams {
  /** The operands in order: a number, or `undefined` for the next input. */
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
 * @throws {TypeError} If the shapes do not broadcast, or the row refuses the types
 */
export function map(name: string, ...args: readonly Operand[]): Tensor {
  const row = rowOf(name);
  const { called = name } = row;
  const { operands, dtype, compute } = settle(called, row, args);
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
    // one slot per operand, then one for y
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

// Returns the letters that the rules of operands that need a gradient use.
function usedBy(
  grads: readonly (MapGrad | undefined)[],
  wants: readonly boolean[],
): string {
  return grads.map((grad, i) => wants[i] && grad?.uses || "").join("");
}

/** Returns for each operand whether the row `name` keeps it until backward. */
export function savedOf(name: string, operands: readonly Operand[]): boolean[] {
  const wants = operands.map((each) =>
    typeof each === "object" && each.requiresGrad
  );
  const used = usedBy(rowOf(name).grads ?? [], wants);
  return operands.map((_, i) => used.includes(NAMES[i]!));
}

// Applies a rule, in float32 for float16 if several ops follow: those of the rule,
// or the sum over broadcast dims.
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
    y: y && widened(y), // saved only if a rule uses it
  });
}

// Cached, because planMap caches headers by rule object.
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
 * Writes the row `name` of operands that `settleRow` returned to `out`, which may
 * be one of them.
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

/** A checked call of a row, with the result's type and shape. */
export interface Settled extends TypedCall {
  readonly shape: Shape;
}

/** Checks and promotes the operands of a row, for a write to another tensor. */
export function settleRow(
  name: string,
  ...args: readonly Operand[]
): Settled {
  const row = rowOf(name);
  const { called = name } = row;
  const call = settle(called, row, args);
  const inputs = call.operands.filter((x) => typeof x === "object");
  return { ...call, shape: commonShape(called, inputs) };
}

/** Returns the name of a row's op in errors. */
export function calledName(name: string): string {
  return rowOf(name).called ?? name;
}

// Rows go by string: rules name rows, so a type of the table's keys would depend
// on itself.
function rowOf(name: string): MapRow {
  const row = ROWS[name];
  if (!row) throw new TypeError(`Cannot ${name}: there is no such row`);
  return row;
}

/** Replaces each `undefined` among the numbers by the next of `items`. */
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
  return { a: a!, b: b!, c: c!, y }; // a rule uses only its op's operands
}
