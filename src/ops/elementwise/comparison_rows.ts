/**
 * Comparisons, logic and bitwise ops, none of which has a gradient.
 * elementwise.ts defines rows.
 *
 * @module
 */

import type { MapRows } from "./elementwise.ts";

/** Comparisons: bool results. */
export const COMPARISONS: MapRows = {
  eq: { kind: "compare", wgsl: "a == b" },
  // not "a != b", which compilers turn into the ordered test, false for NaN
  ne: { kind: "compare", wgsl: "!(a == b)" },
  lt: { kind: "compare", wgsl: "a < b" },
  le: { kind: "compare", wgsl: "a <= b" },
  gt: { kind: "compare", wgsl: "a > b" },
  ge: { kind: "compare", wgsl: "a >= b" },
  isnan: {
    kind: "compare",
    wgsl: { f32: "is_nan(a)", i32: "a != a", u32: "a != a" },
  },
  isinf: {
    kind: "compare",
    wgsl: { f32: "is_inf(a)", i32: "a != a", u32: "a != a" },
  },
  isfinite: {
    kind: "compare",
    wgsl: { f32: "!is_inf(a) && !is_nan(a)", i32: "a == a", u32: "a == a" },
  },
};

/** Logic: every nonzero value is true, NaN included. */
export const LOGIC: MapRows = {
  logicalAnd: {
    kind: "logical",
    wgsl: {
      f32: "!is_zero(a) && !is_zero(b)",
      i32: "a != 0 && b != 0",
      u32: "a != 0u && b != 0u",
    },
  },
  logicalOr: {
    kind: "logical",
    wgsl: {
      f32: "!is_zero(a) || !is_zero(b)",
      i32: "a != 0 || b != 0",
      u32: "a != 0u || b != 0u",
    },
  },
  logicalXor: {
    kind: "logical",
    wgsl: {
      f32: "is_zero(a) != is_zero(b)",
      i32: "(a != 0) != (b != 0)",
      u32: "(a != 0u) != (b != 0u)",
    },
  },
  logicalNot: {
    kind: "logical",
    wgsl: { f32: "is_zero(a)", i32: "a == 0", u32: "a == 0u" },
  },
};

/** Bitwise ops on integers; logic on bool. */
export const BITS: MapRows = {
  bitwiseAnd: { kind: "bits", wgsl: "a & b" },
  bitwiseOr: { kind: "bits", wgsl: "a | b" },
  bitwiseXor: { kind: "bits", wgsl: "a ^ b" },
  bitwiseNot: { kind: "bits", wgsl: "~a" },
  // WGSL takes the shift count modulo 32; here a count of 32 or more, or a
  // negative one (large in u32), leaves no bits
  bitwiseLeftShift: {
    kind: "bits",
    wgsl: "select(a << (u32(b) & 31u), T(0), u32(b) > 31u)",
  },
  // a right shift keeps the sign
  bitwiseRightShift: {
    kind: "bits",
    wgsl: {
      i32: "a >> min(u32(b), 31u)",
      u32: "select(a >> (b & 31u), 0u, b > 31u)",
    },
  },
};
