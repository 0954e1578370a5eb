/**
 * Elementwise ops on numbers, two or three at a time: their WGSL and gradients.
 * elementwise.ts says what a row means.
 *
 * Where a gradient has a cut, the test is written so that ties and NaN take the
 * side torch gives them.
 *
 * @module
 */

import { map, type MapGrad, type MapRows } from "./elementwise.ts";
import type { Operand } from "./map.ts";

const PASS: MapGrad = { rule: (dy) => dy };
/** The gradient of steps: 0 everywhere. */
const FLAT: MapGrad = { rule: (dy) => map("zero", dy) };

/** Arithmetic of two or three. */
export const ARITHMETIC: MapRows = {
  add: { kind: "number", wgsl: "a + b", grads: [PASS, PASS] },
  sub: {
    kind: "numeric",
    wgsl: "a - b",
    grads: [PASS, { rule: (dy) => dy.neg() }],
  },
  // a + c * b, c a number
  addScaled: {
    kind: "number",
    wgsl: "a + c * b",
    grads: [PASS, { uses: "c", rule: (dy, { c }) => dy.mul(c) }],
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
      { uses: "by", rule: (dy, { b, y }) => dy.mul(y).div(b).neg() },
    ],
  },
  divTrunc: {
    kind: "numeric",
    wgsl: { f32: "trunc(a / b)", i32: "a / b", u32: "a / b" },
    grads: [FLAT, FLAT],
  },
  floorDivide: {
    kind: "numeric",
    wgsl: {
      f32: "floor_divide(a, b)",
      i32: "a / b - select(0, 1, a % b != 0 && ((a ^ b) < 0))",
      u32: "a / b",
    },
    grads: [FLAT, FLAT],
  },
  fmod: {
    kind: "numeric",
    wgsl: { f32: "fmod(a, b)", i32: "a % b", u32: "a % b" },
    grads: [PASS, {
      uses: "ab",
      rule: (dy, { a, b }) => dy.mul(map("divTrunc", a, b)).neg(),
    }],
  },
  remainder: {
    kind: "numeric",
    wgsl: {
      f32: "remainder(a, b)",
      i32: "select(a % b, a % b + b, a % b != 0 && (((a % b) ^ b) < 0))",
      u32: "a % b",
    },
    grads: [PASS, {
      uses: "ab",
      rule: (dy, { a, b }) => dy.mul(map("floorDivide", a, b)).neg(),
    }],
  },
  pow: {
    kind: "numeric",
    wgsl: {
      f32: "power(a, b)",
      i32: "power_i32(a, b)",
      u32: "power_u32(a, b)",
    },
    grads: [
      { uses: "ab", rule: (dy, { a, b }) => dy.mul(map("powSlope", a, b)) },
      {
        uses: "aby",
        rule: (dy, { a, b, y }) => dy.mul(map("powLog", y, a, b)),
      },
    ],
  },
  // d(a^b)/da, which is 0 for b = 0 whatever a is
  powSlope: {
    kind: "float",
    wgsl: "select(b * power(a, b - 1.0), 0.0, b == 0.0)",
    grads: [
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(b).mul(map("powSlope", a, minusOne(b))),
      },
      {
        uses: "ab",
        rule: (dy, { a, b }) => {
          const less = dy.mul(map("pow", a, minusOne(b)));
          return less.add(less.mul(b).mul(logOf(a)));
        },
      },
    ],
  },
  // d(b^c)/dc of a = b^c: 0 where b is 0 and c is not negative
  powLog: {
    kind: "float",
    wgsl: "select(a * log(b), 0.0, b == 0.0 && c >= 0.0)",
    grads: [
      { uses: "bc", rule: (dy, { b, c }) => map("powLog", dy, b, c) },
      { uses: "ab", rule: (dy, { a, b }) => dy.mul(a).div(b) },
      undefined,
    ],
  },
  // a^b of a >= 0, whose gradient at 0 is 0 where torch's norms have it so
  powerOrZero: {
    kind: "float",
    wgsl: "power(a, b)",
    grads: [{
      uses: "ab",
      rule: (dy, { a, b }) => map("where", a, dy.mul(map("powSlope", a, b)), 0),
    }],
  },
  atan2: {
    kind: "float",
    wgsl: "atan2_of(a, b)",
    grads: [
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(b).div(map("squares", a, b)),
      },
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(a).div(map("squares", a, b)).neg(),
      },
    ],
  },
  squares: {
    kind: "float",
    wgsl: "a * a + b * b",
    grads: [
      { uses: "a", rule: (dy, { a }) => dy.mul(a).mul(2) },
      { uses: "b", rule: (dy, { b }) => dy.mul(b).mul(2) },
    ],
  },
  maximum: {
    kind: "number",
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
  // a's share of the gradient of max(a, b): ties share it, as in torch
  greaterShare: {
    kind: "number",
    wgsl: "select(select(T(0), T(1), a > b), T(0.5), a == b)",
  },
  // max(a, b), where a tie belongs to a alone
  clampMin: {
    kind: "number",
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
  // min(a, b), where a tie belongs to a alone
  clampMax: {
    kind: "number",
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
  // a where b >= c (or they can't be compared), or where b < c; else 0
  passNotBelow: {
    kind: "number",
    wgsl: "select(a, T(0), b < c)",
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
      { uses: "ab", rule: (dy, { a, b }) => dy.mul(map("sub", b, a)) },
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
  // b, where a was: what is written in place
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

function logOf(a: Operand): Operand {
  return typeof a === "object" ? a.log() : Math.log(Number(a));
}
