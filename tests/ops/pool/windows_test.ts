import { assertEquals, assertThrows } from "@std/assert";

import * as F from "../../../src/nn/functional.ts";
import * as nn from "../../../src/nn/mod.ts";
import { conv1d, conv2d, convTranspose2d } from "../../../src/ops/conv/conv.ts";
import { arange, ones } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertClose, assertRows } from "../_gradients.ts";

Deno.test("windows and strides may be lists of one number", async () => {
  const x = arange(32).to("float32").reshape([1, 2, 4, 4]);
  const filter = ones([1, 2, 2, 2]);
  const back = ones([2, 1, 2, 2]);
  const signal = x.reshape([1, 2, 16]);
  const pairs: Record<string, [Tensor, Tensor]> = {
    avgPool2d: [
      F.avgPool2d(x, [2], { stride: [1], padding: [1] }),
      F.avgPool2d(x, 2, { stride: 1, padding: 1 }),
    ],
    maxPool2d: [
      F.maxPool2d(x, [2], { stride: [1], padding: [1], dilation: [2] }),
      F.maxPool2d(x, 2, { stride: 1, padding: 1, dilation: 2 }),
    ],
    maxPool3d: [
      F.maxPool3d(x, [2], { stride: [1] }),
      F.maxPool3d(x, 2, { stride: 1 }),
    ],
    lpPool2d: [
      F.lpPool2d(x, 2, [2], { stride: [1] }),
      F.lpPool2d(x, 2, 2, { stride: 1 }),
    ],
    avgPool1d: [
      F.avgPool1d(signal, [2], { stride: [1] }),
      F.avgPool1d(signal, 2, { stride: 1 }),
    ],
    adaptiveAvgPool2d: [F.adaptiveAvgPool2d(x, [2]), F.adaptiveAvgPool2d(x, 2)],
    adaptiveMaxPool2d: [F.adaptiveMaxPool2d(x, [2]), F.adaptiveMaxPool2d(x, 2)],
    unfold: [
      F.unfold(x, [2], { stride: [2], padding: [1] }),
      F.unfold(x, 2, { stride: 2, padding: 1 }),
    ],
    fold: [
      F.fold(ones([1, 4, 4]), [4], { kernelSize: [2], stride: [2] }),
      F.fold(ones([1, 4, 4]), 4, { kernelSize: 2, stride: 2 }),
    ],
    conv2d: [
      conv2d(x, filter, undefined, { stride: [2], padding: [1] }),
      conv2d(x, filter, undefined, { stride: 2, padding: 1 }),
    ],
    convTranspose2d: [
      convTranspose2d(x, back, undefined, { stride: [2], outputPadding: [1] }),
      convTranspose2d(x, back, undefined, { stride: 2, outputPadding: 1 }),
    ],
    conv1d: [
      conv1d(signal, ones([1, 2, 3]), undefined, { stride: [2] }),
      conv1d(signal, ones([1, 2, 3]), undefined, { stride: 2 }),
    ],
  };
  for (const [name, [got, want]] of Object.entries(pairs)) {
    assertEquals(got.shape, want.shape, name);
    assertEquals(await got.data(), await want.data(), name);
  }
  assertEquals(new nn.Conv2d(2, 3, [5]).weight.shape, [3, 2, 5, 5]);
  assertEquals(new nn.MaxPool2d([2]).call(x).shape, [1, 2, 2, 2]);
  // a call that types refuse, too
  const three: unknown = [2, 2, 2];
  assertThrows(
    () => F.avgPool2d(x, three as [number, number]),
    TypeError,
    "Cannot avgPool2d with kernelSize [2, 2, 2]: expected one number or two",
  );
});

Deno.test("adaptive pooling keeps a size for null or undefined", async () => {
  const x = arange(16).to("float32").reshape([1, 1, 4, 4]);
  await assertRows({
    rows: [
      () => F.adaptiveAvgPool2d(x, [null, 2]),
      [1, 1, 4, 2],
      [0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5],
    ],
    columns: [
      () => F.adaptiveMaxPool2d(x, [1, undefined]),
      [1, 1, 1, 4],
      [12, 13, 14, 15],
    ],
    both: [() => F.adaptiveAvgPool2d(x, null), [1, 1, 4, 4], [
      ...Array(16).keys(),
    ]],
    layer: [
      () => new nn.AdaptiveAvgPool2d([2, null]).call(x).sum(-1),
      [1, 1, 2],
      [14, 46],
    ],
    signal: [() => F.adaptiveAvgPool1d(x.at(0), [null]).sum(), [], [120]],
  });
  assertThrows(
    () => F.adaptiveAvgPool2d(x, [-1, null]),
    RangeError,
    "Cannot adaptiveAvgPool2d with outputSize -1",
  );
});

Deno.test("maxUnpool2d() takes sizes with and without images and channels", async () => {
  const x = arange(25).to("float32").reshape([1, 1, 5, 5]);
  const [y, at] = F.maxPool2d(x, 2, { returnIndices: true });
  const wanted = new Array(25).fill(0);
  for (const i of [6, 8, 16, 18]) wanted[i] = i;
  for (const outputSize of [[5, 5], [1, 1, 5, 5]]) {
    const back = F.maxUnpool2d(y, at, [2], { outputSize });
    assertEquals(back.shape, [1, 1, 5, 5]);
    await assertClose(back, wanted, 0);
  }
  const unbatched = F.maxUnpool2d(y.at(0), at.at(0), 2, {
    outputSize: [1, 5, 5],
  });
  assertEquals(unbatched.shape, [1, 5, 5]);
  for (const outputSize of [[6, 5], [5, 2], [5, 4.5]]) {
    assertThrows(
      () => F.maxUnpool2d(y, at, 2, { outputSize }),
      RangeError,
      "expected 3 to 5",
    );
  }
  assertThrows(
    () => F.maxUnpool2d(y, at, 2, { outputSize: [1, 5, 5] }),
    TypeError,
    "expected [H, W] or the whole shape",
  );
  // 16 and 18 have no place among nine
  const lost = F.maxUnpool2d(y, at, 2, { outputSize: [3, 3] });
  assertEquals([...await lost.data()], [
    NaN,
    NaN,
    NaN,
    NaN,
    NaN,
    NaN,
    6,
    NaN,
    8,
  ]);
});
