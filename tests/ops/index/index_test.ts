import { assertEquals, assertThrows } from "@std/assert";
import { tensor, zeros } from "../../../src/tensor/create.ts";
import { values } from "../_gradients.ts";

Deno.test("indexSelect() takes rows and columns", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const index = tensor([1, 0, 1], { dtype: "int32" });
  assertEquals(await x.indexSelect(0, index).toArray(), [
    [4, 5, 6],
    [1, 2, 3],
    [4, 5, 6],
  ]);
  assertEquals(await x.indexSelect(1, index).toArray(), [
    [2, 1, 2],
    [5, 4, 5],
  ]);
});

Deno.test("an index is checked by the elements that it has", async () => {
  const written = tensor([0, 1, 99, 99], { dtype: "int32" });
  const index = written.slice(0, 0, 2).reshape([2, 1]).expand([2, 2]);
  const x = tensor([[1, 2], [3, 4]]);
  assertEquals(await x.gather(0, index).toArray(), [[1, 2], [3, 4]]);
});

Deno.test("takeAlongDim() broadcasts sizes of 1, and refuses another rank", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const index = tensor([[1]], { dtype: "int32" });
  assertEquals(await x.takeAlongDim(index, 0).toArray(), [[4, 5, 6]]);
  assertThrows(
    () => x.takeAlongDim(index.reshape([1]), 1),
    TypeError,
    "by an index of shape [1]: it must have as many dims",
  );
});

Deno.test("only at() counts negative indices from the end, as in torch", async () => {
  const x = tensor([1, 2, 3]);
  const last = tensor([-1, 0], { dtype: "int32" });
  assertEquals(await x.at(last).toArray(), [3, 1]);
  assertEquals(await x.at(last.add(0)).toArray(), [3, 1]);
  for (
    const call of [
      () => x.indexSelect(0, last),
      () => x.gather(0, last),
      () => x.takeAlongDim(last, 0),
    ]
  ) {
    assertThrows(call, RangeError, "index -1 is out of range, expected 0 to 2");
  }
  const computed = last.add(0); // the host does not know it
  assertEquals(await x.indexSelect(0, computed).toArray(), [NaN, 1]);
  assertEquals(await x.gather(0, computed).toArray(), [NaN, 1]);
});

Deno.test("at() of several tensors keeps each in its own dim", async () => {
  const int = { dtype: "int32" } as const;
  const x = tensor([...Array(9).keys()]).reshape([3, 3]);
  const row = tensor([0, 2, 0], int);
  const column = tensor([7, -4, -3], int);
  assertThrows(
    () => x.at(row, column),
    RangeError,
    "Cannot index: index 7 is out of range, expected -3 to 2",
  );
  // not a neighbouring row's elements where only the GPU knows the indices
  assertEquals(await x.at(row, column.add(0)).toArray(), [NaN, NaN, 0]);
  assertEquals(await x.at(column.add(0), row).toArray(), [NaN, NaN, 0]);
  const wide = tensor([...Array(1000).keys()]).reshape([100, 10]);
  const bytes = { dtype: "uint8" } as const;
  const picked = wide.at(tensor([50], bytes), tensor([3], bytes));
  assertEquals(await picked.toArray(), [503]);
});

Deno.test("indexSelect() moves packed rows of every width", async () => {
  for (const width of [1, 3, 4, 16, 20]) {
    const values = Array.from(
      { length: 5 * width },
      (_, i) => i * 7 % 256,
    );
    const x = tensor(values, { dtype: "uint8" }).reshape([5, width]);
    const rows = [4, 0, 0, 2];
    const index = tensor(rows, { dtype: "int32" });
    assertEquals(
      [...await x.indexSelect(0, index).data()],
      rows.flatMap((row) => values.slice(row * width, (row + 1) * width)),
    );
  }
});

Deno.test("indexSelect() reads NaN outside of the tensor, 0 for integers", async () => {
  // computed, so that the host does not know it
  const index = tensor([0, 2, -3], { dtype: "int32" }).add(0);
  for (const width of [1, 4]) {
    const x = tensor([...Array(2 * width).keys()]).reshape([2, width]);
    const y = await x.indexSelect(0, index).select(1, 0).toArray();
    assertEquals(y, [0, NaN, NaN]);
    const z = x.to("uint8").indexSelect(0, index).select(1, 0);
    assertEquals(await z.toArray(), [0, 0, 0]);
  }
});

Deno.test("indexSelect() gradient adds up over repeated indices", async () => {
  for (const width of [3, 4]) {
    const x = tensor([...Array(3 * width).keys()], { requiresGrad: true });
    const index = tensor([2, 0, 2, 2], { dtype: "int32" });
    x.reshape([3, width]).indexSelect(0, index).sum().backward();
    const counts = [1, 0, 3]; // how often each row was taken
    assertEquals(
      [...await x.grad!.data()],
      counts.flatMap((count) => Array(width).fill(count)),
    );
  }
});

Deno.test("gather() takes an element for each of its index", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]], { requiresGrad: true });
  const index = tensor([[0, 0], [2, 1]], { dtype: "int32" });
  const y = x.gather(1, index);
  assertEquals(await y.toArray(), [[1, 1], [6, 5]]);
  y.mul(tensor([[1, 10], [100, 1000]])).sum().backward();
  assertEquals(await x.grad!.toArray(), [[11, 0, 0], [0, 1000, 100]]);
});

Deno.test("gather() by a smaller index leaves the other rows alone", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]], { requiresGrad: true });
  const y = x.gather(1, tensor([[2]], { dtype: "int32" }));
  assertEquals(await y.toArray(), [[3]]);
  y.sum().backward();
  assertEquals(await x.grad!.toArray(), [[0, 0, 1], [0, 0, 0]]);
});

