import { assert, assertEquals, assertThrows } from "@std/assert";

import { tensor } from "../../../src/tensor/create.ts";

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

Deno.test("clamp() lets ties pass, with numbers and tensors as bounds", async () => {
  const x = tensor([-2, -1, 0, 1, NaN], { requiresGrad: true });
  assertEquals([...await x.clamp(-1, 0.5).data()], [-1, -1, 0, 0.5, NaN]);
  x.clamp(-1, 1).slice(0, 0, 4).sum().backward();
  assertEquals([...(await x.grad!.data()).slice(0, 4)], [0, 1, 1, 1]);
  const low = tensor([0, 0, 0, 3, 0]);
  assertEquals([...(await x.clamp(low, 2).data()).slice(0, 4)], [0, 0, 0, 2]);
  assertThrows(() => x.clamp(), TypeError, "min, max");
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
