import { assertEquals, assertThrows } from "@std/assert";

import type { AdapterClass } from "../../../src/gpu/device.ts";
import { embedding } from "../../../src/ops/index/embedding.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, assertGradients, indices, made } from "../_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

for (const kind of CLASSES) {
  Deno.test(`embedding() gradients equal central differences (${kind})`, async () => {
    const words = indices([2, 3], [4, 0, 4, 1, 1, 4]);
    await assertGradients(
      (weight) => embedding(words, weight!),
      [made([5, 3])],
      { kind },
    );
  });
}

Deno.test("embedding() looks up rows in the shape of the input", async () => {
  const table = tensor([[1, 2], [3, 4], [5, 6]]);
  const y = embedding(indices([2, 1, 2], [2, 0, 1, 1]), table);
  assertEquals(y.shape, [2, 1, 2, 2]);
  await assertClose(y, [5, 6, 1, 2, 3, 4, 3, 4], 0);
  assertEquals(embedding(indices([], [1]), table).shape, [2]);
  assertEquals(embedding(indices([0, 3], []), table).shape, [0, 3, 2]);
});

Deno.test("embedding() gives the padding row no gradient", async () => {
  for (const paddingIdx of [1, -2]) {
    const table = tensor([[1, 2], [3, 4], [5, 6]]).requiresGrad_();
    const y = embedding(indices([3], [2, 1, 2]), table, { paddingIdx });
    await assertClose(y, [5, 6, 3, 4, 5, 6], 0);
    y.sum().backward();
    await assertClose(table.grad!, [0, 0, 0, 0, 2, 2], 0);
  }
});

Deno.test("embedding() names what it rejects", () => {
  const table = made([3, 2]);
  assertThrows(
    () => embedding(tensor([3], { dtype: "int32" }), table),
    RangeError,
    "index 3 is out of range, expected 0 to 2",
  );
  assertThrows(
    () => embedding(tensor([-1], { dtype: "int32" }), table),
    RangeError,
    "index -1 is out of range",
  );
  assertThrows(() => embedding(made([2]), table), TypeError, "integers");
  assertThrows(
    () => embedding(indices([1], [0]), made([3])),
    TypeError,
    "a table of shape [3]: expected [V, D]",
  );
  assertThrows(
    () => embedding(indices([1], [0]), table, { paddingIdx: 3 }),
    RangeError,
    "paddingIdx 3: expected -3 to 2",
  );
});
