/**
 * Plain numbers beside tensors: what `x.ge(-1)`, `x.clamp(-10, 300)` and
 * `x.add(300)` mean where the tensor's type holds no such number.
 *
 * NOTE [numbers]: a tensor's type decides in which type an op computes, a
 * number only lifts bool to int32, and integers to float32 if it has a fraction
 * or is NaN. In floats the number is rounded to the type. In integers it meets
 * the elements by one of these rules:
 *
 * - comparisons are exact: each becomes one with a number that the type holds
 * - a bound that no element passes changes nothing; one that all pass is refused
 * - a number that is written is refused unless it fits
 * - in arithmetic it wraps around into the type, as torch has it; as a divisor
 *   it must not be 0 then, and as an exponent it does not wrap
 * - the factor `alpha` of a sum lifts nothing: it must be an integer itself
 *
 * An infinity is an integer beyond every range, not a float, where it is a bound
 * that changes nothing.
 *
 * @module
 */

import { type DType, fit, RANGES, roundTo } from "../tensor/dtype.ts";

/** What a row does with a number. */
export type NumberUse =
  | "operand"
  | "divisor"
  | "exponent"
  | "factor"
  | "least"
  | "most"
  | "value";

/** The comparisons of two. */
export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** The type that a number has by itself; it gives way to that of tensors. */
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
 * The number that stands for `value` in the row `name`, which computes in
 * `dtype`.
 *
 * @throws {RangeError} If there is none
 * @throws {TypeError} If a factor of integers or bool has a fraction
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
 * A number as it is written into elements of `dtype` by `op`.
 *
 * @throws {RangeError} If the type holds no such number
 */
export function elementOf(
  op: string,
  value: number | boolean,
  dtype: DType,
): number | boolean {
  const element = fit(op, Number(value), dtype);
  return dtype === "bool" ? element !== 0 : element;
}

/** @throws {RangeError} If an integer divisor is 0, or `wrapped` is */
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
 * A comparison with a number that elements of `dtype` can be: it has the same
 * answer for every element.
 */
export function exactly(
  test: Comparison,
  value: number,
  dtype: DType,
): readonly [Comparison, number] {
  // bool meets numbers in int32
  const range = RANGES[dtype === "bool" ? "int32" : dtype];
  if (!range) return amongFloats(test, value, dtype);
  const [least, most] = range;
  const always = ["ge", least] as const;
  const never = ["lt", least] as const;
  // whether elements are on the side of the test that is below the number
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

// The number is rounded to the type, as torch does; one beyond the type's range
// is no infinity for that.
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
