/**
 * Activations: the elementwise functions between the layers of a net. The hot
 * ones have their first derivative as a row of its own (one kernel backward).
 * elementwise.ts defines rows.
 *
 * At a kink the derivative is torch's.
 *
 * @module
 */

import { map, type MapRows } from "./elementwise.ts";

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
/** Distance at which the normal density and its tails are 0 in float32. */
const FAR = 20;

/** Activations; b and c are plain numbers. */
export const ACTIVATIONS: MapRows = {
  relu: {
    kind: "numeric",
    // select, not max: max(NaN, 0) is 0 on some devices and hides divergence
    wgsl: "select(a, T(0), a <= T(0))",
    grads: [{ uses: "y", rule: (dy, { y }) => map("passWhere", dy, y) }],
  },
  // a where b > 0, else 0: the gradient of relu, and again its own
  passWhere: {
    kind: "float",
    wgsl: "select(a, T(0), b <= T(0))",
    grads: [{ uses: "b", rule: (dy, { b }) => map("passWhere", dy, b) }],
  },
  // a bounded by the numbers b and c; clamp uses this row only for promotion
  hardtanh: {
    called: "clamp",
    kind: "number",
    numbers: { b: "least", c: "most" },
    wgsl: {
      f32: "select(clamp(a, b, c), a, is_nan(a))",
      i32: "clamp(a, b, c)",
      u32: "clamp(a, b, c)",
    },
    grads: [{
      uses: "abc",
      rule: (dy, { a, b, c }) => map("where", map("outside", a, b, c), 0, dy),
    }],
  },
  // false for NaN
  inside: { kind: "compare", wgsl: "a > b && a < c" },
  outside: { kind: "compare", wgsl: "a <= b || a >= c" },
  leakyRelu: {
    kind: "float",
    wgsl: "select(a * b, a, a > 0.0)",
    grads: [{
      uses: "ab",
      rule: (dy, { a, b }) => map("leakyReluBackward", dy, a, b),
    }],
  },
  // a, times c where b <= 0
  leakyReluBackward: {
    kind: "float",
    wgsl: "select(a * c, a, b > 0.0)",
    grads: [{
      uses: "bc",
      rule: (dy, { b, c }) => map("leakyReluBackward", dy, b, c),
    }],
  },
  // b (exp(a) - 1) below 0
  elu: {
    kind: "float",
    wgsl: "select(b * expm1(a), a, a > 0.0)",
    grads: [{
      uses: "ab",
      rule: (dy, { a, b }) => map("eluBackward", dy, a, b),
    }],
  },
  eluBackward: {
    kind: "float",
    wgsl: "select(a, a * c * exp_of(b), b <= 0.0)",
    grads: [
      {
        uses: "bc",
        rule: (dy, { b, c }) => map("eluBackward", dy, b, c),
      },
      {
        uses: "abc",
        rule: (dy, { a, b, c }) => map("eluCurve", dy.mul(a), b, c),
      },
    ],
  },
  // the part of elu and of its derivatives below the kink
  eluCurve: {
    kind: "float",
    wgsl: "select(a * c * exp_of(b), 0.0, b >= 0.0)",
    grads: [
      { uses: "bc", rule: (dy, { b, c }) => map("eluCurve", dy, b, c) },
      {
        uses: "abc",
        rule: (dy, { a, b, c }) => map("eluCurve", dy.mul(a), b, c),
      },
    ],
  },
  // b (exp(a / b) - 1) below 0
  celu: {
    kind: "float",
    wgsl: "select(b * expm1(a / b), a, a > 0.0)",
    grads: [{
      uses: "ab",
      rule: (dy, { a, b }) => map("eluBackward", dy, map("div", a, b), 1),
    }],
  },
  selu: {
    kind: "float",
    wgsl: `${SELU_SCALE} * select(${SELU_ALPHA} * expm1(a), a, a > 0.0)`,
    grads: [{
      uses: "a",
      rule: (dy, { a }) =>
        map("eluBackward", dy.mul(SELU_SCALE), a, SELU_ALPHA),
    }],
  },
  sigmoid: {
    kind: "float",
    wgsl: "sigmoid(a)",
    grads: [{ uses: "y", rule: (dy, { y }) => map("sigmoidBackward", dy, y) }],
  },
  // a b (1 - b), b = sigmoid
  sigmoidBackward: {
    kind: "float",
    wgsl: "a * b * (1.0 - b)",
    grads: [
      { uses: "b", rule: (dy, { b }) => map("sigmoidBackward", dy, b) },
      {
        uses: "ab",
        rule: (dy, { a, b }) => dy.mul(a).mul(map("mul", b, -2).add(1)),
        wide: true,
      },
    ],
  },
  logsigmoid: {
    kind: "float",
    wgsl: "min(a, 0.0) - log1p(exp_of(-abs(a)))",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => dy.mul(map("sigmoid", map("neg", a))),
    }],
  },
  silu: {
    kind: "float",
    wgsl: "a * sigmoid(a)",
    grads: [{ uses: "a", rule: (dy, { a }) => map("siluBackward", dy, a) }],
  },
  // a s (1 + b (1 - s)), s = sigmoid(b)
  siluBackward: {
    kind: "float",
    wgsl: "a * sigmoid(b) * (1.0 + b * (1.0 - sigmoid(b)))",
    grads: [
      { uses: "b", rule: (dy, { b }) => map("siluBackward", dy, b) },
      {
        // s (1 - s) (2 + b (1 - 2 s))
        uses: "ab",
        rule: (dy, { a, b }) => {
          const s = map("sigmoid", b);
          const bend = s.mul(-2).add(1).mul(b).add(2);
          return map("sigmoidBackward", dy.mul(a), s).mul(bend);
        },
        wide: true,
      },
    ],
  },
  // a tanh(softplus(a))
  mish: {
    kind: "float",
    wgsl: "a * tanh_of(select(log1p(exp_of(a)), a, a > 20.0))",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => {
        const t = map("tanh", map("softplus", a, 1, 20));
        const bend = map("tanhBackward", map("sigmoid", a).mul(a), t);
        return dy.mul(t.add(bend));
      },
      wide: true,
    }],
  },
  // log(1 + exp(a b)) / b, which is a where a b > c
  softplus: {
    kind: "float",
    wgsl: "select(log1p(exp_of(a * b)) / b, a, a * b > c)",
    grads: [{
      uses: "abc",
      rule: (dy, { a, b, c }) => {
        const scaled = map("mul", a, b);
        return map("where", scaled.gt(c), dy, dy.mul(map("sigmoid", scaled)));
      },
    }],
  },
  // a P(X <= a) of a standard normal X
  gelu: {
    kind: "float",
    wgsl: "0.5 * a * erfc(-0.70710678 * a)",
    grads: [{ uses: "a", rule: (dy, { a }) => map("geluBackward", dy, a) }],
  },
  // a (P(X <= b) + b p(b)), p the density
  geluBackward: {
    kind: "float",
    wgsl:
      "a * (0.5 * erfc(-0.70710678 * b) + 0.39894228 * b * exp_of(-0.5 * b * b))",
    grads: [
      { uses: "b", rule: (dy, { b }) => map("geluBackward", dy, b) },
      {
        // p(b) (2 - b^2), where p(b) is more than 0
        uses: "ab",
        rule: (dy, { a, b }) => {
          const square = map("square", map("hardtanh", b, -FAR, FAR));
          const density = square.mul(-0.5).exp().mul(0.3989422804014327);
          return dy.mul(a).mul(density).mul(square.neg().add(2));
        },
        wide: true,
      },
    ],
  },
  // 0.5 a (1 + tanh(sqrt(2 / pi) (a + 0.044715 a^3)))
  geluTanh: {
    kind: "float",
    wgsl: "a * sigmoid(1.5957691 * fma(0.044715 * a * a, a, a))",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => {
        // beyond FAR, s is 0 or 1, and powers of a would be infinite
        const near = map("hardtanh", a, -FAR, FAR);
        const square = near.square();
        const inner = square.mul(0.044715).add(1).mul(near).mul(
          1.5957691216057308,
        );
        const slope = square.mul(3 * 0.044715).add(1).mul(1.5957691216057308);
        const s = map("sigmoid", inner);
        const bend = map("sigmoidBackward", slope.mul(near), s);
        return dy.mul(s.add(bend));
      },
      wide: true,
    }],
  },
  // a relu6(a + 3) / 6
  hardswish: {
    kind: "float",
    wgsl: "select(a * clamp(a + 3.0, 0.0, 6.0) / 6.0, a, is_nan(a))",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => map("hardswishBackward", dy, a),
    }],
  },
  hardswishBackward: {
    kind: "float",
    wgsl: "a * select(select(b / 3.0 + 0.5, 1.0, b >= 3.0), 0.0, b < -3.0)",
    grads: [
      { uses: "b", rule: (dy, { b }) => map("hardswishBackward", dy, b) },
      {
        uses: "ab",
        rule: (dy, { a, b }) =>
          map("where", map("inside", b, -3, 3), dy.mul(a).div(3), 0),
        wide: true,
      },
    ],
  },
  // relu6(a + 3) / 6
  hardsigmoid: {
    kind: "float",
    wgsl: "select(clamp(a + 3.0, 0.0, 6.0) / 6.0, a, is_nan(a))",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => map("where", map("inside", a, -3, 3), dy.div(6), 0),
    }],
  },
  softsign: {
    kind: "float",
    wgsl: "a / (1.0 + abs(a))",
    grads: [{
      uses: "a",
      rule: (dy, { a }) => dy.div(map("abs", a).add(1).square()),
      wide: true,
    }],
  },
};
