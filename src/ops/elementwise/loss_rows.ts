/**
 * Elementwise functions of losses: WGSL and gradients. elementwise.ts defines
 * rows.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import { map, type MapRows } from "./elementwise.ts";
import type { Operand } from "../map/map.ts";

/** Least denominator, as in torch. */
const TINY = 1e-12;

/** Elementwise functions of losses. */
export const LOSSES: MapRows = {
  // a^2 / 2 up to |a| = b, a number, and a line beyond
  huber: {
    kind: "float",
    wgsl: "select(b * (abs(a) - 0.5 * b), 0.5 * a * a, abs(a) < b)",
    grads: [{
      uses: "ab",
      rule: (dy, { a, b }) => dy.mul(map("hardtanh", a, -Number(b), b)),
    }],
  },
  // with d = |a - b|: d^2 / 2c up to d = c, a number, and d - c / 2 beyond
  smoothL1: {
    called: "smoothL1Loss",
    kind: "float",
    wgsl: "select(abs(a - b) - 0.5 * c, 0.5 * (a - b) * (a - b) / c, " +
      "abs(a - b) < c)",
    grads: [
      { uses: "abc", rule: (dy, { a, b, c }) => smoothL1Grad(dy, a, b, c) },
      { uses: "abc", rule: (dy, { a, b, c }) => smoothL1Grad(dy, b, a, c) },
    ],
  },
  // for b = 0 the slope at 0 is -1, as in torch
  smoothL1Slope: {
    kind: "float",
    wgsl: "select(select(-1.0, 1.0, a > 0.0), a / b, is_nan(a) || abs(a) < b)",
    grads: [{
      uses: "ab",
      rule: (dy, { a, b }) =>
        map("where", map("inside", a, -Number(b), b), dy.div(b), 0),
    }],
  },
  // -(b log(a) + (1 - b) log(1 - a)), the logarithms -100 at least
  binaryCrossEntropy: {
    kind: "float",
    wgsl: "select(nan(), " +
      "(b - 1.0) * max(log(1.0 - a), -100.0) - b * max(log(a), -100.0), " +
      "a >= 0.0 && a <= 1.0)",
    grads: [
      {
        uses: "ab",
        rule: (dy, { a, b }) => map("binaryCrossEntropyBackward", dy, a, b),
      },
      {
        uses: "a",
        rule: (dy, { a }) =>
          dy.mul(map("log", map("sub", 1, a)).sub(map("log", a))),
      },
    ],
  },
  // a (b - c) / (b (1 - b))
  binaryCrossEntropyBackward: {
    kind: "float",
    wgsl: `a * (b - c) / max(b * (1.0 - b), ${TINY})`,
    grads: [
      {
        uses: "bc",
        rule: (dy, { b, c }) => map("binaryCrossEntropyBackward", dy, b, c),
      },
      {
        // a (c / b^2 + (1 - c) / (1 - b)^2)
        uses: "abc",
        rule: (dy, { a, b, c }) => {
          const [b1, c1] = [b, c].map((each) => map("sub", 1, each));
          const yes = map("div", c, map("clampMin", b, TINY).square());
          const no = c1!.div(map("clampMin", b1!, TINY).square());
          return dy.mul(a).mul(yes.add(no));
        },
      },
      {
        uses: "ab",
        rule: (dy, { a, b }) => {
          const spread = map("mul", b, map("sub", 1, b));
          return dy.mul(a).div(map("clampMin", spread, TINY)).neg();
        },
      },
    ],
  },
};

function smoothL1Grad(dy: Tensor, a: Operand, b: Operand, c: Operand): Tensor {
  return dy.mul(map("smoothL1Slope", map("sub", a, b), c));
}
