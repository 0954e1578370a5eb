import { assert, assertEquals, assertThrows } from "@std/assert";

import { gradcheck } from "../../../src/autograd/gradcheck.ts";
import { withAdapterClass } from "../../../src/gpu/device.ts";
import { map } from "../../../src/ops/elementwise/elementwise.ts";
import { ROWS } from "../../../src/ops/elementwise/rows.ts";
import { full, tensor } from "../../../src/tensor/create.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { assertClose } from "../_gradients.ts";

/** How many operands a row has. */
function arity(name: string): number {
  const text = JSON.stringify(ROWS[name]!.wgsl);
  return /\bc\b/.test(text) ? 3 : /\bb\b/.test(text) ? 2 : 1;
}

/** Operands of a row: b and c where they are plain numbers, else tensors. */
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  addScaled: [2.5],
  hardtanh: [-0.9, 1.1],
  leakyRelu: [0.1],
  leakyReluBackward: [0.1],
  elu: [1.5],
  eluBackward: [1.5],
  eluCurve: [1.5],
  huber: [1.1],
  smoothL1: [1.1],
  smoothL1Slope: [1.1],
  celu: [1.5],
  softplus: [2, 20],
  replaceNan: [0],
  replaceInf: [1, 2],
};

/** Points inside of the domains, none within a few steps of a kink. */
const SPOTS: Readonly<Record<string, readonly number[]>> = {
  asin: [-0.6, -0.2, 0.3, 0.7],
  acos: [-0.6, -0.2, 0.3, 0.7],
  circleSlope: [-0.6, -0.2, 0.3, 0.7],
  binaryCrossEntropy: [0.3, 0.45, 0.6, 0.7],
  binaryCrossEntropyBackward: [0.3, 0.45, 0.6, 0.7],
  pow: [0.6, 1.3, 2.2, 0.9],
  scaledPower: [0.6, 1.3, 2.2, 0.9],
  powLog: [0.6, 1.3, 2.2, 0.9],
  powLogSlope: [0.6, 1.3, 2.2, 0.9],
  powerOrZero: [0.6, 1.3, 2.2, 0.9],
  sqrt: [0.6, 1.3, 2.2, 0.9],
  rootOfSquares: [0.6, 1.3, 2.2, 0.9],
  rsqrt: [0.6, 1.3, 2.2, 0.9],
  log: [0.6, 1.3, 2.2, 0.9],
  log2: [0.6, 1.3, 2.2, 0.9],
  log10: [0.6, 1.3, 2.2, 0.9],
  log1p: [-0.4, 1.3, 2.2, 0.9],
  tan: [-0.8, 0.3, 0.9, 0.5],
};
const ANYWHERE = [-1.37, -0.43, 0.57, 1.68];
/** Rows whose slope is not that of what they compute, on purpose. */
const UNLIKE = ["replace", "zero"];

Deno.test("every elementwise row has the gradient that differences say", async () => {
  for (const [name, row] of Object.entries(ROWS)) {
    if (!row.grads || UNLIKE.includes(name)) continue;
    const numbers = NUMBERS[name] ?? [];
    const count = arity(name) - numbers.length;
    const spots = SPOTS[name] ?? ANYWHERE;
    const inputs = Array.from(
      { length: count },
      (_, i) => tensor(spots.map((x) => x * (1 - 0.23 * i))),
    );
    // a row without a rule for an operand is checked for the others
    const isFixed = inputs.map((_, i) => row.grads![i] === undefined);
    const free = inputs.filter((_, i) => !isFixed[i]);
    const twice = !["round", "floor", "ceil", "trunc"].includes(name);
    try {
      await gradcheck(
        (...given) => {
          let next = 0;
          const woven = inputs.map((input, i) =>
            isFixed[i] ? input : given[next++]!
          );
          return map(name, ...woven, ...numbers);
        },
        free,
        // 1e-2: the steepest (tan, div) curve a lot within two steps
        { second: twice, tolerance: 1e-2 },
      );
    } catch (error) {
      throw new Error(`Row "${name}"`, { cause: error });
    }
  }
});

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

Deno.test("ne() is true and every other comparison false for NaN", async () => {
  const x = tensor([NaN, 1, NaN]);
  const y = tensor([NaN, NaN, 1]);
  assertEquals([...await x.ne(y).data()], [1, 1, 1]);
  for (const name of ["eq", "lt", "le", "gt", "ge"]) {
    assertEquals([...await map(name, x, y).data()], [0, 0, 0], name);
  }
});

Deno.test("maximum() and minimum() keep NaN and share ties", async () => {
  const x = tensor([1, NaN, 3, 2], { requiresGrad: true });
  const y = tensor([2, 1, NaN, 2], { requiresGrad: true });
  assertEquals([...await x.maximum(y).data()], [2, NaN, NaN, 2]);
  assertEquals([...await x.minimum(y).data()], [1, NaN, NaN, 2]);
  x.maximum(y).slice(0, 3).sum().backward();
  assertEquals((await x.grad!.data())[3], 0.5);
});

