import { assertEquals, assertThrows } from "@std/assert";

import { Bilinear } from "../../../src/nn/bilinear.ts";
import { bilinear } from "../../../src/ops/matmul/bilinear.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
} from "../_gradients.ts";

Deno.test("bilinear() sums the weighted products of pairs", async () => {
  const x1 = made([2, 2], [1, 2, 3, 4]);
  const x2 = made([2, 3], [1, 0, 2, 1, 1, 1]);
  const weight = made([1, 2, 3], [1, 2, 3, 4, 5, 6]);
  // 1 * (1 + 6) + 2 * (4 + 12), and 3 * (1 + 2 + 3) + 4 * (4 + 5 + 6)
  await assertClose(bilinear(x1, x2, weight), [39, 78], 0);
  const bias = made([1], [0.5]);
  await assertClose(bilinear(x1, x2, weight, bias), [39.5, 78.5], 0);
  assertEquals(bilinear(made([0, 2]), made([0, 3]), weight).shape, [0, 1]);
  assertEquals(bilinear(made([2]), made([3]), weight).shape, [1]);
});

Deno.test("bilinear() gradients equal central differences", async () => {
  const inputs = [made([3, 2]), made([3, 4]), made([5, 2, 4]), made([5])];
  await assertGradients((a, b, w, c) => bilinear(a!, b!, w!, c), inputs);
  await assertSecondGradients(
    (a, b, w) => bilinear(a!, b!, w!).square(),
    [made([1, 2]), made([1, 2]), made([2, 2, 2])],
    2e-2,
  );
});

Deno.test("bilinear() names what it rejects", () => {
  const weight = made([1, 2, 3]);
  assertThrows(
    () => bilinear(made([2, 2]), made([1, 3]), weight),
    TypeError,
    "expected shapes [..., in1], [..., in2] and [out, in1, in2]",
  );
  assertThrows(
    () => bilinear(made([2]), made([3]), weight, made([2])),
    TypeError,
    "expected shape [1]",
  );
  assertThrows(
    () => bilinear(made([2]).to("int32"), made([3]), weight),
    TypeError,
    "expected floats",
  );
});

Deno.test("Bilinear draws its parameters from in1Features", async () => {
  const layer = new Bilinear(4, 3, 20);
  assertEquals(layer.call(made([2, 4]), made([2, 3])).shape, [2, 20]);
  for (const each of [layer.weight, layer.bias!]) {
    const size = Math.max(...Array.from(await each.data(), Math.abs));
    assertEquals(size > 0.25 && size <= 0.5, true); // 1 / sqrt(4)
  }
  assertEquals([...layer.stateDict().keys()], ["weight", "bias"]);
  assertEquals(new Bilinear(1, 1, 1, { bias: false }).bias, undefined);
  assertThrows(() => new Bilinear(0, 1, 1), RangeError, "in1Features 0");
});
