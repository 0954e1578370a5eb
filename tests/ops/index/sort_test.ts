import { assertEquals, assertThrows } from "@std/assert";

import { gradcheck } from "../../../src/autograd/gradcheck.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { values } from "../_gradients.ts";

Deno.test("sort() puts rows and columns of every length in order", async () => {
  for (const length of [1, 2, 3, 8, 13, 64, 100, 1025]) {
    const data = values(3 * length);
    const x = tensor(data).reshape([3, length]);
    const rows = [0, 1, 2].map((row) =>
      data.slice(row * length, (row + 1) * length)
    );
    const up = rows.flatMap((row) => [...row.toSorted()]);
    const down = rows.flatMap((row) => [...row.toSorted().reverse()]);
    assertEquals([...await x.sort().values.data()], up);
    assertEquals([...await x.sort({ descending: true }).values.data()], down);
    const columns = x.t().sort({ dim: 0 }).values.t();
    assertEquals([...await columns.data()], up);
  }
});

Deno.test("sort() is stable and takes NaN for the largest", async () => {
  const x = tensor([2, NaN, 1, 2, -Infinity, 1]);
  assertEquals([...await x.argsort().data()], [4, 2, 5, 0, 3, 1]);
  assertEquals(
    [...await x.argsort({ descending: true }).data()],
    [1, 0, 3, 2, 5, 4],
  );
  const bytes = tensor([3, 255, 0, 3], { dtype: "uint8" });
  assertEquals([...await bytes.sort().values.data()], [0, 3, 3, 255]);
  const whole = tensor([3, -5, 0], { dtype: "int32" });
  assertEquals([...await whole.sort().values.data()], [-5, 0, 3]);
});

Deno.test("topk() gives the largest or smallest, in order, with gradients", async () => {
  const x = tensor([[3, 1, 4], [1, 5, 9]], { requiresGrad: true });
  const top = x.topk(2);
  assertEquals(await top.values.toArray(), [[4, 3], [9, 5]]);
  assertEquals(await top.indices.toArray(), [[2, 0], [2, 1]]);
  const low = x.topk(1, { dim: 0, largest: false });
  assertEquals(await low.values.toArray(), [[1, 1, 4]]);
  assertThrows(() => x.topk(4), RangeError, "expected 0 to 3");
  await gradcheck((x) => x.topk(2).values, [x]);
  await gradcheck((x) => x.sort().values.square(), [x]);
});
