import { assert, assertEquals, assertThrows } from "@std/assert";

import { gradcheck } from "../../../src/autograd/gradcheck.ts";
import { cat, stack } from "../../../src/ops/movement/join.ts";
import { arange, full, tensor, zeros } from "../../../src/tensor/create.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import type { NestedNumbers, Tensor } from "../../../src/tensor/tensor.ts";

const matrix = (): Tensor => tensor([[1, 2, 3], [4, 5, 6]]);

/** What calls on [[1, 2, 3], [4, 5, 6]] give. */
const CALLS: readonly [string, (x: Tensor) => Tensor, NestedNumbers][] = [
  ["t", (x) => x.t(), [[1, 4], [2, 5], [3, 6]]],
  ["permute", (x) => x.permute([-1, 0]), [[1, 4], [2, 5], [3, 6]]],
  ["reshape", (x) => x.reshape([3, -1]), [[1, 2], [3, 4], [5, 6]]],
  ["reshape of a view", (x) => x.t().reshape([2, 3]), [[1, 4, 2], [5, 3, 6]]],
  ["flatten", (x) => x.flatten(), [1, 2, 3, 4, 5, 6]],
  ["squeeze", (x) => x.slice(0, 0, 1).squeeze(), [1, 2, 3]],
  ["unsqueeze", (x) => x.select(0, 1).unsqueeze(-1), [[4], [5], [6]]],
  ["movedim", (x) => x.movedim(0, -1), [[1, 4], [2, 5], [3, 6]]],
  ["expand", (x) => x.slice(0, 0, 1).expand([2, -1]), [[1, 2, 3], [1, 2, 3]]],
  ["slice", (x) => x.slice(1, 0, undefined, 2), [[1, 3], [4, 6]]],
  ["slice from the end", (x) => x.slice(1, -2, -1), [[2], [5]]],
  ["narrow", (x) => x.narrow(1, 1, 2), [[2, 3], [5, 6]]],
  ["select", (x) => x.select(1, -1), [3, 6]],
  ["diagonal", (x) => x.diagonal(1), [2, 6]],
  ["diag of a matrix", (x) => x.diag(), [1, 5]],
  ["diag of a vector", (x) => x.select(1, 0).diag(1), [
    [0, 1, 0],
    [0, 0, 4],
    [0, 0, 0],
  ]],
  ["unfold", (x) => x.unfold(1, 2, 1), [[[1, 2], [2, 3]], [[4, 5], [5, 6]]]],
  ["flip", (x) => x.flip([0, 1]), [[6, 5, 4], [3, 2, 1]]],
  ["flip of a view", (x) => x.t().flip([0]), [[3, 6], [2, 5], [1, 4]]],
  ["roll", (x) => x.roll(1, 1), [[3, 1, 2], [6, 4, 5]]],
  ["roll of all", (x) => x.roll(-1), [[2, 3, 4], [5, 6, 1]]],
  ["repeat", (x) => x.slice(1, 0, 1).repeat([1, 2]), [[1, 1], [4, 4]]],
  ["repeat with a new dim", (x) => x.select(0, 0).repeat([2, 1]), [
    [1, 2, 3],
    [1, 2, 3],
  ]],
  ["tile", (x) => x.select(0, 0).tile([2]), [1, 2, 3, 1, 2, 3]],
  ["repeatInterleave", (x) => x.repeatInterleave(2, 0), [
    [1, 2, 3],
    [1, 2, 3],
    [4, 5, 6],
    [4, 5, 6],
  ]],
  ["repeatInterleave by a list", (x) => x.repeatInterleave([2, 0, 1], 1), [
    [1, 1, 3],
    [4, 4, 6],
  ]],
  ["tril", (x) => x.tril(), [[1, 0, 0], [4, 5, 0]]],
  ["triu", (x) => x.triu(1), [[0, 2, 3], [0, 0, 6]]],
  ["pad", (x) => x.pad([1, 0, 0, 1], { value: 9 }), [
    [9, 1, 2, 3],
    [9, 4, 5, 6],
    [9, 9, 9, 9],
  ]],
  ["pad inwards", (x) => x.pad([-1, 1]), [[2, 3, 0], [5, 6, 0]]],
  ["pad by reflection", (x) => x.pad([2, 1], { mode: "reflect" }), [
    [3, 2, 1, 2, 3, 2],
    [6, 5, 4, 5, 6, 5],
  ]],
  ["pad by the edge", (x) => x.pad([1, 2], { mode: "replicate" }), [
    [1, 1, 2, 3, 3, 3],
    [4, 4, 5, 6, 6, 6],
  ]],
  ["pad around", (x) => x.pad([1, 1], { mode: "circular" }), [
    [3, 1, 2, 3, 1],
    [6, 4, 5, 6, 4],
  ]],
  ["cat", (x) => cat([x, x.slice(1, 0, 1)], 1), [[1, 2, 3, 1], [4, 5, 6, 4]]],
  ["stack", (x) => stack([x.select(0, 1), x.select(0, 0)], 1), [
    [4, 1],
    [5, 2],
    [6, 3],
  ]],
  ["at", (x) => x.at("...", [1]), [[2, 3], [5, 6]]],
  ["at numbers", (x) => x.at(-1, 0), 4],
  ["at a new dim", (x) => x.at("new", 0, [undefined, undefined, 2]), [[1, 3]]],
  [
    "at tensors",
    (x) => x.at(tensor([1, 0], int), tensor([2, -3], int)),
    [6, 1],
  ],
  [
    "at a tensor after a slice",
    (x) => x.at([], tensor([[2], [0]], int)),
    [[[3], [1]], [[6], [4]]],
  ],
];
const int = { dtype: "int32" } as const;

