import { assertEquals } from "@std/assert";
import { conv2d, convTranspose2d } from "../../../src/ops/conv/conv.ts";
import type { ConvCase } from "../../../src/ops/conv/gather.ts";
import {
  addHalves,
  addInputHalves,
  asStrips,
  stripsOf,
} from "../../../src/ops/conv/parts.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { zeros } from "../../../src/tensor/create.ts";
import { definition, PLAIN, type Sizes, whole } from "../_convolution.ts";

// Channels are halved, then rows of filters, then columns.
const CASES: readonly (readonly [string, Shape, Shape, Partial<Sizes>])[] = [
  ["channels", [2, 5, 7, 8], [3, 5, 3, 2], { padding: [1, 0] }],
  ["channels in groups", [2, 6, 7, 8], [4, 3, 3, 2], { groups: 2 }],
  ["rows of taps", [2, 1, 9, 8], [1, 1, 5, 2], { padding: [1, 0] }],
  ["rows of taps in the padding", [1, 1, 3, 4], [1, 1, 7, 2], {
    padding: [4, 3],
  }],
  ["rows of taps apart", [1, 1, 17, 9], [1, 1, 4, 3], {
    dilation: [3, 2],
    stride: [2, 3],
    padding: [2, 1],
  }],
  ["columns of taps", [1, 1, 4, 17], [1, 1, 1, 6], {
    stride: [3, 2],
    padding: [2, 1],
  }],
  ["taps of groups", [1, 2, 6, 7], [2, 1, 4, 3], { groups: 2 }],
];

const pairOf = ([rows, columns]: readonly number[]) =>
  [rows!, columns!] as const;

function caseOf(x: Shape, w: Shape, y: Shape, sizes: Sizes): ConvCase {
  return {
    ...sizes,
    images: x[0]!,
    channels: w[1]!,
    outputs: w[0]! / sizes.groups,
    input: pairOf(x.slice(2)),
    output: pairOf(y.slice(2)),
    kernel: pairOf(w.slice(2)),
  };
}

type Two = readonly [Tensor, Tensor];

// Convolutions whose sizes are given, not worked out: zeros where the input ends.
function forward([x, w]: Two, conv: ConvCase): Tensor {
  const { stride, dilation, groups, padding } = conv;
  const after = ([0, 1] as const).map((axis) =>
    (conv.output[axis] - 1) * stride[axis] +
    dilation[axis] * (conv.kernel[axis] - 1) + 1 - padding[axis] -
    conv.input[axis]
  );
  const padded = x.pad([padding[1], after[1]!, padding[0], after[0]!]);
  return conv2d(padded, w, undefined, { stride, dilation, groups });
}

function back([dy, w]: Two, conv: ConvCase): Tensor {
  const { stride, dilation, groups, padding, input } = conv;
  const dx = convTranspose2d(dy, w, undefined, { stride, dilation, groups });
  const [high, wide] = ([0, 1] as const).map((axis) =>
    input[axis] + padding[axis] - dx.shape[axis + 2]!
  );
  return dx.pad([-padding[1], wide!, -padding[0], high!]);
}

for (const [name, from, filters, changes] of CASES) {
  const sizes: Sizes = { ...PLAIN, ...changes };
  const [x, w] = [whole(from), whole(filters, 2)];

  Deno.test(`addHalves() and addInputHalves() make what the whole does: ${name}`, async () => {
    const y = conv2d(x, w, undefined, sizes);
    const dy = whole(y.shape, 4);
    const conv = caseOf(x.shape, w.shape, y.shape, sizes);
    const want = await definition(x, w, dy, sizes);
    const [halves, inputHalves] = [zeros(y.shape), zeros(x.shape)];
    addHalves([x, w], halves, conv, forward);
    assertEquals(await halves.data(), want.y);
    addInputHalves([dy, w], inputHalves, conv, back);
    assertEquals(await inputHalves.data(), want.dx);
  });

  Deno.test(`asStrips() has the gradient to the weights that the whole has: ${name}`, async () => {
    const { shape } = conv2d(x, w, undefined, sizes);
    const dy = whole(shape, 4);
    const conv = caseOf(x.shape, w.shape, shape, sizes);
    const want = await definition(x, w, dy, sizes);
    for (const strips of [[1, 1], [2, 3], [shape[2]!, 2], [3, shape[3]!]]) {
      const [images, gradients, part] = asStrips(x, dy, conv, pairOf(strips));
      const got = await definition(images, w, gradients, part);
      assertEquals(got.dw, want.dw, `strips of ${strips}`);
    }
  });
}

Deno.test("stripsOf() cuts rows, then columns, until a strip is small enough", () => {
  const conv = caseOf(
    [1, 1, 100, 4000],
    [1, 1, 1, 1],
    [1, 1, 100, 4000],
    PLAIN,
  );
  const shareOf = (most: number) => ({ output }: ConvCase) =>
    output[0] * output[1] / most;
  assertEquals(stripsOf(conv, shareOf(400_000)), undefined);
  assertEquals(stripsOf(conv, shareOf(200_000)), [6, 4000]);
  assertEquals(stripsOf(conv, shareOf(4000)), [1, 4000]);
  assertEquals(stripsOf(conv, shareOf(2000)), [1, 250]);
});
