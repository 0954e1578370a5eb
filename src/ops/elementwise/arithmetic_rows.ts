/**
 * Arithmetic of two or three operands: WGSL and gradients. elementwise.ts defines
 * rows.
 *
 * If a gradient has a jump, ties and NaN take the same side as in torch.
 *
 * @module
 */

import { map, type MapGrad, type MapRows } from "./elementwise.ts";
import type { Operand } from "../map/map.ts";

const PASS: MapGrad = { rule: (dy) => dy };
/** Gradient of step functions: 0 everywhere. */
const FLAT: MapGrad = { rule: (dy) => map("zero", dy) };

/** Arithmetic of two or three operands. */
export const ARITHMETIC: MapRows = {
  add: { kind: "number", wgsl: "a + b", grads: [PASS, PASS] },
  sub: {
    kind: "numeric",
    refusesBool: true, // as torch
    wgsl: "a - b",
    grads: [PASS, { rule: (dy) => dy.neg() }],
  },
  // c is a number
  addScaled: {
    called: "add",
    kind: "number",
    numbers: { c: "factor" },
    wgsl: "a + c * b",
    grads: [PASS, { uses: "c", rule: (dy, { c }) => dy.mul(c) }],
  },
  subScaled: {
    called: "sub",
    kind: "numeric",
    refusesBool: true,
    numbers: { c: "factor" },
    wgsl: "a - c * b",
    grads: [PASS, { uses: "c", rule: (dy, { c }) => dy.mul(c).neg() }],
  },
  mul: {
    kind: "number",
    wgsl: "a * b",
    grads: [
      { uses: "b", rule: (dy, { b }) => dy.mul(b) },
      { uses: "a", rule: (dy, { a }) => dy.mul(a) },
    ],
  },
  div: {
    kind: "float",
    wgsl: "a / b",
    grads: [
      { uses: "b", rule: (dy, { b }) => dy.div(b) },
      {
        uses: "by",
        rule: (dy, { b, y }) => dy.mul(y).div(b).neg(),
        wide: true,
      },
    ],
  },
  divTrunc: {
    kind: "numeric",
    numbers: { b: "divisor" },
    wgsl: { f32: "trunc(a / b)", i32: "a / b", u32: "a / b" },
    grads: [FLAT, FLAT],
  },
  floorDivide: {
    kind: "numeric",
    numbers: { b: "divisor" },
    wgsl: {
      f32: "floor_divide(a, b)",
      i32: "a / b - select(0, 1, a % b != 0 && ((a ^ b) < 0))",
      u32: "a / b",
    },
    grads: [FLAT, FLAT],
  },
  fmod: {
    kind: "numeric",
    numbers: { b: "divisor" },
    wgsl: { f32: "fmod(a, b)", i32: "a % b", u32: "a % b" },
    grads: [PASS, {
      uses: "ab",
      rule: (dy, { a, b }) => dy.mul(map("divTrunc", a, b)).neg(),
      wide: true,
    }],
  },
  remainder: {
    kind: "numeric",
    numbers: { b: "divisor" },
    wgsl: {
      f32: "remainder(a, b)",
      i32: "select(a % b, a % b + b, a % b != 0 && (((a % b) ^ b) < 0))",
      u32: "a % b",
    },
    grads: [PASS, {
      uses: "ab",
      rule: (dy, { a, b }) => dy.mul(map("floorDivide", a, b)).neg(),
      wide: true,
    }],
  },
  pow: {
    kind: "numeric",
    numbers: { b: "exponent" },
    wgsl: {
      f32: "power(a, b)",
      i32: "power_i32(a, b)",
      u32: "power_u32(a, b)",
    },
    grads: [
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(map("scaledPower", a, minusOne(b), b)),
        wide: true,
      },
      {
        uses: "aby",
        rule: (dy, { a, b, y }) => dy.mul(map("powLog", y, a, b)),
      },
    ],
  },
  // c a^b: the derivatives of powers by a; 0 where c is 0, for any a
  scaledPower: {
    kind: "float",
    wgsl: "select(c * power(a, b), 0.0, c == 0.0)",
    grads: [
      {
        uses: "abc",
        rule: (dy, { a, b, c }) =>
          dy.mul(map("scaledPower", a, minusOne(b), productOf(b, c))),
        wide: true,
      },
      {
        uses: "aby",
        rule: (dy, { a, b, y }) => dy.mul(map("powLog", y, a, b)),
      },
      { uses: "ab", rule: (dy, { a, b }) => dy.mul(map("pow", a, b)) },
    ],
  },
  // d(b^c)/dc from a = b^c or a multiple of it: 0 where b is 0 and b^c is finite
  powLog: {
    kind: "float",
    wgsl: "select(a * log(b), 0.0, b == 0.0 && (c >= 0.0 || a == 0.0))",
    grads: [
      { uses: "bc", rule: (dy, { b, c }) => map("powLog", dy, b, c) },
      {
        uses: "abc",
        rule: (dy, { a, b, c }) => dy.mul(map("powLogSlope", a, b, c)),
      },
      undefined,
    ],
  },
  // a / b from a = b^c: 0 where b is 0 and c is above 1
  powLogSlope: {
    kind: "float",
    wgsl: "select(a / b, 0.0, b == 0.0 && c > 1.0)",
    grads: [
      { uses: "bc", rule: (dy, { b, c }) => map("powLogSlope", dy, b, c) },
      {
        uses: "bcy",
        rule: (dy, { b, c, y }) =>
          dy.mul(map("powLogSlope", y, b, minusOne(c))).neg(),
        wide: true,
      },
      undefined,
    ],
  },
  // a^b of a >= 0, whose gradient at 0 is 0 as in torch's norms
  powerOrZero: {
    kind: "float",
    wgsl: "power(a, b)",
    grads: [{
      uses: "ab",
      rule: (dy, { a, b }) => {
        // 1 replaces zeros before the slope: 0 * infinity is NaN
        const base = map("where", a, a, 1);
        const slope = map("scaledPower", base, minusOne(b), b);
        return map("where", a, dy.mul(slope), 0);
      },
      wide: true,
    }],
  },
  atan2: {
    kind: "float",
    wgsl: "atan2_of(a, b)",
    grads: [
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(b).div(map("squares", a, b)),
        wide: true,
      },
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(a).div(map("squares", a, b)).neg(),
        wide: true,
      },
    ],
  },
  squares: {
    kind: "float",
    wgsl: "a * a + b * b",
    grads: [
      { uses: "a", rule: (dy, { a }) => dy.mul(a).mul(2), wide: true },
      { uses: "b", rule: (dy, { b }) => dy.mul(b).mul(2), wide: true },
    ],
  },
  maximum: {
    kind: "number",
    numbers: { b: "least" },
    wgsl: {
      f32: "select(max(a, b), a + b, is_nan(a) || is_nan(b))",
      i32: "max(a, b)",
      u32: "max(a, b)",
    },
    grads: [
      { uses: "ab", rule: (dy, { a, b }) => dy.mul(map("greaterShare", a, b)) },
      { uses: "ab", rule: (dy, { a, b }) => dy.mul(map("greaterShare", b, a)) },
    ],
  },
  minimum: {
    kind: "number",
    numbers: { b: "most" },
    wgsl: {
      f32: "select(min(a, b), a + b, is_nan(a) || is_nan(b))",
      i32: "min(a, b)",
      u32: "min(a, b)",
    },
    grads: [
      { uses: "ab", rule: (dy, { a, b }) => dy.mul(map("greaterShare", b, a)) },
      { uses: "ab", rule: (dy, { a, b }) => dy.mul(map("greaterShare", a, b)) },
    ],
  },
  // a's share of the gradient of max(a, b): ties share it, and if a or b is NaN
  // both get all of it, as in torch
  greaterShare: {
    kind: "number",
    wgsl: "select(select(T(1), T(0), a < b), T(0.5), a == b)",
  },
  // max(a, b); in a tie, a gets the whole gradient
  clampMin: {
    called: "clamp",
    kind: "number",
    numbers: { b: "least" },
    wgsl: {
      f32: "select(max(a, b), a + b, is_nan(a) || is_nan(b))",
      i32: "max(a, b)",
      u32: "max(a, b)",
    },
    grads: [
      { uses: "ab", rule: (dy, { a, b }) => map("passNotBelow", dy, a, b) },
      { uses: "ab", rule: (dy, { a, b }) => map("passBelow", dy, a, b) },
    ],
  },
  // min(a, b); in a tie, a gets the whole gradient
  clampMax: {
    called: "clamp",
    kind: "number",
    numbers: { b: "most" },
    wgsl: {
      f32: "select(min(a, b), a + b, is_nan(a) || is_nan(b))",
      i32: "min(a, b)",
      u32: "min(a, b)",
    },
    grads: [
      { uses: "ab", rule: (dy, { a, b }) => map("passNotBelow", dy, b, a) },
      { uses: "ab", rule: (dy, { a, b }) => map("passBelow", dy, b, a) },
    ],
  },
  // a where b >= c, or where b < c; else 0, also if b or c is NaN
  passNotBelow: {
    kind: "number",
    wgsl: "select(T(0), a, b >= c)",
    grads: [{
      uses: "bc",
      rule: (dy, { b, c }) => map("passNotBelow", dy, b, c),
    }],
  },
  passBelow: {
    kind: "number",
    wgsl: "select(T(0), a, b < c)",
    grads: [{ uses: "bc", rule: (dy, { b, c }) => map("passBelow", dy, b, c) }],
  },
  // a + c * (b - a), from the nearer end
  lerp: {
    kind: "float",
    wgsl: "select(b - (b - a) * (1.0 - c), a + c * (b - a), c < 0.5)",
    grads: [
      { uses: "c", rule: (dy, { c }) => dy.sub(dy.mul(c)) },
      { uses: "c", rule: (dy, { c }) => dy.mul(c) },
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(map("sub", b, a)),
        wide: true,
      },
    ],
  },
  where: {
    kind: "choose",
    wgsl: {
      f32: "select(c, b, !is_zero(a))",
      i32: "select(c, b, a != 0)",
      u32: "select(c, b, a != 0u)",
    },
    grads: [
      undefined,
      { uses: "a", rule: (dy, { a }) => map("where", a, dy, 0) },
      { uses: "a", rule: (dy, { a }) => map("where", a, 0, dy) },
    ],
  },
  // b in place of a: copies and fills in place
  replace: { kind: "number", wgsl: "b", grads: [FLAT, PASS] },
  zero: {
    kind: "number",
    wgsl: "T(0)",
    grads: [{ rule: (dy) => map("zero", dy) }],
  },
};

function minusOne(b: Operand): Operand {
  return typeof b === "object" ? b.sub(1) : Number(b) - 1;
}

function productOf(b: Operand, c: Operand): Operand {
  if (typeof b === "object" || typeof c === "object") return map("mul", b, c);
  return Number(b) * Number(c);
}
