import { assertEquals } from "@std/assert";

import { causalSoftmax } from "../../../src/ops/softmax/causal.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
  values,
} from "../_gradients.ts";

// Row r of a matrix by its definition: the first `count` elements, then zeros.
function row(x: ArrayLike<number>, count: number): number[] {
  const shares = Array.from(x, (value, i) => i < count ? Math.exp(value) : 0);
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

Deno.test("causalSoftmax() is softmax of the elements up to the diagonal", async () => {
  // whole quads and not, more rows than elements and fewer, several matrices
  for (
    const [matrices, rows, length, first] of [
      [1, 1, 1, 0],
      [2, 3, 3, 0],
      [2, 8, 8, 0],
      [1, 11, 4, 0],
      [3, 2, 12, 0],
      [2, 5, 12, 6],
      [2, 5, 13, 6],
      [1, 4, 8, 20],
    ] as const
  ) {
    const x = values(matrices * rows * length);
    const want = Array.from({ length: matrices * rows }, (_, r) =>
      row(
        x.subarray(r * length, (r + 1) * length),
        Math.min(first + r % rows + 1, length),
      )).flat();
    const y = causalSoftmax(made([matrices, rows, length], x), first);
    await assertClose(y, want, 1e-6);
  }
  assertEquals(causalSoftmax(made([0, 3, 4])).shape, [0, 3, 4]);
  assertEquals(causalSoftmax(made([3, 0])).shape, [3, 0]);
});

Deno.test("causalSoftmax() looks at nothing beyond the diagonal", async () => {
  for (const length of [3, 4]) {
    const x = made([3, length]).mul(0);
    const data = await x.data();
    data[1] = NaN; // not seen by row 0
    data[2 * length + 1] = NaN; // seen by row 2
    data[2 * length - 1] = Infinity; // the last of row 1
    const y = await causalSoftmax(made([3, length], data)).data();
    assertEquals([...y.subarray(0, 2)], [1, 0]);
    assertEquals([...y.subarray(length, length + 3)], [0.5, 0.5, 0]);
    assertEquals([...y.subarray(2 * length, 2 * length + 3)], [NaN, NaN, NaN]);
  }
});

Deno.test("causalSoftmax() gradients equal central differences", async () => {
  await assertGradients((x) => causalSoftmax(x!), [made([2, 3, 4])]);
  await assertGradients((x) => causalSoftmax(x!, 2), [made([2, 3, 5])]);
  await assertSecondGradients((x) => causalSoftmax(x!), [made([3, 3])]);
});
