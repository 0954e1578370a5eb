/**
 * Elementwise ops with arguments beyond those of a row: optional bounds, rounding
 * modes, scaled sums.
 *
 * @module
 */

import { checkChoice, checkOptionNames } from "../../tensor/arguments.ts";
import { fit, isFloat, LARGEST, RANGES } from "../../tensor/dtype.ts";
import { Scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkTensor } from "../define.ts";
import { map, settleRow } from "./elementwise.ts";
import { mapInto, settleInto } from "./in_place.ts";
import type { Operand } from "../map/map.ts";
import { elementOf } from "../numbers.ts";
import { inFloat32 } from "../map/wide.ts";

/** Options of `add` and `sub`. */
export interface AddOptions {
  /**
   * Factor of the second operand; an integer for integer tensors. Default: 1.
   */
  readonly alpha?: number;
}

/** Options of `div`. */
export interface DivOptions {
  /** Rounding of the quotient. Default: none, with a float result. */
  readonly roundingMode?: "trunc" | "floor";
}

/** a + alpha * b. */
export function add(
  a: Tensor,
  b: Operand,
  options: AddOptions = {},
): Tensor {
  const { alpha = 1 } = checkOptionNames("add", options, ["alpha"]);
  return alpha === 1 ? map("add", a, b) : map("addScaled", a, b, alpha);
}

/** a - alpha * b. */
export function sub(
  a: Tensor,
  b: Operand,
  options: AddOptions = {},
): Tensor {
  const { alpha = 1 } = checkOptionNames("sub", options, ["alpha"]);
  return alpha === 1 ? map("sub", a, b) : map("subScaled", a, b, alpha);
}

/** a / b, rounded by `roundingMode`. */
export function div(
  a: Tensor,
  b: Operand,
  options: DivOptions = {},
): Tensor {
  const { roundingMode } = checkOptionNames("div", options, ["roundingMode"]);
  if (roundingMode === undefined) return map("div", a, b);
  checkChoice("div", "roundingMode", roundingMode, ["trunc", "floor"]);
  return map(roundingMode === "floor" ? "floorDivide" : "divTrunc", a, b);
}

/** a * a; int32 for bool, as for any power by a number. */
export function square(a: Tensor): Tensor {
  return map("square", a.dtype === "bool" ? a.to("int32") : a);
}

/**
 * a to the power of b.
 *
 * @throws {RangeError} If `a` is of integers and `b` is a negative integer
 */
export function pow(a: Tensor, b: Operand): Tensor {
  if (b === 2) return square(a);
  if (b === 0.5) return map("sqrt", a);
  if (!isFloat(a.dtype) && typeof b === "number" && b < 0 && b % 1 === 0) {
    throw new RangeError(
      `Cannot take ${a.describe()} to the power of ${b}: integers have no ` +
        `negative powers (make it float32 first)`,
    );
  }
  return map("pow", a, b);
}

/**
 * Bounds elements: those below `min` become `min`, those above `max` become `max`.
 * Where `min` exceeds `max`, the result is `max`.
 *
 * @throws {TypeError} If both bounds are missing
 * @throws {RangeError} If an integer type cannot hold a bound that elements would
 * become
 */
export function clamp(a: Tensor, min?: Operand, max?: Operand): Tensor {
  const [least, most] = clampBounds(a, min, max);
  // integers in the type of the bounds from the start
  const { dtype } = settleRow(
    "hardtanh",
    a,
    least ?? -Infinity,
    most ?? Infinity,
  );
  const x = isFloat(a.dtype) ? a : a.to(dtype);
  const raised = least === undefined ? x : map("clampMin", x, least);
  return most === undefined ? raised : map("clampMax", raised, most);
}