Deno.test("pow() takes negative bases, zeros and infinities as C does", async () => {
  const cases = [
    [-2, 3, -8],
    [-2, -1, -0.5],
    [-8, 1 / 3, NaN],
    [0, 0, 1],
    [NaN, 0, 1],
    [1, NaN, 1],
    [0, -1, Infinity],
    [-0, -3, -Infinity],
    [-Infinity, 3, -Infinity],
    [2, Infinity, Infinity],
    [0.5, -Infinity, Infinity],
    [-1, Infinity, 1],
    [2, 127, 2 ** 127],
    [2, -140, 2 ** -140],
    [10, 39, Infinity],
    [1e-8, -1e30, Infinity],
    [1e-8, 1e9, 0],
    [3, 1e9, Infinity],
    [1.1, -1e7, 0],
    [0.9, -1e7, Infinity],
  ];
  const base = tensor(cases.map(([a]) => a!));
  const exponent = tensor(cases.map(([, b]) => b!));
  const got = await base.pow(exponent).data();
  cases.forEach(([a, b, want], i) =>
    assert(
      Object.is(got[i], want) ||
        // results below the smallest normal number may come as 0
        Math.abs(got[i]! - want!) <= 1e-6 * Math.abs(want!) + 1e-38,
      `${a}^${b}: got ${got[i]}, want ${want}`,
    )
  );
});

Deno.test("fmod(), remainder() and floorDivide() of floats are exact", async () => {
  const cases: [number, number, number, number][] = [
    // a, b, the rest with the sign of a and the rounded quotient: torch's
    [1, 0.1, 0.09999998658895493, 9],
    [-1, 0.1, -0.09999998658895493, -10],
    [1e10, 3, 1, 3333333248],
    [-1e10, 3, -1, -3333333248],
    [3e38, 7, 1, 4.285714221131045e37],
    [16777216, 0.3, 0.03333336114883423, 55924052],
    [65504, 255.5, 96, 256],
    [5.3, Infinity, 5.300000190734863, 0],
    [0.5, 3, 0.5, 0],
  ];
  const [a, b] = [0, 1].map((i) => tensor(cases.map((each) => each[i]!)));
  const rests = await a!.fmod(b!).data();
  const floors = await a!.floorDivide(b!).data();
  const others = await a!.remainder(b!).data();
  cases.forEach(([x, y, rest, floor], i) => {
    assertEquals(rests[i], rest, `fmod(${x}, ${y})`);
    assertEquals(floors[i], Math.fround(floor), `floor(${x} / ${y})`);
    const other = rest < 0 ? Math.fround(rest + Math.fround(y)) : rest;
    assertEquals(others[i], other, `remainder(${x}, ${y})`);
  });
  for (const [x, y] of [[1, 0], [Infinity, 2], [NaN, 2], [2, NaN]]) {
    assertEquals([...await tensor([x!]).fmod(tensor([y!])).data()], [NaN]);
  }
});

Deno.test("integer arithmetic wraps, floors and truncates as PyTorch does", async () => {
  const int = { dtype: "int32" } as const;
  const a = tensor([7, -7, 7, -7, 2147483647], int);
  const b = tensor([3, 3, -3, -3, 1], int);
  assertEquals([...await a.floorDivide(b).data()], [2, -3, -3, 2, 2147483647]);
  assertEquals([...await a.remainder(b).data()], [1, 2, -2, -1, 0]);
  assertEquals([...await a.fmod(b).data()], [1, -1, 1, -1, 0]);
  assertEquals([...await a.add(b).data()].at(-1), -2147483648);
  const c = tensor([250, 3], { dtype: "uint8" });
  assertEquals([...await c.add(10).data()], [4, 13]);
  assertEquals([...await c.sub(10).data()], [240, 249]);
});

Deno.test("bool arithmetic is logic where PyTorch allows it", async () => {
  const a = tensor([true, true, false]);
  const b = tensor([true, false, false]);
  assertEquals(a.add(b).dtype, "bool");
  assertEquals([...await a.add(b).data()], [1, 1, 0]);
  assertEquals([...await a.mul(b).data()], [1, 0, 0]);
  assertEquals([...await a.bitwiseNot().data()], [0, 0, 1]);
  assertThrows(() => a.sub(b), TypeError, "bool");
});

Deno.test("operands meet in PyTorch's types", () => {
  const of = (dtype: DType) => full([2], 1, { dtype });
  const rows: [DType, DType | number | boolean, DType][] = [
    ["uint8", "int32", "int32"],
    ["bool", "uint8", "uint8"],
    ["float16", "int32", "float16"],
    ["float16", "float32", "float32"],
    ["int32", 2, "int32"],
    ["int32", 2.5, "float32"],
    ["uint8", true, "uint8"],
    ["bool", 2, "int32"],
    ["float16", 2.5, "float16"],
  ];
  for (const [a, b, want] of rows) {
    const y = of(a).mul(typeof b === "string" ? of(b) : b);
    assertEquals(y.dtype, want, `${a} and ${b}`);
  }
  const scalar = full([], 1, { dtype: "float32" });
  assertEquals(of("float16").mul(scalar).dtype, "float16");
  assertEquals(of("int32").mul(scalar).dtype, "float32");
});

