/**
 * The table of elementwise ops: one row an op, its WGSL and its gradients side
 * by side. elementwise.ts says what a row means.
 *
 * Where a gradient has a cut, the test is written so that NaN takes the side
 * torch gives it.
 *
 * @module
 */

import { map, type MapRow } from "./elementwise.ts";

/** Every elementwise op. */
export const ROWS: Readonly<Record<string, MapRow>> = {
  // --- arithmetic of two ---
  add: {
    kind: "number",
    wgsl: "a + b",
    grads: [{ rule: (dy) => dy }, { rule: (dy) => dy }],
  },
  sub: {
    kind: "number",
    wgsl: "a - b",
    grads: [{ rule: (dy) => dy }, { rule: (dy) => dy.neg() }],
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
  // dy where y > 0: the gradient of relu, and again its own
  passWhere: {
    kind: "float",
    wgsl: "select(a, T(0), b <= T(0))",
    grads: [{ uses: "b", rule: (dy, { b }) => map("passWhere", dy, b) }],
  },

  // --- functions of one ---
  neg: {
    kind: "number",
    wgsl: { f32: "-a", i32: "-a", u32: "0u - a" },
    grads: [{ rule: (dy) => dy.neg() }],
  },
  exp: {
    kind: "float",
    wgsl: "exp(a)",
    grads: [{ uses: "y", rule: (dy, { y }) => dy.mul(y) }],
  },
  log: {
    kind: "float",
    wgsl: "log(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.div(a) }],
  },
  sqrt: {
    kind: "float",
    wgsl: "sqrt(a)",
    grads: [{ uses: "y", rule: (dy, { y }) => dy.div(y.mul(2)) }],
  },
  square: {
    kind: "number",
    wgsl: "a * a",
    grads: [{ uses: "a", rule: (dy, { a }) => dy.mul(a).mul(2) }],
  },
  relu: {
    kind: "number",
    // select, not max: max(NaN, 0) is 0 on some devices and hides divergence
    wgsl: "select(a, T(0), a <= T(0))",
    grads: [{ uses: "y", rule: (dy, { y }) => map("passWhere", dy, y) }],
  },

  // --- comparisons ---
  eq: { kind: "compare", wgsl: "a == b" },
  ne: { kind: "compare", wgsl: "a != b" },
  lt: { kind: "compare", wgsl: "a < b" },
  le: { kind: "compare", wgsl: "a <= b" },
  gt: { kind: "compare", wgsl: "a > b" },
  ge: { kind: "compare", wgsl: "a >= b" },
};