Deno.test("movements of every type give what PyTorch gives", async () => {
  const types: DType[] = ["float32", "int32", "uint8", "float16"];
  for (const dtype of types) {
    for (const [name, call, want] of CALLS) {
      const y = call(matrix().to(dtype));
      assertEquals(await y.toArray(), want, `${name} of ${dtype}`);
      assertEquals(y.dtype, dtype, name);
    }
  }
});

Deno.test("movements of bool keep true and false", async () => {
  const x = tensor([[true, false, true], [false, false, true]]);
  assertEquals(await x.flip([1]).toArray(), [[1, 0, 1], [1, 0, 0]]);
  assertEquals(await x.pad([1, 0]).toArray(), [[0, 1, 0, 1], [0, 0, 0, 1]]);
  assertEquals(await cat([x, x.logicalNot()], 1).slice(0, 0, 1).toArray(), [
    [1, 0, 1, 0, 1, 0],
  ]);
});

Deno.test("movements have the gradients that differences say", async () => {
  for (const [name, call] of CALLS) {
    try {
      await gradcheck(call, [matrix()], { second: true });
    } catch (error) {
      throw new Error(name, { cause: error });
    }
  }
});

Deno.test("views share the buffer of their tensor", () => {
  const x = matrix();
  for (
    const view of [x.t(), x.slice(1, 1), x.select(0, 1), x.diagonal(), x.at(0)]
  ) {
    assert(view.storage === x.storage);
  }
  assert(x.t().contiguous().storage !== x.storage);
  assert(x.contiguous() === x);
});

Deno.test("split(), chunk() and unbind() give the pieces in order", async () => {
  const x = arange(7);
  const arrays = (pieces: Tensor[]) =>
    Promise.all(pieces.map((piece) => piece.toArray()));
  assertEquals(await arrays(x.split(3)), [[0, 1, 2], [3, 4, 5], [6]]);
  assertEquals(await arrays(x.split([5, 2])), [[0, 1, 2, 3, 4], [5, 6]]);
  assertEquals(await arrays(x.chunk(3)), [[0, 1, 2], [3, 4, 5], [6]]);
  assertEquals(await arrays(matrix().unbind(1)), [[1, 4], [2, 5], [3, 6]]);
  assertThrows(
    () => x.split([5, 1]),
    RangeError,
    "expected sizes that sum to 7, got 6",
  );
});

Deno.test("cat() promotes types, joins many and passes over empty ones", async () => {
  const y = cat([tensor([1], { dtype: "uint8" }), tensor([2.5]), tensor([])]);
  assertEquals([y.dtype, await y.toArray()], ["float32", [1, 2.5]]);
  const many = cat(Array.from({ length: 70 }, (_, i) => full([3], i)));
  const want = Array.from({ length: 210 }, (_, i) => Math.floor(i / 3));
  assertEquals([...await many.data()], want);
  assertEquals(cat([zeros([0, 3]), zeros([2, 3])]).shape, [2, 3]);
  assertThrows(
    () => cat([zeros([2, 3]), zeros([2, 4])]),
    TypeError,
    "[2, 3], [2, 4]",
  );
  assertThrows(() => cat([]), TypeError, "empty list");
  assertThrows(() => stack([zeros([2]), zeros([3])]), TypeError, "equal");
});

