/**
 * Promotion: the type in which a row of an elementwise table computes, and its
 * operands in that type, by torch's rules and NOTE [numbers] of numbers.ts. This
 * module ignores shapes.
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
 * Types that an op takes and returns.
 *
 * - `float`: any type in, integers become float32; floats out
 * - `number`: any type in, the promoted type out; `numeric`: the same without bool
 * - `choose`: as `number`; the first operand is a condition of any type
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

/** Types of a row. */
export interface RowTypes {
  readonly kind: MapKind;
  /** Roles of operands that are plain numbers, if `kind` does not imply them. */
  readonly numbers?: Readonly<Partial<Record<"a" | "b" | "c", NumberUse>>>;
  /** Whether a single bool operand is refused; `numeric` refuses only all-bool. */
  readonly refusesBool?: true;
}

/** Operands of a row, with numbers converted to its type. */
export interface TypedCall {
  readonly operands: readonly Operand[];
  /** Type of the result, or of the compared operands. */
  readonly dtype: DType;
  readonly compute: ComputeType;
}

/**
 * Returns the operands and types of a call of the row `name`.
 *
 * @throws {TypeError} If an operand is not a tensor or number, or the row refuses
 * the types
 * @throws {RangeError} If the type cannot hold a number
 */
export function settle(
  name: string,
  row: RowTypes,
  args: readonly Operand[],
): TypedCall {
  const { kind } = row;
  for (const operand of args) {
    if (typeof operand !== "number" && typeof operand !== "boolean") {
      checkTensor(name, operand);
    }
  }
  let operands = args;
  // 2^32 is not 0, though its low bits are
  if (kind === "logical") {
    operands = args.map((operand) =>
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

// Returns the widest integer type of a comparison or a bound; tensors without dims
// count here, although they do not decide the result's type.
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

// Casts a wider tensor without dims to the type of those with dims, as torch does.
// int32 and uint32 have the same words.
function narrowed(
  operands: readonly Operand[],
  dtype: DType,
): readonly Operand[] {
  if (dtype !== "uint8") return operands;
  return operands.map((x) =>
    typeof x === "object" && x.bytesPerElement > 1 ? x.to(dtype) : x
  );
}

// Checks divisors that the host wrote; only the GPU knows others.
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

/** Returns true if the results of a row are always bool. */
export function isTest({ kind }: RowTypes): boolean {
  return kind === "compare" || kind === "logical";
}

/**
 * Returns the promoted type of operands, as torch.result_type does. A tensor
 * without dims or a number decides only if its category (bool, integer, float) is
 * higher.
 */
function commonType(
  name: string,
  row: RowTypes,
  operands: readonly Operand[],
): DType {
  const { kind } = row;
  // types of tensors with dims, of tensors without dims, and of numbers
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
