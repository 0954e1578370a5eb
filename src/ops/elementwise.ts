/**
 * Elementwise ops: one table, one engine. A row says in WGSL what happens to
 * the elements `a`, `b` and `c`, and for each operand how its gradient comes
 * from `dy`; the engine broadcasts, promotes types and sums gradients back to
 * the operands' shapes. A new op is a new row.
 *
 * Gradients are written in ops, so they can be differentiated again.
 *
 * @module
 */

import type { Plan } from "../gpu/plan.ts";
import { full } from "../tensor/create.ts";
import { type DType, DTYPES, isFloat, promote } from "../tensor/dtype.ts";
import { broadcastShapes, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Op, type Spec } from "./define.ts";
import { type ComputeType, computeType, type Operand, planMap } from "./map.ts";
import { ROWS } from "./elementwise_rows.ts";

/** The operands and the result, as a gradient rule sees them. */
export interface MapValues {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  readonly y: Tensor;
}

/** How the gradient of one operand comes from that of the result. */
export interface MapGrad {
  /** Which values the rule uses: they are kept until backward. */
  readonly uses?: string;
  /** In the result's shape; the engine sums it to the operand's. */
  rule(dy: Tensor, values: MapValues): Tensor;
}

/**
 * What an op takes and gives.
 *
 * - `float`: any type in, integers become float32; floats out
 * - `number`: any number in, the promoted type out
 * - `compare`: any type in, bool out
 * - `logical`: any type in, nonzero is true; bool out
 * - `bits`: integers or bool in, the promoted type out
 */
export type MapKind = "float" | "number" | "compare" | "logical" | "bits";

/** One elementwise op. */
export interface MapRow {
  /** Expression of a, b, c; a record where types need different ones. */
  readonly wgsl: string | Readonly<Partial<Record<ComputeType, string>>>;
  readonly kind: MapKind;
  /** Gradient of each operand, in order; none for an op without gradients. */
  readonly grads?: readonly (MapGrad | undefined)[];
}

interface MapParams {
  /** Numbers where they stand, `undefined` where the next input goes. */
  readonly numbers: readonly (number | undefined)[];
  readonly compute: ComputeType;
  readonly spec: Spec;
}

const NAMES = ["a", "b", "c", "y"] as const;
const ops = new Map<string, Op<MapParams>>();

/**
 * Applies the row `name` to operands that broadcast to one shape.
 *
 * @throws {TypeError} If the shapes do not broadcast, or the types do not suit
 */
export function map(name: string, ...operands: readonly Operand[]): Tensor {
  const row = rowOf(name);
  const tensors = operands.filter((operand) => operand instanceof Tensor);
  const common = commonType(name, row.kind, operands);
  const isTest = row.kind === "compare" || row.kind === "logical";
  const compute = row.kind === "logical"
    ? computeType(tensors.map((tensor) => tensor.dtype).reduce(promote))
    : computeType(common);
  const inputs = tensors.map((tensor) =>
    row.kind === "logical" || computeType(tensor.dtype) === compute
      ? tensor
      : tensor.to(common)
  );
  const [first] = inputs;
  const shape = inputs.every((each) => sameShape(each.shape, first!.shape))
    ? first!.shape
    : broadcastShapes(name, inputs.map((each) => each.shape));
  let op = ops.get(name);
  if (!op) ops.set(name, op = makeOp(name, row));
  const numbers = operands.map((operand) =>
    typeof operand === "number" ? operand : undefined
  );
  return op(inputs, {
    numbers,
    compute,
    spec: { shape, dtype: isTest ? "bool" : common },
  })[0];
}

/**
 * The type in which operands meet, as torch.result_type: a tensor without dims
 * or a number only decides where its category (bool, integer, float) is higher.
 */
function commonType(
  name: string,
  kind: MapKind,
  operands: readonly Operand[],
): DType {
  let type: DType | undefined;
  const lower: DType[] = [];
  for (const operand of operands) {
    if (typeof operand === "number") {
      lower.push(Number.isInteger(operand) ? "int32" : "float32");
    } else if (operand.shape.length === 0) {
      lower.unshift(operand.dtype);
    } else {
      type = type ? promote(type, operand.dtype) : operand.dtype;
    }
  }
  const scalars = operands.filter((operand) => typeof operand !== "number")
    .filter((tensor) => tensor.shape.length === 0);
  type ??= scalars.map((tensor) => tensor.dtype).reduce(promote);
  for (const other of lower) {
    if (DTYPES[other].category > DTYPES[type].category) type = other;
  }
  if (kind === "float" && !isFloat(type)) return "float32";
  if (kind === "bits" && isFloat(type)) {
    throw new TypeError(
      `Cannot ${name} ${type} tensors: expected integers or bool`,
    );
  }
  return type;
}

function makeOp(name: string, row: MapRow): Op<MapParams> {
  const grads = row.grads ?? [];
  return defineOp<MapParams>({
    name,
    shape: (_, { spec }) => spec,
    kernel: (inputs, [y], { numbers, compute }) =>
      planRow(name, weave(inputs, numbers), compute, y),
    // One slot an operand, then one for y: what the rules that will run use.
    save: (inputs, [y], needs, { numbers }) => {
      const woven = weave(needs, numbers);
      const used = grads.filter((_, i) => woven[i] === true)
        .map((grad) => grad?.uses ?? "").join("");
      const slots = weave(inputs, numbers).map((operand, i) =>
        operand instanceof Tensor && used.includes(NAMES[i]!)
          ? operand
          : undefined
      );
      return [...slots, used.includes("y") ? y : undefined];
    },
    grad: row.grads && ((dy, { saved, needs, shapes, params: { numbers } }) => {
      const values = new SavedValues(saved, numbers);
      const rules = grads.filter((_, i) => numbers[i] === undefined);
      return shapes.map((shape, i) =>
        needs[i] ? rules[i]?.rule(dy, values).sumTo(shape) : undefined
      );
    }),
  });
}

/** The plan of a row into `out`; what in-place ops run, too. */
export function planRow(
  name: string,
  operands: readonly Operand[],
  compute: ComputeType,
  out: Tensor,
): Plan {
  const row = rowOf(name);
  const isTest = row.kind === "compare" || row.kind === "logical";
  const wgsl = typeof row.wgsl === "string" ? row.wgsl : row.wgsl[compute];
  if (wgsl === undefined) {
    throw new TypeError(`Cannot ${name} ${out.describe()}`);
  }
  const result = isTest ? "bool" : compute;
  return planMap({ name, wgsl, compute, result }, operands, out);
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
  numbers: readonly (number | undefined)[],
): (T | number)[] {
  let next = 0;
  return numbers.map((number) => number ?? items[next++]!);
}

/** Saved operands by name; a number becomes a tensor when a rule asks for it. */
class SavedValues implements MapValues {
  readonly #saved: readonly Tensor[];
  readonly #numbers: readonly (number | undefined)[];

  constructor(
    saved: readonly Tensor[],
    numbers: readonly (number | undefined)[],
  ) {
    this.#saved = saved;
    this.#numbers = numbers;
  }
  get a(): Tensor {
    return this.#at(0);
  }
  get b(): Tensor {
    return this.#at(1);
  }
  get c(): Tensor {
    return this.#at(2);
  }
  get y(): Tensor {
    return this.#saved[this.#numbers.length]!;
  }
  #at(i: number): Tensor {
    const number = this.#numbers[i];
    return number === undefined ? this.#saved[i]! : full([], number);
  }
}
