/**
 * Plain numbers as operands: the meaning of `x.ge(-1)`, `x.clamp(-10, 300)` and
 * `x.add(300)` if the tensor's type cannot hold the number.
 *
 * NOTE [numbers]: the tensor's type decides in which type an op computes. A
 * number promotes bool to int32, and integers to float32 if the number is NaN or
 * has a fraction. Floating types round the number. Integer types have these
 * rules:
 *
 * - a comparison is exact: another comparison, with a number that the type
 *   holds, stands for it
 * - a bound that no element passes changes nothing; a bound that all elements
 *   pass is refused
 * - a number to write must fit the type
 * - in arithmetic the number wraps around into the type, as in torch; a divisor
 *   must not wrap to 0, and an exponent does not wrap
 * - the factor `alpha` of a sum promotes nothing and must be an integer
 *
 * An infinite bound that changes nothing counts as an integer, not as a float.
 *
 * @module
 */

import { type DType, fit, RANGES, roundTo } from "../tensor/dtype.ts";

/** Role of a number in an op's row. */
export type NumberUse =
  | "operand"
  | "divisor"
  | "exponent"
  | "factor"
  | "least"
  | "most"
  | "value";

/** Comparisons of two elements. */
export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** Returns the type of a number for promotion, where tensors take precedence. */
export function numberType(
  value: number | boolean,
  use: NumberUse | undefined,
): DType {
  if (typeof value === "boolean") return "bool";
  const isOpen = value === (use === "least" ? -Infinity : Infinity) &&
    (use === "least" || use === "most");
  return Number.isInteger(value) || isOpen ? "int32" : "float32";
}

/**
 * Returns the number that replaces `value` in the row `name`, which computes in
 * `dtype`.
 *
 * @throws {RangeError} If no number of the type can replace `value`
 * @throws {TypeError} If the factor of an integer or bool tensor has a fraction
 */
export function meet(
  name: string,
  value: number,
  dtype: DType,
  use: NumberUse,
): number {
  if (use === "value") return fit(name, value, dtype);
  if (use === "factor") checkFactor(name, value, dtype);
  if (use === "factor" && dtype === "bool") return Number(value !== 0);
  const range = RANGES[dtype];
  if (!range) return value;
  const [least, most] = range;
  switch (use) {
    case "least":
      return Math.max(least, checkBound(value, dtype, value > most));
    case "most":
      return Math.min(most, checkBound(value, dtype, value < least));
    case "exponent":
      if (value >= 0 && value < 2 ** 31) return value;
      throw new RangeError(
        `Cannot ${name} ${dtype} by ${value}: expected 0 to ${2 ** 31 - 1}`,
      );
    case "operand":
    case "factor":
      return wrap(value, dtype);
    case "divisor":
      checkDivisor(name, value, wrap(value, dtype), dtype);
      return wrap(value, dtype);
    default:
      return use satisfies never;
  }
}

function checkFactor(name: string, value: number, dtype: DType): void {
  if (Number.isInteger(value)) return;
  throw new TypeError(
    `Cannot ${name} ${dtype} tensors times ${value}: expected an integer ` +
      `(make one of them float32 first)`,
  );
}

/**
 * Returns the element of `dtype` that `op` writes for a number.
 *
 * @throws {RangeError} If the type cannot hold the number
 */
export function elementOf(
  op: string,
  value: number | boolean,
  dtype: DType,
): number | boolean {
  const element = fit(op, Number(value), dtype);
  return dtype === "bool" ? element !== 0 : element;
}

/** @throws {RangeError} If an integer divisor is 0 or wraps around to 0 */
export function checkDivisor(
  name: string,
  value: number,
  wrapped: number,
  dtype: DType,
): void {
  if (wrapped !== 0) return;
  const zero = value === 0 ? "0" : `${value}, which wraps around to 0`;
  throw new RangeError(
    `Cannot ${name} ${dtype} by ${zero}: integers have no such quotient ` +
      `(make them float32 first)`,
  );
}

function checkBound(value: number, dtype: DType, isPassed: boolean): number {
  if (!isPassed) return value;
  const [least, most] = RANGES[dtype]!;
  throw new RangeError(
    `Cannot bound ${dtype} elements by ${value}: every one would be ${value}, ` +
      `expected ${least} to ${most}`,
  );
}

function wrap(value: number, dtype: DType): number {
  if (dtype === "int32") return value | 0;
  return dtype === "uint8" ? value & 0xff : value >>> 0;
}

/**
 * Returns an equivalent comparison: same answer for every element, with a number
 * that `dtype` holds.
 */
export function exactly(
  test: Comparison,
  value: number,
  dtype: DType,
): readonly [Comparison, number] {
  // bool and a number are compared in int32
  const range = RANGES[dtype === "bool" ? "int32" : dtype];
  if (!range) return amongFloats(test, value, dtype);
  const [least, most] = range;
  const always = ["ge", least] as const;
  const never = ["lt", least] as const;
  // whether elements below the number pass the test
  const isBelow = test === "lt" || test === "le";
  if (Number.isNaN(value)) return test === "ne" ? always : never;
  if (test === "eq" || test === "ne") {
    const isThere = Number.isInteger(value) && least <= value && value <= most;
    return isThere ? [test, value] : test === "eq" ? never : always;
  }
  if (value > most) return isBelow ? always : never;
  if (value < least) return isBelow ? never : always;
  // a < v as a < ceil(v), a <= v as a <= floor(v)
  const isUp = test === "lt" || test === "ge";
  return [test, isUp ? Math.ceil(value) : Math.floor(value)];
}

// The number is rounded to the type, as in torch. If rounding makes a finite
// number infinite, the comparison still treats it as finite.
function amongFloats(
  test: Comparison,
  value: number,
  dtype: DType,
): readonly [Comparison, number] {
  const rounded = roundTo(value, dtype);
  if (Number.isFinite(value) === Number.isFinite(rounded)) {
    return [test, rounded];
  }
  if (test === "eq" || test === "ne") return [test, NaN];
  if (rounded > 0) {
    return [test === "lt" || test === "le" ? "lt" : "ge", rounded];
  }
  return [test === "lt" || test === "le" ? "le" : "gt", rounded];
}