Deno.test("cat() of packed bytes joins pieces of every length", async () => {
  const pieces = [3, 1, 4, 2, 5].map((length, i) =>
    full([length], i, { dtype: "uint8" })
  );
  const want = [0, 0, 0, 1, 2, 2, 2, 2, 3, 3, 4, 4, 4, 4, 4];
  assertEquals([...await cat(pieces).data()], want);
});

Deno.test("repeat() takes more dims than one kernel has", async () => {
  const x = arange(32).reshape([2, 2, 2, 2, 2]);
  const y = x.repeat([2, 2, 2, 2, 2]);
  assertEquals(y.shape, [4, 4, 4, 4, 4]);
  for (const start of [0, 2]) {
    const part = y.at(...x.shape.map(() => [start, start + 2]));
    assertEquals(await part.data(), await x.data());
  }
});

Deno.test("casts truncate, wrap and take NaN for true", async () => {
  const x = tensor([-1.7, 0, 2.9, NaN]);
  assertEquals([...(await x.to("int32").data()).slice(0, 3)], [-1, 0, 2]);
  assertEquals([...await x.to("bool").data()], [1, 0, 1, 1]);
  assertEquals([...await tensor([300, -1]).to("uint8").data()], [44, 255]);
  const half = tensor([1, 2]).to("float16");
  assertEquals([...await half.to("float32").data()], [1, 2]);
});

Deno.test("contiguous() copies large transposes", async () => {
  const [rows, columns] = [301, 203];
  const x = arange(rows * columns).reshape([rows, columns]).t().contiguous();
  const data = await x.data();
  for (let i = 0; i < data.length; i += 997) {
    const [c, r] = [Math.floor(i / rows), i % rows];
    assertEquals(data[i], r * columns + c);
  }
});

Deno.test("movements name what they refuse", () => {
  assertThrows(
    () => zeros([2, 3, 4]).flatten(-1, 1),
    RangeError,
    "Cannot flatten dims -1 to 1 of [2, 3, 4]",
  );
  const x = matrix();
  assertThrows(() => x.reshape([4, -1]), TypeError, "[2, 3] to [4, -1]");
  assertThrows(() => x.permute([0, 0]), RangeError, "each of its 2 dims once");
  assertThrows(() => x.expand([2, 4]), TypeError, "[2, 3] to [2, 4]");
  assertThrows(() => x.select(1, 3), RangeError, "indices -3 to 2");
  assertThrows(() => x.narrow(1, 2, 2), RangeError, "the dim has 3");
  assertThrows(
    () => x.unfold(1, 4, 1),
    RangeError,
    "expected a size of 0 to 3",
  );
  assertThrows(() => x.diagonal(0, 1, 1), RangeError, "two different");
  assertThrows(() => x.flip([0, -2]), RangeError, "expected each dim once");
  assertThrows(() => x.roll([1, 2], 0), TypeError, "as many");
  assertThrows(() => x.expand([2.5]), TypeError, "must be integers");
  assertThrows(() => x.repeat([2]), TypeError, "each of 2 dims");
  assertThrows(() => x.repeat([2, -1]), RangeError, "non-negative integer");
  assertThrows(() => x.slice(0, 0.5, 2), RangeError, "expected integers");
  assertThrows(() => x.pad([1]), RangeError, "two integers");
  assertThrows(() => x.pad([3, 0], { mode: "reflect" }), RangeError, "0 to 2");
  assertThrows(() => x.at(0, 0, 0), RangeError, "2 dims");
  assertThrows(() => x.at("...", "..."), RangeError, 'one "..."');
  assertThrows(() => x.at(tensor([true, false])), TypeError, "maskedSelect");
});

Deno.test("nonzero() and maskedSelect() wait for their sizes", async () => {
  const x = tensor([[0, 2, 0], [3, 0, 4]], { requiresGrad: true });
  assertEquals(await (await x.nonzero()).toArray(), [[0, 1], [1, 0], [1, 2]]);
  const chosen = await x.maskedSelect(x.gt(2));
  assertEquals(await chosen.toArray(), [3, 4]);
  chosen.sum().backward();
  assertEquals(await x.grad!.toArray(), [[0, 0, 0], [1, 0, 1]]);
  assertEquals((await zeros([2]).nonzero()).shape, [0, 1]);
});
