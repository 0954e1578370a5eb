import { assertEquals, assertThrows } from "@std/assert";
import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import {
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from "../../../src/ops/conv/conv.ts";
import type { ConvOptions } from "../../../src/ops/conv/shapes.ts";
import { arange, tensor, zeros } from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { definition, PLAIN, type Sizes, whole } from "../_convolution.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

// Input, weight and what differs from PLAIN; every kernel has its cases, with
// sizes below, at and beyond its tiles.
const CASES: readonly (readonly [string, Shape, Shape, Partial<Sizes>])[] = [
  ["3 x 3 over 14 columns", [3, 5, 6, 14], [9, 5, 3, 3], { padding: [1, 1] }],
  ["3 x 3 over 29 columns", [1, 2, 4, 31], [8, 2, 3, 3], {}],
  ["3 x 3 over 8 columns", [2, 8, 8, 8], [16, 8, 3, 3], { padding: [1, 1] }],
  ["3 x 3 over 3 columns", [2, 7, 5, 3], [4, 7, 3, 3], { padding: [1, 1] }],
  ["padding beyond the filter", [1, 3, 2, 2], [3, 3, 2, 2], {
    padding: [3, 4],
  }],
  ["5 x 5", [2, 1, 12, 28], [6, 1, 5, 5], { padding: [2, 2] }],
  ["2 x 4", [2, 3, 6, 17], [10, 3, 2, 4], { padding: [0, 2] }],
  ["7 x 7, stride 2", [1, 3, 18, 33], [9, 3, 7, 7], {
    stride: [2, 2],
    padding: [3, 3],
  }],
  ["7 x 6", [1, 2, 9, 20], [5, 2, 7, 6], { padding: [1, 0] }],
  ["strides 3 and 2", [2, 4, 11, 12], [6, 4, 3, 3], {
    stride: [3, 2],
    padding: [1, 0],
  }],
  ["dilation 2 and 3", [2, 3, 9, 12], [4, 3, 3, 3], {
    dilation: [2, 3],
    padding: [2, 1],
  }],
  ["dilation and stride", [1, 3, 13, 16], [4, 3, 3, 3], {
    dilation: [2, 3],
    stride: [2, 3],
    padding: [1, 4],
  }],
  ["1 x 1", [3, 8, 5, 6], [12, 8, 1, 1], {}],
  ["1 x 1 of odd sizes", [2, 3, 3, 3], [5, 3, 1, 1], {}],
  ["1 x 1, stride 2", [2, 4, 7, 6], [8, 4, 1, 1], { stride: [2, 2] }],
  ["groups", [2, 6, 7, 15], [9, 2, 3, 3], { groups: 3, padding: [1, 1] }],
  ["depthwise", [2, 5, 8, 19], [5, 1, 3, 3], { groups: 5, padding: [1, 1] }],
  ["depthwise, stride 2", [2, 3, 8, 9], [6, 1, 3, 3], {
    groups: 3,
    stride: [2, 2],
    padding: [1, 1],
  }],
  ["depthwise 7 x 7 over 20 columns", [1, 3, 12, 20], [3, 1, 7, 7], {
    groups: 3,
    padding: [3, 3],
  }],
  ["depthwise 5 x 6, stride 2, of two filters", [2, 3, 9, 16], [6, 1, 5, 6], {
    groups: 3,
    stride: [2, 2],
    padding: [0, 4],
  }],
  ["depthwise 1 x 2 and rows of one", [3, 2, 1, 4], [2, 1, 1, 2], {
    groups: 2,
  }],
  ["depthwise, dilated", [2, 3, 8, 9], [3, 1, 3, 3], {
    groups: 3,
    dilation: [2, 2],
  }],
  ["one channel, 26 columns", [2, 1, 9, 28], [16, 1, 3, 3], {}],
  ["one output", [2, 16, 7, 8], [1, 16, 3, 3], { padding: [1, 1] }],
  ["columns, stride 2, of 27 lines", [3, 3, 9, 11], [17, 3, 3, 3], {
    stride: [2, 2],
    padding: [1, 1],
  }],
  ["columns over 4 columns", [2, 12, 4, 4], [48, 12, 3, 3], {
    padding: [1, 1],
  }],
  ["columns in groups, strides 3 and 2", [2, 26, 7, 9], [32, 13, 3, 2], {
    groups: 2,
    stride: [3, 2],
    padding: [2, 0],
  }],
  ["1 x 1 in groups", [2, 26, 3, 5], [28, 13, 1, 1], { groups: 2 }],
  ["1 x 1, padded", [2, 12, 3, 5], [16, 12, 1, 1], { padding: [1, 2] }],
  // more than 128 tiles of 128 for a GPU
  ["many positions and outputs", [4, 1, 66, 66], [66, 1, 2, 3], {}],
  ["one position", [1, 4, 3, 3], [2, 4, 3, 3], {}],
  ["width 1", [2, 4, 9, 1], [8, 4, 3, 1], { padding: [1, 0] }],
];

for (const kind of CLASSES) {
  for (const [name, from, filters, changes] of CASES) {
    Deno.test(`conv2d() and its gradients follow their definition: ${name}, ${kind} kernels`, async () => {
      const sizes = { ...PLAIN, ...changes };
      const x = whole(from).requiresGrad_();
      const w = whole(filters, 2).requiresGrad_();
      const b = whole([filters[0]!], 3).requiresGrad_();
      const [y, dy] = withAdapterClass(kind, () => {
        const y = conv2d(x, w, b, sizes);
        const dy = whole(y.shape, 4);
        y.backward(dy);
        return [y, dy];
      });
      const want = await definition(x.detach(), w.detach(), dy, sizes);
      const plane = y.shape[2]! * y.shape[3]!;
      const bias = await b.data();
      const biased = want.y.map((value, at) =>
        value + bias[Math.floor(at / plane) % bias.length]!
      );
      assertEquals(await y.data(), biased);
      assertEquals(await x.grad!.data(), want.dx);
      assertEquals(await w.grad!.data(), want.dw);
      assertEquals(await b.grad!.data(), await dy.sum([0, 2, 3]).data());
    });
  }

  Deno.test(`conv2d() takes views and batches of none, ${kind} kernels`, async () => {
    const nhwc = whole([2, 6, 7, 3]).permute([0, 3, 1, 2]);
    const cropped = nhwc.slice(2, 1, 6).slice(3, 2, 7);
    const w = whole([4, 3, 3, 3], 2).transpose(2, 3);
    const [y, none] = withAdapterClass(
      kind,
      () => [conv2d(cropped, w), conv2d(zeros([0, 3, 5, 5]), w)] as const,
    );
    const [dense, filters] = [cropped.contiguous(), w.contiguous()];
    const want = await definition(dense, filters, zeros(y.shape), PLAIN);
    assertEquals(await y.data(), want.y);
    assertEquals(none.shape, [0, 4, 3, 3]);
    assertEquals([...await none.data()], []);
  });

  Deno.test(`conv2d() of an empty batch has a gradient of zeros, ${kind} kernels`, async () => {
    const w = whole([4, 3, 3, 3]).requiresGrad_();
    withAdapterClass(
      kind,
      () => conv2d(zeros([0, 3, 5, 5]), w).sum().backward(),
    );
    assertEquals(await w.grad!.data(), new Float32Array(108));
  });

  Deno.test(`conv2d() lets NaN and infinity through to their neighbours, ${kind} kernels`, async () => {
    const x = tensor([[[[0, 0, 0, 0, NaN], [0, 0, 0, 0, 0]]]]);
    const w = tensor([[[[1, 0, 1]]], [[[1, 1, 1]]], [[[1, 1, 1]]]]);
    const y = await withAdapterClass(kind, () => conv2d(x, w).data());
    // only the last of the first row's three positions sees the NaN
    const one = [0, 0, NaN, 0, 0, 0];
    assertEquals([...y], [...one, ...one, ...one]);
  });

  Deno.test(`conv2d() has second derivatives, ${kind} kernels`, async () => {
    // y is linear in x and in w, so d/dw of sum(dx * v) is dw with v in x's place
    const sizes = { ...PLAIN, stride: [2, 1], padding: [1, 1] } as const;
    const w = whole([3, 2, 3, 3], 2).requiresGrad_();
    const v = whole([2, 2, 5, 6], 5);
    const dy = whole([2, 3, 3, 6], 4);
    const x = whole([2, 2, 5, 6]);
    const dx = withAdapterClass(kind, () => {
      // the gradient to x is a transposed convolution of dy
      const dx = convTranspose2d(dy, w, undefined, {
        stride: [2, 1],
        padding: 1,
      });
      dx.mul(v).sum().backward();
      return dx;
    });
    const first = await definition(x, w.detach(), dy, sizes);
    const second = await definition(v, w.detach(), dy, sizes);
    assertEquals(await dx.data(), first.dx);
    assertEquals(await w.grad!.data(), second.dw);
  });
}

Deno.test('conv2d() with padding "same" keeps the size; the odd zero comes last', async () => {
  const x = tensor([[[[1, 2, 3]]]]);
  const w = tensor([[[[1, 10]]]]);
  const y = conv2d(x, w, undefined, { padding: "same" });
  // 1 + 10 * 2, 2 + 10 * 3, 3 + 10 * 0
  assertEquals(await y.toArray(), [[[[21, 32, 3]]]]);
  const options: ConvOptions = { padding: "same", dilation: 2 };
  const wide = conv2d(
    zeros([1, 1, 7, 6]),
    zeros([1, 1, 3, 4]),
    undefined,
    options,
  );
  assertEquals(wide.shape, [1, 1, 7, 6]);
  const valid = conv2d(x, w, undefined, { padding: "valid" });
  assertEquals(await valid.toArray(), [[[[21, 32]]]]);
});

Deno.test("conv2d() takes one image without a batch", async () => {
  const x = whole([3, 5, 6]);
  const w = whole([4, 3, 3, 3], 2);
  const y = conv2d(x, w);
  assertEquals(y.shape, [4, 3, 4]);
  assertEquals(await y.data(), await conv2d(x.unsqueeze(0), w).data());
});

Deno.test("conv1d() is conv2d() of one row", async () => {
  const x = whole([2, 4, 9]).requiresGrad_();
  const w = whole([6, 2, 3], 2).requiresGrad_();
  const options = { stride: 2, padding: [1], dilation: 2, groups: 2 };
  const y = conv1d(x, w, undefined, options);
  // floor((9 + 2 - 4 - 1) / 2) + 1
  assertEquals(y.shape, [2, 6, 4]);
  const row = conv2d(
    x.detach().unsqueeze(2),
    w.detach().unsqueeze(2),
    undefined,
    { stride: [1, 2], padding: [0, 1], dilation: [1, 2], groups: 2 },
  );
  assertEquals(await y.data(), await row.data());
  y.sum().backward();
  assertEquals(x.grad!.shape, [2, 4, 9]);
  assertEquals(w.grad!.shape, [6, 2, 3]);
});

Deno.test("convTranspose2d() spreads each input by the filter", async () => {
  const x = tensor([[[[1, 2]]]]);
  const w = tensor([[[[1, 10, 100]]]]);
  const b = tensor([1000]);
  const y = convTranspose2d(x, w, b, { stride: 2 });
  // 1, 10, 100 + 2 * 1, 2 * 10, 2 * 100, each plus the bias
  assertEquals(await y.toArray(), [[[[1001, 1010, 1102, 1020, 1200]]]]);
  const longer = convTranspose2d(x, w, b, {
    stride: [2, 2],
    outputPadding: [0, 1],
  });
  assertEquals(longer.shape, [1, 1, 1, 6]);
  const line = convTranspose1d(x.squeeze(2), w.squeeze(2), b, { stride: 2 });
  assertEquals(await line.toArray(), [[[1001, 1010, 1102, 1020, 1200]]]);
});

Deno.test("conv2d() computes float16 in float32 and rounds once", async () => {
  const x = zeros([1, 4096, 1, 1]).add(1).to("float16");
  const y = conv2d(x, x);
  assertEquals(y.dtype, "float16");
  assertEquals(await y.item(), 4096); // summed in float16 it would stop at 2048
});

Deno.test("conv2d() names the shapes and types it rejects", () => {
  const [x, w] = [zeros([1, 2, 5, 5]), zeros([4, 2, 3, 3])];
  const cases: [() => Tensor, string][] = [
    [() => conv2d(zeros([5, 5]), w), "expected x [N, C, H, W] or [C, H, W]"],
    [() => conv1d(zeros([5]), zeros([1, 1, 1])), "expected x [N, C, L]"],
    [
      () => conv2d(x, zeros([4, 3, 3, 3])),
      "Cannot conv2d [1, 2, 5, 5] with weight [4, 3, 3, 3]: the input must " +
      "have 3 channels (3 for each of 1 groups), got 2",
    ],
    [
      () => conv2d(x, w, zeros([3])),
      "Cannot conv2d with a bias of shape [3]: expected [4]",
    ],
    [
      () => conv2d(arange(4).reshape([1, 1, 2, 2]), zeros([1, 1, 1, 1])),
      "Cannot conv2d int32 and float32: expected the same float type",
    ],
    [
      () => conv2d(x, w, undefined, { stride: [1, 1, 1] }),
      "Cannot conv2d with stride [1, 1, 1]: expected one number or two",
    ],
    [
      () =>
        conv1d(zeros([1, 1, 3]), zeros([1, 1, 1]), undefined, {
          stride: [1, 1],
        }),
      "Cannot conv1d with stride [1, 1]: expected one number",
    ],
    [
      () => convTranspose2d(x, zeros([3, 2, 3, 3])),
      "the input must have 3 channels, got 2",
    ],
    [
      () => convTranspose2d(x, zeros([2, 2, 3, 3]), zeros([3])),
      "Cannot convTranspose2d with a bias of shape [3]: expected [2]",
    ],
  ];
  for (const [run, message] of cases) assertThrows(run, TypeError, message);
});

Deno.test("conv2d() names the options it rejects", () => {
  const [x, w] = [zeros([1, 2, 5, 5]), zeros([4, 2, 3, 3])];
  const cases: [() => Tensor, string][] = [
    [
      () => conv2d(zeros([1, 2, 2, 5]), w),
      "a filter spans 3 of the 2 rows of the padded input",
    ],
    [
      () => conv2d(x, w, undefined, { stride: 0 }),
      "Cannot conv2d with stride 0: expected an integer of at least 1",
    ],
    [() => conv2d(x, w, undefined, { padding: -1 }), "with padding -1"],
    [() => conv2d(x, w, undefined, { dilation: 1.5 }), "with dilation 1.5"],
    [
      () => conv2d(x, w, undefined, { padding: "same", stride: 2 }),
      'Cannot conv2d with padding "same" and stride [2, 2]',
    ],
    [
      () => conv2d(zeros([1, 6, 5, 5]), w, undefined, { groups: 3 }),
      "Cannot conv2d in 3 groups: expected a positive integer that divides",
    ],
    [
      () =>
        convTranspose2d(x, zeros([2, 2, 3, 3]), undefined, {
          outputPadding: 1,
        }),
      "Cannot convTranspose2d with outputPadding 1: expected less than",
    ],
    [
      () => convTranspose2d(x, zeros([2, 2, 1, 1]), undefined, { padding: 3 }),
      "the output would have -1 rows",
    ],
  ];
  for (const [run, message] of cases) assertThrows(run, RangeError, message);
});
