/**
 * In which type a row of an elementwise table computes, and what its operands
 * are in it: promotion as torch has it, and NOTE [numbers] of numbers.ts. Shapes
 * are no matter here.
 *
 * @module
 */

import { checkWritten } from "../../gpu/recorder.ts";
import { type DType, DTYPES, isFloat, promote } from "../../tensor/dtype.ts";
import { checkTensor } from "../define.ts";
import type { Operand } from "../map/map.ts";
import { checkDivisor, meet, numberType, type NumberUse } from "../numbers.ts";
import { type ComputeType, computeType } from "../words.ts";

/**
 * What an op takes and gives.
 *
 * - `float`: any type in, integers become float32; floats out
 * - `number`: any type in, the promoted type out; `numeric`: but no bool
 * - `choose`: as `number`, and the first operand decides, whatever its type
 * - `compare`: any type in, bool out
 * - `logical`: any type in, nonzero is true; bool out
 * - `bits`: integers or bool in, the promoted type out
 */
export type MapKind =
  | "float"
  | "number"
  | "numeric"
  | "choose"
  | "compare"
  | "logical"
  | "bits";

/** What a row says about types. */
export interface RowTypes {
  readonly kind: MapKind;
  /** What operands are that are plain numbers, where `kind` does not say it. */
  readonly numbers?: Readonly<Partial<Record<"a" | "b" | "c", NumberUse>>>;
  /** Whether one bool operand is refused; `numeric` refuses them where all are. */
  readonly refusesBool?: true;
}

/** Operands of a row, with the numbers as they are in its type. */
export interface TypedCall {
  readonly operands: readonly Operand[];
  /** Type of the result, or of what is compared. */
  readonly dtype: DType;
  readonly compute: ComputeType;
}

/**
 * The types of a call of the row `name`.
 *
 * @throws {TypeError} If an operand is no tensor, or the types do not suit
 * @throws {RangeError} If the type does not hold a number
 */
export function settle(
  name: string,
  row: RowTypes,
  given: readonly Operand[],
): TypedCall {
  const { kind } = row;
  for (const operand of given) {
    if (typeof operand !== "number" && typeof operand !== "boolean") {
      checkTensor(name, operand);
    }
  }
  let operands = given;
  // 2^32 is not 0, though its low bits are
  if (kind === "logical") {
    operands = given.map((operand) =>
      typeof operand === "number" ? operand !== 0 : operand
    );
  }
  const dtype = commonType(name, row, operands);
  const isInteger = DTYPES[dtype].category === 1;
  if (!isFloat(dtype) || kind === "choose") {
    operands = operands.map((operand, i) =>
      typeof operand === "number"
        ? meet(name, operand, dtype, useOf(row, i))
        : operand
    );
  }
  let compute = computeType(dtype);
  if (isInteger) {
    const isWide = isTest(row) || row.numbers?.b === "least" ||
      row.numbers?.b === "most";
    if (isWide) compute = computeType(widest(name, operands, dtype));
    else if (kind !== "choose") operands = narrowed(operands, dtype);
    checkDivisors(name, row, operands, dtype);
  }
  return { operands, dtype, compute };
}

const NAMES = ["a", "b", "c"] as const;

function useOf({ kind, numbers }: RowTypes, i: number): NumberUse {
  return numbers?.[NAMES[i]!] ??
    (kind === "choose" ? "value" : "operand");
}

// Integers, compared or bounded as numbers: by tensors without dims, too, whose
// types do not count for the result.
function widest(
  name: string,
  operands: readonly Operand[],
  dtype: DType,
): DType {
  return operands.reduce<DType>(
    (type, x) => typeof x === "object" ? promote(name, type, x.dtype) : type,
    dtype,
  );
}

// A wider tensor without dims takes the type of those with dims, as in torch.
// The words of int32 and uint32 are the same.
function narrowed(
  operands: readonly Operand[],
  dtype: DType,
): readonly Operand[] {
  if (dtype !== "uint8") return operands;
  return operands.map((x) =>
    typeof x === "object" && x.bytesPerElement > 1 ? x.to(dtype) : x
  );
}

// Divisors that the host wrote; of others only the GPU knows whether one is 0.
function checkDivisors(
  name: string,
  row: RowTypes,
  operands: readonly Operand[],
  dtype: DType,
): void {
  operands.forEach((operand, i) => {
    if (typeof operand !== "object" || useOf(row, i) !== "divisor") return;
    checkWritten(operand, (value) => checkDivisor(name, value, value, dtype));
  });
}

/** Whether the results of a row are bool, whatever it compares. */
export function isTest({ kind }: RowTypes): boolean {
  return kind === "compare" || kind === "logical";
}

/**
 * The type in which operands meet, as torch.result_type: a tensor without dims
 * or a number only decides where its category (bool, integer, float) is higher.
 */
function commonType(
  name: string,
  row: RowTypes,
  operands: readonly Operand[],
): DType {
  const { kind } = row;
  // of tensors with dims, of those without, of numbers
  const found: (DType | undefined)[] = [undefined, undefined, undefined];
  operands.forEach((operand, i) => {
    if (kind === "choose" && i === 0) return;
    if (useOf(row, i) === "factor") return;
    const [rank, type]: [number, DType] = typeof operand === "object"
      ? [operand.ndim === 0 ? 1 : 0, operand.dtype]
      : [2, numberType(operand, useOf(row, i))];
    const before = found[rank];
    found[rank] = before === undefined ? type : promote(name, before, type);
  });
  let type: DType | undefined;
  for (const each of found) {
    if (each === undefined) continue;
    if (!type || DTYPES[each].category > DTYPES[type].category) type = each;
  }
  if (!type) throw new TypeError(`Cannot ${name} nothing`);
  if (kind === "float" && !isFloat(type)) return "float32";
  if (kind === "bits" && isFloat(type)) {
    throw new TypeError(
      `Cannot ${name} ${type} tensors: expected integers or bool`,
    );
  }
  if (kind === "numeric") {
    const isBool = (operand: Operand): boolean =>
      typeof operand === "object"
        ? operand.dtype === "bool"
        : typeof operand === "boolean";
    if (type === "bool" || (row.refusesBool && operands.some(isBool))) {
      throw new TypeError(
        `Cannot ${name} bool tensors: expected numbers ` +
          `(logicalXor and logicalNot take bool)`,
      );
    }
  }
  return type;
}
