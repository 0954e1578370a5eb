/**
 * Elementwise functions of one operand: WGSL and gradients. elementwise.ts defines
 * rows; activation_rows.ts has the activations.
 *
 * @module
 */

import { map, type MapGrad, type MapRows } from "./elementwise.ts";

/** Gradient of step functions: 0 everywhere. */
const FLAT: MapGrad = { rule: (dy) => map("zero", dy) };
const LN2 = Math.LN2;
const LN10 = Math.LN10;

/** Functions of one operand. */
export const FUNCTIONS: MapRows = {
  neg: {
    kind: "numeric",
    wgsl: { f32: "-a", i32: "-a", u32: "0u - a" },
    grads: [{ rule: (dy) => dy.neg() }],
  },
  abs: {
    kind: "numeric",
    wgsl: { f32: "abs(a)", i32: "abs(a)", u32: "a" },
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(map("sign", a)) }],
  },
  sign: {
    kind: "number",
    wgsl: {
      f32: "select(0.0, sign(a), a > 0.0 || a < 0.0)",
      i32: "sign(a)",
      u32: "min(a, 1u)",
    },
    grads: [FLAT],
  },
  square: {
    kind: "number",
    wgsl: "a * a",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(a).mul(2), wide: true }],
  },
  reciprocal: {
    kind: "float",
    wgsl: "1.0 / a",
    grads: [{
      uses: "y",
      rule: (dy, { y }) => dy.mul(y.square()).neg(),
      wide: true,
    }],
  },
  sqrt: {
    kind: "float",
    wgsl: "sqrt(a)",
    grads: [{ uses: "y", rule: (dy, { y }) => dy.div(y.mul(2)) }],
  },
  // sqrt of a sum of squares; where the sum is 0, the gradient is 0
  rootOfSquares: {
    kind: "float",
    wgsl: "sqrt(a)",
    grads: [{
      uses: "y",
      rule: (dy, { y }) => {
        // 1 replaces zeros before the slope: 0 / 0 is NaN
        const root = map("where", y, y, 1);
        return map("where", y, dy.div(root.mul(2)), 0);
      },
      wide: true,
    }],
  },
  rsqrt: {
    kind: "float",
    wgsl: "1.0 / sqrt(a)",
    grads: [{
      uses: "y",
      rule: (dy, { y }) => dy.mul(y.square().mul(y)).mul(-0.5),
      wide: true,
    }],
  },
  exp: {
    kind: "float",
    wgsl: "exp_of(a)",
    grads: [{ uses: "y", rule: (dy, { y }) => dy.mul(y) }],
  },
  exp2: {
    kind: "float",
    wgsl: "exp2(a)",
    grads: [{ uses: "y", rule: (dy, { y }) => dy.mul(y).mul(LN2) }],
  },
  expm1: {
    kind: "float",
    wgsl: "expm1(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(map("exp", a)) }],
  },
  log: {
    kind: "float",
    wgsl: "log(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.div(a) }],
  },
  log2: {
    kind: "float",
    wgsl: "log2(a)",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => dy.div(a).div(LN2),
      wide: true,
    }],
  },
  log10: {
    kind: "float",
    wgsl: "log(a) * 0.43429448",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => dy.div(a).div(LN10),
      wide: true,
    }],
  },
  log1p: {
    kind: "float",
    wgsl: "log1p(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.div(map("add", a, 1)) }],
  },
  sin: {
    kind: "float",
    wgsl: "sin_of(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(map("cos", a)) }],
  },
  cos: {
    kind: "float",
    wgsl: "cos_of(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(map("sin", a)).neg() }],
  },
  tan: {
    kind: "float",
    wgsl: "tan_of(a)",
    grads: [{
      uses: "y",
      rule: (dy, { y }) => dy.add(dy.mul(y.square())),
      wide: true,
    }],
  },
  asin: {
    kind: "float",
    wgsl: "asin_of(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(map("circleSlope", a)) }],
  },
  acos: {
    kind: "float",
    wgsl: "acos_of(a)",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => dy.mul(map("circleSlope", a)).neg(),
    }],
  },
  // 1 / sqrt(1 - a^2)
  circleSlope: {
    kind: "float",
    wgsl: "1.0 / sqrt(1.0 - a * a)",
    grads: [{
      uses: "ay",
      rule: (dy, { a, y }) => dy.mul(y.square().mul(y)).mul(a),
      wide: true,
    }],
  },
  atan: {
    kind: "float",
    wgsl: "atan_of(a)",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => dy.div(map("square", a).add(1)),
      wide: true,
    }],
  },
  sinh: {
    kind: "float",
    wgsl: "sinh_of(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(map("cosh", a)) }],
  },
  cosh: {
    kind: "float",
    wgsl: "cosh_of(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(map("sinh", a)) }],
  },
  tanh: {
    kind: "float",
    wgsl: "tanh_of(a)",
    grads: [{ uses: "y", rule: (dy, { y }) => map("tanhBackward", dy, y) }],
  },
  // a (1 - b^2), b = tanh
  tanhBackward: {
    kind: "float",
    wgsl: "a * (1.0 - b * b)",
    grads: [
      { uses: "b", rule: (dy, { b }) => map("tanhBackward", dy, b) },
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(a).mul(b).mul(-2),
        wide: true,
      },
    ],
  },
  erf: {
    kind: "float",
    wgsl: "erf(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(map("erfSlope", a)) }],
  },
  // 2 / sqrt(pi) exp(-a^2)
  erfSlope: {
    kind: "float",
    wgsl: "1.1283792 * exp_of(-a * a)",
    grads: [{
      uses: "ay",
      rule: (dy, { a, y }) => dy.mul(y).mul(a).mul(-2),
      wide: true,
    }],
  },
  floor: {
    kind: "numeric",
    wgsl: { f32: "floor(a)", i32: "a", u32: "a" },
    grads: [FLAT],
  },
  ceil: {
    kind: "numeric",
    wgsl: { f32: "ceil(a)", i32: "a", u32: "a" },
    grads: [FLAT],
  },
  // to the nearest integer, halves to the even one
  round: {
    kind: "numeric",
    wgsl: { f32: "round(a)", i32: "a", u32: "a" },
    grads: [FLAT],
  },
  trunc: {
    kind: "numeric",
    wgsl: { f32: "trunc(a)", i32: "a", u32: "a" },
    grads: [FLAT],
  },
  frac: {
    kind: "float",
    wgsl: "a - trunc(a)",
    grads: [{ rule: (dy) => dy }],
  },
  // a with b for NaN; the next row has b and c for the infinities
  replaceNan: {
    kind: "float",
    wgsl: "select(a, b, is_nan(a))",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => map("where", map("isnan", a), 0, dy),
    }],
  },
  replaceInf: {
    kind: "float",
    wgsl: "select(a, select(c, b, a > 0.0), is_inf(a))",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => map("where", map("isinf", a), 0, dy),
    }],
  },
};
