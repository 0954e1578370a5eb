/**
 * Elementwise ops with more arguments than a row of the tables has: bounds that
 * may be missing, rounding modes, scaled sums.
 *
 * @module
 */

import { checkChoice, checkOptionNames } from "../tensor/arguments.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { map } from "./elementwise.ts";
import type { Operand } from "./map.ts";
import { inFloat32 } from "./wide.ts";

/** Options of `add` and `sub`. */
export interface AddOptions {
  /** What the second operand is multiplied with. Default: 1. */
  readonly alpha?: number;
}

/** Options of `div`. */
export interface DivOptions {
  /** How a quotient is rounded. Default: not at all, in floats. */
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
  return alpha === 1 ? map("sub", a, b) : map("addScaled", a, b, -alpha);
}

/** a / b, rounded if asked for. */
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

/**
 * a to the power of b.
 *
 * @throws {RangeError} If the elements are integers and b is a negative one
 */
export function pow(a: Tensor, b: Operand): Tensor {
  if (b === 2) return map("square", a.dtype === "bool" ? a.to("int32") : a);
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
 * Elements below `min` become `min`, those above `max` become `max`; where
 * `min` is larger than `max`, everything becomes `max`.
 *
 * @throws {TypeError} If there is neither bound
 */
export function clamp(a: Tensor, min?: Operand, max?: Operand): Tensor {
  if (min === undefined && max === undefined) {
    throw new TypeError(
      `Cannot clamp ${a.describe()}: expected min, max or both`,
    );
  }
  const raised = min === undefined ? a : map("clampMin", a, min);
  return max === undefined ? raised : map("clampMax", raised, max);
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
  /** What NaN becomes. Default: 0. */
  readonly nan?: number;
  /** What infinity becomes. Default: the largest float32. */
  readonly posinf?: number;
  /** What -infinity becomes. Default: the smallest float32. */
  readonly neginf?: number;
}

const LARGEST = 3.4028234663852886e38;

/** NaN and infinities as ordinary numbers. */
export function nanToNum(
  a: Tensor,
  options: NanToNumOptions = {},
): Tensor {
  const { nan = 0, posinf = LARGEST, neginf = -LARGEST } = checkOptionNames(
    "nanToNum",
    options,
    ["nan", "posinf", "neginf"],
  );
  if (!isFloat(a.dtype)) return a;
  return map("replaceInf", map("replaceNan", a, nan), posinf, neginf);
}

/**
 * Elements of `a` where `condition` is true (not 0), else those of `b`. At least
 * one of the three is a tensor that gives the shape.
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return map("where", condition, a, b);
}
