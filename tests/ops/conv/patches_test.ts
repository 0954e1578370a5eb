import { assertEquals, assertThrows } from "@std/assert";

import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import { conv2d } from "../../../src/ops/conv/conv.ts";
import { matmul } from "../../../src/ops/matmul/matmul.ts";
import {
  channelShuffle,
  fold,
  pixelShuffle,
  pixelUnshuffle,
  unfold,
} from "../../../src/ops/conv/patches.ts";
import { assertClose, assertGradients, made, values } from "../_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];
const OPTIONS = { dilation: [1, 2], padding: [1, 0], stride: [2, 1] } as const;

for (const kind of CLASSES) {
  Deno.test(`unfold() and a product are a convolution (${kind})`, async () => {
    const x = made([2, 3, 5, 6]);
    const weight = made([4, 3, 3, 2], values(72, 1));
    const [got, want] = withAdapterClass(kind, () => [
      matmul(weight.reshape([4, 18]), unfold(x, [3, 2], OPTIONS)),
      conv2d(x, weight, undefined, OPTIONS),
    ]);
    await assertClose(got!, await want!.data(), 1e-5);
  });

  Deno.test(`unfold() and fold() gradients equal central differences (${kind})`, async () => {
    await assertGradients(
      (x) => unfold(x!, [3, 2], OPTIONS),
      [made([1, 2, 4, 5])],
      { kind },
    );
    await assertGradients(
      (x) => fold(x!, [4, 5], { kernelSize: [3, 2], ...OPTIONS }),
      [made([1, 12, 6])],
      { kind },
    );
  });
}

Deno.test("fold() sums what unfold() has taken several times", async () => {
  const x = made([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]);
  const back = fold(unfold(x, [1, 2]), [2, 3], { kernelSize: [1, 2] });
  await assertClose(back, [1, 4, 3, 4, 10, 6], 0); // the middle column twice
});

Deno.test("pixelShuffle() deals channels to pixels, pixelUnshuffle() back", async () => {
  const x = made([1, 4, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  const y = pixelShuffle(x, 2);
  assertEquals(y.shape, [1, 1, 2, 4]);
  await assertClose(y, [1, 3, 2, 4, 5, 7, 6, 8], 0);
  await assertClose(pixelUnshuffle(y, 2), await x.data(), 0);
  assertEquals(pixelShuffle(made([0, 4, 3, 3]), 2).shape, [0, 1, 6, 6]);
});

Deno.test("channelShuffle() deals channels in turn", async () => {
  const x = made([1, 4, 1], [1, 2, 3, 4]);
  await assertClose(channelShuffle(x, 2), [1, 3, 2, 4], 0);
});

Deno.test("unfold() and fold() take one image without N", async () => {
  const x = made([2, 3, 4]);
  const [one, many] = [unfold(x, 2), unfold(x.unsqueeze(0), 2)];
  assertEquals(one.shape, [8, 6]);
  await assertClose(one, await many.data(), 0);
  const options = { kernelSize: 2 };
  const back = fold(one, [3, 4], options);
  assertEquals(back.shape, [2, 3, 4]);
  await assertClose(back, await fold(many, [3, 4], options).data(), 0);
});

Deno.test("patches name what they reject", () => {
  assertThrows(() => unfold(made([2, 3]), 1), TypeError, "shape [N, C, H, W]");
  assertThrows(
    () => unfold(made([1, 1, 2, 2]), 3),
    RangeError,
    "Cannot unfold an image of 2 by 2 with kernel 3",
  );
  assertThrows(
    () => fold(made([1, 4, 5]), 3, { kernelSize: 2 }),
    TypeError,
    "expected [N, a multiple of 4, 4]",
  );
  assertThrows(
    () => pixelShuffle(made([1, 3, 2, 2]), 2),
    TypeError,
    "a multiple of 2 * 2",
  );
  assertThrows(
    () => pixelUnshuffle(made([1, 1, 3, 2]), 2),
    TypeError,
    "with multiples of 2",
  );
  assertThrows(
    () => channelShuffle(made([1, 3, 2]), 2),
    TypeError,
    "a multiple of 2, ...",
  );
});
