import { assertEquals, assertThrows } from "@std/assert";

import { LocalResponseNorm } from "../../../src/nn/norm.ts";
import { localResponseNorm } from "../../../src/ops/norm/local_response.ts";
import { assertClose, assertGradients, made } from "../_gradients.ts";

Deno.test("localResponseNorm() looks at the channels around each", async () => {
  const x = made([1, 4, 1], [1, 2, 3, 4]);
  const options = { alpha: 3, beta: 1, k: 1 };
  // windows of three: 1 + sums of squares of the channels there are
  const three = [1 / (1 + 5), 2 / (1 + 14), 3 / (1 + 29), 4 / (1 + 25)];
  await assertClose(localResponseNorm(x, 3, options), three, 1e-6);
  // windows of two hold the channel before
  const two = [1, 2, 3, 4].map((value) =>
    value / (1 + 1.5 * (value ** 2 + (value - 1) ** 2))
  );
  await assertClose(localResponseNorm(x, 2, options), two, 1e-6);
  const layer = new LocalResponseNorm(2, options);
  await assertClose(layer.call(x), two, 1e-6);
});

Deno.test("localResponseNorm() takes one channel, none, and more dims", async () => {
  const wide = localResponseNorm(made([2, 3, 2, 2, 2]), 5);
  assertEquals(wide.shape, [2, 3, 2, 2, 2]);
  assertEquals(localResponseNorm(made([0, 3, 2]), 5).shape, [0, 3, 2]);
  const one = localResponseNorm(made([1, 1, 1], [2]), 4, { beta: 1, alpha: 1 });
  await assertClose(one, [1], 1e-6); // 2 / (1 + 4 / 4)
});

Deno.test("localResponseNorm() gradients equal central differences", async () => {
  await assertGradients(
    (x) => localResponseNorm(x!, 3, { alpha: 0.5 }),
    [made([2, 5, 3])],
  );
});

Deno.test("localResponseNorm() names what it rejects", () => {
  assertThrows(
    () => localResponseNorm(made([2, 3]), 2),
    TypeError,
    "expected floats of shape [N, C, ...] with at least three dims",
  );
  assertThrows(
    () => localResponseNorm(made([2, 3, 1]), 0),
    RangeError,
    "over 0 channels: expected an integer of at least 1",
  );
});