Deno.test("scatter() keeps the last of two values for one place", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]], { requiresGrad: true });
  const src = tensor([[10, 20], [30, 40]], { requiresGrad: true });
  const index = tensor([[1, 1], [0, 2]], { dtype: "int32" });
  const y = x.scatter(1, index, src);
  assertEquals(await y.toArray(), [[1, 20, 3], [30, 5, 40]]);
  y.sum().backward();
  assertEquals(await x.grad!.toArray(), [[1, 0, 1], [0, 1, 0]]);
  assertEquals(await src.grad!.toArray(), [[1, 1], [1, 1]]);
});

Deno.test("scatterAdd() leaves what a small index does not reach", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const index = tensor([[2, 2]], { dtype: "int32" });
  const y = x.scatterAdd(1, index, tensor([[10, 20, 30]]));
  assertEquals(await y.toArray(), [[1, 2, 33], [4, 5, 6]]);
});

Deno.test("scatterAdd() and indexAdd() of booleans are true where any term is", async () => {
  const flags = tensor([true, false, false]);
  const index = tensor([0, 0, 1, 2], { dtype: "int32" });
  const terms = tensor([true, true, true, false]);
  for (
    const sum of [
      flags.scatterAdd(0, index, terms),
      flags.indexAdd(0, index, terms),
    ]
  ) {
    assertEquals(sum.dtype, "bool");
    assertEquals([...await sum.data()], [1, 1, 0]);
    assertEquals(await sum.sum().item(), 2);
  }
});

Deno.test("indexAdd() adds rows, times alpha", async () => {
  const x = tensor([[1, 1], [2, 2], [3, 3]]);
  const rows = tensor([[1, 2], [10, 20]]);
  const index = tensor([2, 2], { dtype: "int32" });
  const y = x.indexAdd(0, index, rows, { alpha: 2 });
  assertEquals(await y.toArray(), [[1, 1], [2, 2], [25, 47]]);
});

Deno.test("indexAdd() of many rows adds as many of few do, to the bit", async () => {
  for (const width of [1, 3, 4]) {
    const [count, length] = [3000, 700];
    const rows = values(count * width);
    const index = Int32Array.from(
      rows.subarray(0, count),
      (x) => Math.floor(Math.abs(x) * 1e5) % length,
    );
    const sums = new Float32Array(length * width);
    for (let k = 0; k < count; k++) {
      for (let i = 0; i < width; i++) {
        sums[index[k]! * width + i]! += rows[k * width + i]!;
      }
    }
    const y = zeros([length, width]).indexAdd(
      0,
      tensor(index),
      tensor(rows).reshape([count, width]),
    );
    assertEquals(await y.data(), sums, `rows of ${width}`);
  }
});

Deno.test("scatterAdd() and scatter() of many elements go by their order", async () => {
  const [count, length] = [5000, 900];
  const src = values(2 * count);
  const index = Int32Array.from(
    src,
    (x) => Math.floor(Math.abs(x) * 1e5) % length,
  );
  const sums = new Float32Array(2 * length);
  const lasts = new Float32Array(2 * length);
  for (let at = 0; at < 2 * count; at++) {
    const place = Math.floor(at / count) * length + index[at]!;
    sums[place]! += src[at]!;
    lasts[place] = src[at]!;
  }
  const [x, k, from] = [
    zeros([2, length]),
    tensor(index).reshape([2, count]),
    tensor(src).reshape([2, count]),
  ];
  assertEquals(await x.scatterAdd(1, k, from).data(), sums);
  assertEquals(await x.scatter(1, k, from).data(), lasts);
  const turned = x.t().scatterAdd(0, k.t(), from.t()).t();
  assertEquals(await turned.data(), sums);
});

Deno.test("indexSelect() and gather() name an index that does not fit", () => {
  const x = tensor([[1, 2], [3, 4]]);
  assertThrows(
    () => x.indexSelect(0, tensor([0, 1])),
    TypeError,
    "float32 [2]",
  );
  assertThrows(
    () => x.gather(0, tensor([[0, 0, 0]], { dtype: "int32" })),
    TypeError,
    "[1, 3]",
  );
});

Deno.test("indexSelect() refuses an index out of range that the host wrote", () => {
  const x = tensor([[1, 2], [3, 4]]);
  assertThrows(
    () => x.indexSelect(0, tensor([0, 2], { dtype: "int32" })),
    RangeError,
    "index 2",
  );
});

Deno.test("indexing takes tensors without elements", async () => {
  const x = tensor([[1, 2], [3, 4]]);
  const none = tensor([], { dtype: "int32" });
  assertEquals(x.indexSelect(0, none).shape, [0, 2]);
  assertEquals(
    await x.indexAdd(0, none, tensor([]).reshape([0, 2])).toArray(),
    [[1, 2], [3, 4]],
  );
});

Deno.test("at() does not count unsigned indices from the end", async () => {
  const x = tensor([1, 2, 3]);
  const known = tensor([2 ** 32 - 1], { dtype: "uint32" });
  assertThrows(() => x.at(known), RangeError, "index 4294967295");
  const computed = known.add(0); // that only the GPU knows
  assertEquals([...await x.at(computed).data()], [NaN]);
  const last = tensor([-1], { dtype: "int32" }).add(0);
  assertEquals([...await x.at(last).data()], [3]);
});

Deno.test("indexAdd() of integers refuses a factor with a fraction", () => {
  const x = tensor([1, 2], { dtype: "int32" });
  const run = () => x.indexAdd(0, x.sub(1), x, { alpha: 0.5 });
  assertThrows(run, TypeError, "alpha must be an integer");
});
