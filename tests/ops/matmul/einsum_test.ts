import { assertEquals, assertThrows } from "@std/assert";

import { gradcheck } from "../../../src/autograd/gradcheck.ts";
import { einsum } from "../../../src/ops/matmul/einsum.ts";
import { arange, tensor } from "../../../src/tensor/create.ts";

Deno.test("einsum() gives products, sums, transposes, diagonals and traces", async () => {
  const x = tensor([[1, 2], [3, 4]]);
  const y = tensor([[1, 0], [1, 1]]);
  const v = tensor([1, 10]);
  const of = (equation: string, ...xs: Parameters<typeof einsum>[1][]) =>
    einsum(equation, ...xs).toArray();
  assertEquals(await of("ij,jk->ik", x, y), [[3, 2], [7, 4]]);
  assertEquals(await of("ij,jk", x, y), [[3, 2], [7, 4]]);
  assertEquals(await of("ij->ji", x), [[1, 3], [2, 4]]);
  assertEquals(await of("ij->i", x), [3, 7]);
  assertEquals(await of("ii->i", x), [1, 4]);
  assertEquals(await of("ii", x), 5);
  assertEquals(await of("i,j->ij", v, v), [[1, 10], [10, 100]]);
  assertEquals(await of("ij,j->", x, v), 64);
  assertEquals(await of("ij,ij->ij", x, y), [[1, 0], [3, 4]]);
  assertEquals(await of("i,ij,j->", v, x, v), 451); // 1 + 20 + 30 + 400
});

Deno.test("einsum() keeps dims under dots in front and broadcasts them", async () => {
  const x = arange(12).to("float32").reshape([3, 2, 2]);
  const y = tensor([[0, 1], [1, 0]]);
  assertEquals(
    await einsum("...ij,jk->...ik", x, y).toArray(),
    await x.flip([2]).toArray(),
  );
});

Deno.test("einsum() has the gradients that differences say", async () => {
  const x = tensor([[0.5, -1], [2, 0.3]]);
  await gradcheck((a, b) => einsum("ij,jk->ki", a, b), [x, x.t()]);
  await gradcheck((a) => einsum("ii->i", a), [x]);
});

Deno.test("einsum() names an equation that does not fit", () => {
  const x = tensor([[1, 2], [3, 4]]);
  assertThrows(() => einsum("ij,jk", x), TypeError, "2 operands, got 1");
  assertThrows(() => einsum("ijk->i", x), TypeError, '"ijk"');
  assertThrows(() => einsum("ij->k", x), TypeError, '"k"');
});