Deno.test("gradients have the type of what they belong to", () => {
  const x = full([2], 1, { dtype: "float16", requiresGrad: true });
  x.mul(tensor([1, 2])).sum().backward();
  assertEquals(x.grad!.dtype, "float16");
});

Deno.test("elementwise ops broadcast, views and odd sizes too", async () => {
  for (const kind of ["cpu", "gpu"] as const) {
    for (const [rows, columns] of [[1, 1], [3, 5], [5, 4], [7, 64], [33, 36]]) {
      const count = rows! * columns!;
      const values = Float32Array.from({ length: count }, (_, i) => i);
      const x = tensor(values).reshape([rows!, columns!]);
      const row = tensor(values.slice(0, columns));
      const column = tensor(values.slice(0, rows)).unsqueeze(1);
      const turned = tensor(values).reshape([columns!, rows!]).transpose(0, 1);
      const got = withAdapterClass(
        kind,
        () => [x.add(row), x.add(column), x.add(turned), row.mul(column)],
      );
      const at = (f: (i: number, j: number) => number): number[] =>
        Array.from(values, (_, k) => f(Math.floor(k / columns!), k % columns!));
      const wants = [
        at((i, j) => i * columns! + 2 * j),
        at((i, j) => i * columns! + j + i),
        at((i, j) => i * columns! + j + j * rows! + i),
        at((i, j) => i * j),
      ];
      for (const [k, want] of wants.entries()) {
        await assertClose(got[k]!, want, 0);
      }
    }
  }
});

Deno.test("elementwise ops read packed bytes at every offset", async () => {
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => 3 * i);
  const x = tensor(bytes);
  for (let start = 0; start < 5; start++) {
    const part = x.slice(0, start, 20);
    assertEquals(
      [...await part.add(1).data()],
      [...bytes.slice(start, 20)].map((value) => value + 1),
    );
  }
});

Deno.test("elementwise ops take tensors without elements", async () => {
  const none = tensor([]).reshape([0, 3]);
  assertEquals(none.add(1).shape, [0, 3]);
  assertEquals((await none.add(tensor([1, 2, 3])).data()).length, 0);
});

Deno.test("clamp() lets ties pass, with numbers and tensors as bounds", async () => {
  const x = tensor([-2, -1, 0, 1, NaN], { requiresGrad: true });
  assertEquals([...await x.clamp(-1, 0.5).data()], [-1, -1, 0, 0.5, NaN]);
  x.clamp(-1, 1).slice(0, 0, 4).sum().backward();
  assertEquals([...(await x.grad!.data()).slice(0, 4)], [0, 1, 1, 1]);
  const low = tensor([0, 0, 0, 3, 0]);
  assertEquals([...(await x.clamp(low, 2).data()).slice(0, 4)], [0, 0, 0, 2]);
  assertThrows(() => x.clamp(), TypeError, "min, max");
});

Deno.test("elementwise ops name both shapes and the types they refuse", () => {
  assertThrows(
    () => full([2, 3], 1).add(full([2, 4], 1)),
    TypeError,
    "Cannot add [2, 3] and [2, 4]",
  );
  assertThrows(() => tensor([1.5]).bitwiseAnd(1), TypeError, "float32");
  assertThrows(
    () => tensor([2], { dtype: "int32" }).pow(-1),
    RangeError,
    "negative",
  );
});

Deno.test("where() broadcasts and sends gradients to the chosen side", async () => {
  const condition = tensor([[true, false, true]]);
  const a = tensor([[1], [2]], { requiresGrad: true });
  const b = tensor(5, { requiresGrad: true });
  const y = a.where(condition, b);
  assertEquals(await y.toArray(), [[1, 5, 1], [2, 5, 2]]);
  y.sum().backward();
  assertEquals(await a.grad!.toArray(), [[2], [2]]);
  assertEquals(await b.grad!.item(), 2);
});

Deno.test("nanToNum() and maskedFill() stop the gradient where they write", async () => {
  const x = tensor([NaN, Infinity, 3], { requiresGrad: true });
  x.nanToNum({ posinf: 9 }).sum().backward();
  assertEquals([...await x.grad!.data()], [0, 0, 1]);
  const y = tensor([1, 2], { requiresGrad: true });
  y.maskedFill(tensor([true, false]), -1e9).sum().backward();
  assertEquals([...await y.grad!.data()], [0, 1]);
});

Deno.test("abs() and what rounds refuse bool tensors, as torch does", () => {
  const x = tensor([1, 0], { dtype: "bool" });
  for (const name of ["abs", "floor", "ceil", "round", "trunc"] as const) {
    assertThrows(
      () => x[name](),
      TypeError,
      `Cannot ${name} bool tensors: expected numbers`,
    );
    const bytes = x.to("uint8")[name]();
    assertEquals(bytes.dtype, "uint8");
  }
});
