/**
 * Convolutions of volumes: against sums of convolutions of their layers, and
 * what is refused. The goldens compare them with PyTorch.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";

import { conv2d } from "../../../src/ops/conv/conv.ts";
import { conv3d } from "../../../src/ops/conv/conv3d.ts";
import { zeros } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { made } from "../_gradients.ts";

// Small whole numbers: sums are exact in any order.
function whole(shape: readonly number[], salt: number): Tensor {
  const size = shape.reduce((product, by) => product * by, 1);
  const data = Array.from({ length: size }, (_, i) => (i * 7 + salt) % 11 - 5);
  return made(shape, data);
}

Deno.test("conv3d() adds conv2d() of the layers that a filter meets", async () => {
  const x = whole([2, 4, 7, 6, 5], 1);
  const w = whole([6, 2, 2, 3, 3], 2);
  const bias = whole([6], 3);
  const options = {
    stride: [2, 1, 2],
    padding: [1, 0, 2],
    dilation: [3, 1, 1],
  };
  const y = conv3d(x, w, bias, { ...options, groups: 2 });
  // floor((7 + 2 - 3 - 1) / 2) + 1, 6 - 2, floor((5 + 4 - 2 - 1) / 2) + 1
  assertEquals(y.shape, [2, 6, 3, 4, 4]);
  const flat = { stride: [1, 2], padding: [0, 2], groups: 2 };
  for (let layer = 0; layer < 3; layer++) {
    let sum = zeros([2, 6, 4, 4]).add(bias.reshape([6, 1, 1]));
    for (let tap = 0; tap < 2; tap++) {
      const at = 2 * layer + 3 * tap - 1;
      if (at < 0 || at >= 7) continue;
      const [image, filter] = [x.select(2, at), w.select(2, tap)];
      sum = sum.add(conv2d(image, filter, undefined, flat));
    }
    const found = y.select(2, layer).contiguous();
    assertEquals(await found.data(), await sum.data());
  }
});

Deno.test("conv3d() takes a volume without a batch, and an empty batch", async () => {
  const [x, w] = [whole([1, 2, 3, 4, 5], 1), whole([3, 2, 3, 3, 3], 2)];
  const [one, all] = [conv3d(x.squeeze(0), w), conv3d(x, w)];
  assertEquals(one.shape, [3, 1, 2, 3]);
  assertEquals(await one.data(), await all.data());
  assertEquals(conv3d(zeros([0, 2, 3, 4, 5]), w).shape, [0, 3, 1, 2, 3]);
});

Deno.test('conv3d() with padding "same" keeps the size', () => {
  const [x, w] = [zeros([1, 2, 3, 4, 5]), zeros([3, 2, 2, 3, 4])];
  assertEquals(conv3d(x, w, undefined, { padding: "same" }).shape, [
    1,
    3,
    3,
    4,
    5,
  ]);
});

Deno.test("conv3d() names the shapes and options it rejects", () => {
  const [x, w] = [zeros([1, 2, 3, 4, 5]), zeros([4, 2, 2, 2, 2])];
  const types: [() => Tensor, string][] = [
    [
      () => conv3d(zeros([2, 3, 4]), w),
      "expected x [N, C, D, H, W] or [C, D, H, W] and weight of 5 dims",
    ],
    [
      () => conv3d(zeros([1, 3, 3, 4, 5]), w),
      "the input must have 2 channels (2 for each of 1 groups), got 3",
    ],
    [() => conv3d(x, w, zeros([3])), "with a bias of shape [3]: expected [4]"],
    [
      () => conv3d(x, w, undefined, { stride: [1, 2] }),
      "Cannot conv3d with stride [1, 2]: expected one number or three",
    ],
  ];
  for (const [run, message] of types) assertThrows(run, TypeError, message);
  const ranges: [() => Tensor, string][] = [
    [
      () => conv3d(zeros([1, 2, 1, 4, 5]), w),
      "a filter spans 2 of the 1 layers of the padded input",
    ],
    [
      () => conv3d(zeros([1, 2, 3, 4, 1]), w),
      "a filter spans 2 of the 1 columns of the padded input",
    ],
    [
      () => conv3d(x, w, undefined, { padding: "same", stride: 2 }),
      'Cannot conv3d with padding "same" and stride [2, 2, 2]',
    ],
    [() => conv3d(x, w, undefined, { groups: 3 }), "Cannot conv3d in 3 groups"],
    [() => conv3d(x, w, undefined, { dilation: 0 }), "with dilation 0"],
  ];
  for (const [run, message] of ranges) assertThrows(run, RangeError, message);
});
