import { assertEquals, assertThrows } from "@std/assert";

import { MaxPool3d } from "../../../src/nn/pool.ts";
import { maxPool3d } from "../../../src/ops/pool/max3d.ts";
import { assertClose, assertGradients, made } from "../_gradients.ts";

Deno.test("maxPool3d() finds the maxima of windows and where they lie", async () => {
  const x = made([1, 1, 2, 3, 4], [
    ...[1, 5, 2, 0, 3, 4, 9, 1, 0, 0, 0, 0],
    ...[6, 1, 2, 9, 3, 4, 1, 1, 7, 7, 0, 0],
  ]);
  const [y, at] = maxPool3d(x, 2, { returnIndices: true });
  assertEquals(y.shape, [1, 1, 1, 1, 2]);
  await assertClose(y, [6, 9], 0);
  assertEquals([...await at.data()], [12, 6]); // of two nines the first
  const wide = maxPool3d(x, [2, 3, 1], { stride: 1, padding: [1, 0, 0] });
  assertEquals(wide.shape, [1, 1, 3, 1, 4]);
  const columns = [3, 5, 9, 1, 7, 7, 9, 9, 7, 7, 2, 9];
  await assertClose(wide, columns, 0);
  const layer = new MaxPool3d(2);
  await assertClose(layer.call(x.select(0, 0)), [6, 9], 0);
});

Deno.test("maxPool3d() lets NaN win, and -infinity be a maximum", async () => {
  const x = made([1, 2, 2, 2], [1, NaN, 2, 3, 4, 5, 6, 7]);
  await assertClose(maxPool3d(x, 2), [NaN], 0);
  const low = made([1, 1, 1, 1], [-Infinity]);
  await assertClose(maxPool3d(low, 2, { padding: 1 }), [-Infinity], 0);
});

Deno.test("maxPool3d() gradients equal central differences", async () => {
  const spread = made(
    [1, 3, 4, 5],
    Array.from(Array(60), (_, i) => i * 7 % 60),
  );
  await assertGradients(
    (x) => maxPool3d(x!, 2, { stride: [1, 2, 2], padding: [1, 0, 1] }),
    [spread.div(8)],
  );
});

Deno.test("maxPool3d() names what it rejects", () => {
  assertThrows(
    () => maxPool3d(made([2, 3, 4]), 2),
    TypeError,
    "expected floats of shape [C, D, H, W] or [N, C, D, H, W]",
  );
  assertThrows(
    () => maxPool3d(made([1, 2, 4, 4]), 3),
    RangeError,
    "the output would have shape",
  );
});
