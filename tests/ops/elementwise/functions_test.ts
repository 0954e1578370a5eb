import { assert, assertEquals } from "@std/assert";

import { map } from "../../../src/ops/elementwise/elementwise.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose } from "../_gradients.ts";

/** What functions of one compute, in double precision. */
const REFERENCES: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  square: (x) => x * x,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  softsign: (x) => x / (1 + Math.abs(x)),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  logsigmoid: (x) => -Math.log1p(Math.exp(-x)),
};

Deno.test("functions of one are as exact as float32 for small and large numbers", async () => {
  const sizes = [1e-7, 1e-4, 0.01, 0.3, 0.5, 0.7, 0.99, 1, 1.5, 2.5, 9, 60];
  const spots = Float32Array.from(sizes.flatMap((x) => [x, -x]));
  const x = tensor(spots);
  for (const [name, f] of Object.entries(REFERENCES)) {
    const got = await map(name, x).data();
    spots.forEach((at, i) => {
      const want = f(at);
      const both = Number.isNaN(want) && Number.isNaN(got[i]!);
      // 2e-6: some 30 units in the last place, for what is composed; sin and
      // cos cancel near their zeros, tan is steep at 60
      const allowed = 2e-6 * Math.max(Math.abs(want), name === "tan" ? 5 : 0) +
        (name === "sin" || name === "cos" ? 1e-6 : 1e-30);
      assert(
        both || got[i] === want || Math.abs(got[i]! - want) <= allowed,
        `${name}(${at}): got ${got[i]}, want ${want}`,
      );
    });
  }
});

Deno.test("sin(), cos() and tan() are exact for angles of any size", async () => {
  const spots = Float32Array.from(
    { length: 440 },
    (_, i) => (1 + Math.abs(Math.sin(i))) * 2 ** (i % 110 + 17) * (-1) ** i,
  );
  const x = tensor([1e4, 2.1e4, 1e9, 3.4e38, ...spots]);
  const at = [...await x.data()];
  for (const name of ["sin", "cos", "tan"] as const) {
    await assertClose(x[name](), at.map(Math[name]), 5e-7);
  }
});

Deno.test("functions take NaN, infinities and zeros as PyTorch does", async () => {
  const x = tensor([NaN, Infinity, -Infinity, 0, -0]);
  const rows: Record<string, number[]> = {
    exp: [NaN, Infinity, 0, 1, 1],
    expm1: [NaN, Infinity, -1, 0, -0],
    log: [NaN, Infinity, NaN, -Infinity, -Infinity],
    log1p: [NaN, Infinity, NaN, 0, -0],
    sqrt: [NaN, Infinity, NaN, 0, -0],
    rsqrt: [NaN, 0, NaN, Infinity, -Infinity],
    tanh: [NaN, 1, -1, 0, -0],
    erf: [NaN, 1, -1, 0, -0],
    atan: [NaN, Math.fround(Math.PI / 2), Math.fround(-Math.PI / 2), 0, -0],
    sin: [NaN, NaN, NaN, 0, -0],
    cos: [NaN, NaN, NaN, 1, 1],
    sign: [0, 1, -1, 0, -0],
    relu: [NaN, Infinity, 0, 0, 0],
    sigmoid: [NaN, 1, 0, 0.5, 0.5],
    softsign: [NaN, NaN, NaN, 0, -0],
    floor: [NaN, Infinity, -Infinity, 0, -0],
    abs: [NaN, Infinity, Infinity, 0, 0],
  };
  for (const [name, want] of Object.entries(rows)) {
    const got = await map(name, x).data();
    want.forEach((value, i) =>
      assert(
        Object.is(got[i], value) || got[i] === value,
        `${name}[${i}]: got ${got[i]}, want ${value}`,
      )
    );
  }
  const tests: Record<string, number[]> = {
    isnan: [1, 0, 0, 0, 0],
    isinf: [0, 1, 1, 0, 0],
    isfinite: [0, 0, 0, 1, 1],
    logicalNot: [0, 0, 0, 1, 1],
  };
  for (const [name, want] of Object.entries(tests)) {
    assertEquals([...await map(name, x).data()], want, name);
  }
});