/** Clamps `a` in place. */
export function clampInto(a: Tensor, min?: Operand, max?: Operand): void {
  const [least, most] = clampBounds(a, min, max);
  if (most !== undefined) settleInto("clampMax", a, most); // before any work
  using _region = new Scope();
  // the first write would change an upper bound in the same storage
  const isInside = least !== undefined && typeof most === "object" &&
    most.storage === a.storage;
  const upper = isInside ? most.clone() : most;
  if (least !== undefined) mapInto("clampMin", a, least);
  if (upper !== undefined) mapInto("clampMax", a, upper);
}

// Returns integer bounds with which max(a, lower bound) never leaves the type's
// range before the upper bound applies.
function clampBounds(
  a: Tensor,
  min: Operand | undefined,
  max: Operand | undefined,
): readonly [Operand | undefined, Operand | undefined] {
  if (min === undefined && max === undefined) {
    throw new TypeError(
      `Cannot clamp ${a.describe()}: expected min, max or both`,
    );
  }
  if (typeof min !== "number" || max === undefined || isFloat(a.dtype)) {
    return [min, max];
  }
  const { dtype } = settleRow("clampMax", a, max);
  const room = typeof max === "object"
    ? RANGES[dtype]?.[1] ?? Infinity
    : Number(max);
  return [min > room ? room : min, max];
}

/** a + value * b * c. */
export function addcmul(
  a: Tensor,
  b: Tensor,
  c: Operand,
  options: { readonly value?: number } = {},
): Tensor {
  const { value = 1 } = checkOptionNames("addcmul", options, ["value"]);
  const third = typeof c === "object" ? [c] : [];
  return inFloat32(
    [a, b, ...third],
    (x, y, z) => add(x, map("mul", y, z ?? c), { alpha: value }),
  );
}

/** a + value * b / c. */
export function addcdiv(
  a: Tensor,
  b: Tensor,
  c: Operand,
  options: { readonly value?: number } = {},
): Tensor {
  const { value = 1 } = checkOptionNames("addcdiv", options, ["value"]);
  const third = typeof c === "object" ? [c] : [];
  return inFloat32(
    [a, b, ...third],
    (x, y, z) => add(x, map("div", y, z ?? c), { alpha: value }),
  );
}

/** Options of `nanToNum`. */
export interface NanToNumOptions {
  /** Replacement of NaN. Default: 0. */
  readonly nan?: number;
  /** Replacement of infinity. Default: the largest number of the type. */
  readonly posinf?: number;
  /** Replacement of -infinity. Default: the smallest number of the type. */
  readonly neginf?: number;
}

/**
 * Replaces NaN and infinities by finite numbers.
 *
 * @throws {RangeError} If the type cannot hold a replacement
 */
export function nanToNum(
  a: Tensor,
  options: NanToNumOptions = {},
): Tensor {
  const { dtype } = a;
  checkOptionNames("nanToNum", options, ["nan", "posinf", "neginf"]);
  const largest = LARGEST[dtype];
  if (largest === undefined) return a; // integers are all finite
  const { nan = 0, posinf = largest, neginf = -largest } = options;
  const [n, p, q] = [nan, posinf, neginf].map((value) =>
    fit("nanToNum", value, dtype)
  );
  return map("replaceInf", map("replaceNan", a, n!), p!, q!);
}

/**
 * Returns elements of `a` where `condition` is true (not 0), else those of `b`.
 * The three broadcast.
 *
 * @throws {RangeError} If a number does not fit the type of the other operand
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  checkTensor("where", condition);
  // an integer row would drop the fraction of a float condition
  const test = isFloat(condition.dtype) ? map("ne", condition, 0) : condition;
  return map("where", test, a, b);
}

/**
 * Returns `value` where `mask` is true, else the elements of `x`. The result has
 * the type of `x`: a tensor `value` is cast.
 *
 * @throws {RangeError} If a number does not fit the type of `x`
 */
export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  const element = typeof value === "object"
    ? value.to(x.dtype)
    : elementOf("maskedFill", Number(value), x.dtype);
  return where(mask, element, x);
}
