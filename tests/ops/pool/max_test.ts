import { assertEquals, assertThrows } from "@std/assert";

import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import {
  adaptiveMaxPool2d,
  chooseMaxPool,
  maxPool1d,
  maxPool2d,
  type MaxPoolChoice,
  type MaxPoolOptions,
} from "../../../src/ops/pool/max.ts";
import { maxUnpool2d } from "../../../src/ops/pool/max_unpool.ts";
import { type Pair, pairOf } from "../../../src/ops/per_dim.ts";
import { fixedWindows } from "../../../src/ops/pool/windows.ts";
import { tensor } from "../../../src/tensor/create.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
} from "../_gradients.ts";

// The windows of every plane of x, tap by tap: NaN wins, else the first of the
// largest.
function reference(
  x: ArrayLike<number>,
  shape: readonly number[],
  outShape: readonly number[],
  kernelSize: Pair,
  { stride = kernelSize, padding = 0, dilation = 1 }: MaxPoolOptions,
): { readonly y: number[]; readonly at: number[] } {
  const [kernelH, kernelW] = pairOf("pool", "kernelSize", kernelSize, 1);
  const [strideH, strideW] = pairOf("pool", "stride", stride, 1);
  const [padH, padW] = pairOf("pool", "padding", padding, 0);
  const [dilationH, dilationW] = pairOf("pool", "dilation", dilation, 1);
  const [height, width] = shape.slice(-2);
  const [outH, outW] = outShape.slice(-2);
  const planes = x.length / (height! * width!);
  const y: number[] = [];
  const at: number[] = [];
  for (let plane = 0; plane < planes; plane++) {
    for (let row = 0; row < outH!; row++) {
      for (let column = 0; column < outW!; column++) {
        let best = -Infinity;
        let found = -1;
        for (let k = 0; k < kernelH * kernelW; k++) {
          const i = row * strideH - padH + Math.floor(k / kernelW) * dilationH;
          const j = column * strideW - padW + (k % kernelW) * dilationW;
          if (i < 0 || j < 0 || i >= height! || j >= width!) continue;
          const value = x[(plane * height! + i) * width! + j]!;
          if (found < 0 || value > best || Number.isNaN(value)) {
            best = value;
            found = i * width! + j;
          }
        }
        y.push(best);
        at.push(found);
      }
    }
  }
  return { y, at };
}

const CASES: readonly [
  shape: readonly number[],
  kernelSize: Pair,
  options: MaxPoolOptions,
  outShape: readonly number[],
][] = [
  // 2x2: rows of one, of two and of several windows, an odd last quad
  [[2, 1, 4, 4], 2, {}, [2, 1, 2, 2]],
  [[1, 3, 2, 4], 2, {}, [1, 3, 1, 2]],
  [[1, 1, 2, 4], 2, {}, [1, 1, 1, 2]],
  [[2, 3, 6, 12], 2, {}, [2, 3, 3, 6]],
  [[3, 5, 24, 24], 2, {}, [3, 5, 12, 12]],
  // an odd row that no window holds
  [[2, 3, 5, 8], 2, {}, [2, 3, 2, 4]],
  // every other window
  [[1, 1, 1, 1], 1, {}, [1, 1, 1, 1]],
  [[2, 2, 7, 5], 2, {}, [2, 2, 3, 2]],
  [[2, 2, 7, 5], 2, { ceilMode: true }, [2, 2, 4, 3]],
  [[2, 6, 10, 10], [3, 2], { stride: [2, 1], padding: [1, 0] }, [2, 6, 5, 9]],
  [[2, 9, 9], 3, { stride: 2, padding: 1 }, [2, 5, 5]],
  [[1, 2, 9, 8], 2, { dilation: [3, 2] }, [1, 2, 3, 3]],
  [[1, 2, 8, 8], 2, { dilation: 2, padding: 1, stride: 1 }, [1, 2, 8, 8]],
  [[1, 1, 5, 5], 1, { stride: 3 }, [1, 1, 2, 2]],
  [[1, 1, 20, 20], 17, { stride: 1 }, [1, 1, 4, 4]], // taps beyond a byte
  [[0, 3, 4, 4], 2, {}, [0, 3, 2, 2]],
  // by lines: wide and narrow loads, padding on both sides, windows that overlap
  // or leave elements out, rows of codes that no quads divide
  [[2, 3, 12, 12], 3, { stride: 2, padding: 1 }, [2, 3, 6, 6]],
  [[1, 2, 13, 13], 3, { stride: 2, padding: 1 }, [1, 2, 7, 7]],
  [[1, 2, 8, 16], 3, { stride: 1, padding: 1 }, [1, 2, 8, 16]],
  [[1, 2, 8, 16], 5, { stride: 1, padding: 2 }, [1, 2, 8, 16]],
  [[2, 1, 9, 15], 3, {}, [2, 1, 3, 5]],
  [[1, 1, 16, 20], 4, { padding: 2 }, [1, 1, 5, 6]],
  [[1, 1, 16, 20], [3, 2], { stride: [2, 4] }, [1, 1, 7, 5]],
  [[1, 1, 8, 14], 3, { stride: 2, ceilMode: true }, [1, 1, 4, 7]],
  [[1, 1, 9, 14], 3, { stride: 2, dilation: [2, 1] }, [1, 1, 3, 6]],
  [[1, 1, 17, 400], 17, { stride: 1, padding: [8, 8] }, [1, 1, 17, 400]],
  [[1, 1, 40, 24], [33, 8], { stride: 1 }, [1, 1, 8, 17]], // codes in words
  [[1, 1, 3, 600], [2, 2], { stride: [1, 2] }, [1, 1, 2, 300]], // several parts
];

for (const [shape, kernelSize, options, outShape] of CASES) {
  const name = `[${shape}] by ${JSON.stringify(kernelSize)} ` +
    JSON.stringify(options);

  for (const kind of ["cpu", "gpu"] as const) {
    Deno.test(`maxPool2d() of ${name} equals its definition (${kind})`, async () => {
      const x = made(shape).mul(3).requiresGrad_();
      const size = shape.reduce((a, b) => a * b);
      const { y, at } = reference(
        await x.data(),
        shape,
        outShape,
        kernelSize,
        options,
      );
      const [got, indices] = withAdapterClass(
        kind,
        () => maxPool2d(x, kernelSize, { ...options, returnIndices: true }),
      );
      assertEquals(got.shape, outShape);
      await assertClose(got, y, 0);
      assertEquals(indices.dtype, "int32");
      await assertClose(indices, at, 0);

      // dx adds dy up where the maxima came from
      const dy = Float32Array.from(y, (_, i) => (i % 5) - 2);
      const dx = new Array<number>(size).fill(0);
      const plane = shape.at(-2)! * shape.at(-1)!;
      const outPlane = outShape.at(-2)! * outShape.at(-1)!;
      at.forEach((index, i) => {
        dx[Math.floor(i / outPlane) * plane + index]! += dy[i]!;
      });
      withAdapterClass(kind, () => got.backward(made(outShape, dy)));
      await assertClose(x.grad!, dx, 0);
    });
  }
}

Deno.test("maxPool2d() gradients equal central differences", async () => {
  // far enough apart that a step does not change the order
  const spread = made(
    [1, 2, 4, 4],
    [...Array(32).keys()].map((i) => i * 7 % 32),
  );
  for (const options of [{}, { stride: 1, padding: 1 }]) {
    await assertGradients((x) => maxPool2d(x, 2, options), [spread]);
    await assertSecondGradients(
      (x) => maxPool2d(x.square(), 2, options).square(),
      [spread.div(32)],
      2e-2,
    );
  }
});

Deno.test("maxPool2d() takes views", async () => {
  const x = made([2, 9, 8, 3]).permute([0, 3, 1, 2]).slice(2, 1, 9);
  const copy = made(x.shape, await x.data());
  await assertClose(maxPool2d(x, 2), await maxPool2d(copy, 2).data(), 0);
  const offset = made([4 * 4 + 1]).slice(0, 1).reshape([1, 4, 4]);
  const same = made([1, 4, 4], await offset.data());
  await assertClose(maxPool2d(offset, 2), await maxPool2d(same, 2).data(), 0);
});

Deno.test("maxPool2d() lets NaN win, and finds -infinity", async () => {
  const nan = made([1, 4, 4]).mul(0).reshape([16]);
  const data = await nan.data();
  data[5] = NaN;
  data.fill(-Infinity, 10);
  const x = made([1, 4, 4], data).requiresGrad_();
  for (const options of [{}, { stride: 2, padding: 1 }]) {
    const [y, at] = maxPool2d(x, 2, { ...options, returnIndices: true });
    const want = reference(data, x.shape, y.shape, 2, options);
    await assertClose(y, want.y, 0);
    await assertClose(at, want.at, 0);
  }
});

Deno.test("maxPool2d() gives the gradient of equal maxima to the first", async () => {
  const x = made([1, 2, 4], [1, 1, 3, 2, 1, 1, 2, 3]).requiresGrad_();
  maxPool2d(x, 2).sum().backward();
  assertEquals(
    await x.grad!.data(),
    new Float32Array([1, 0, 1, 0, 0, 0, 0, 0]),
  );
});

Deno.test("maxPool1d() is maxPool2d() of one row", async () => {
  const x = tensor([[3, 1, 2, 5, 4]]);
  assertEquals(await maxPool1d(x, 2).toArray(), [[3, 5]]);
  const y = maxPool1d(x.unsqueeze(0), 3, { stride: 2, padding: 1 });
  assertEquals(await y.toArray(), [[[3, 5, 5]]]);
});

Deno.test("adaptiveMaxPool2d() takes windows from floor to ceil", async () => {
  const x = made([1, 7], [3, 1, 4, 1, 5, 9, 2]).reshape([1, 1, 1, 7]);
  const [y, at] = adaptiveMaxPool2d(x, [1, 3], { returnIndices: true });
  // windows [0, 3), [2, 5), [4, 7)
  assertEquals(await y.data(), new Float32Array([4, 5, 9]));
  assertEquals(await at.data(), new Int32Array([2, 4, 5]));
  await assertGradients((a) => adaptiveMaxPool2d(a, [2, 5]), [x]);
  const up = adaptiveMaxPool2d(made([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), 3);
  assertEquals(await up.select(0, 0).toArray(), [[1, 2, 2], [3, 4, 4], [
    3,
    4,
    4,
  ]]);
});

Deno.test("maxUnpool2d() puts maxima back where they were", async () => {
  const x = made([1, 4, 4], [...Array(16).keys()].map((i) => i * 5 % 16 + 1));
  const [y, at] = maxPool2d(x, 2, { returnIndices: true });
  const back = maxUnpool2d(y, at, 2);
  const maxima = await y.data();
  const want = (await x.data()).map((v) => maxima.includes(v) ? v : 0);
  assertEquals(await back.data(), want);
  const larger = maxUnpool2d(y, at, 2, { outputSize: [4, 5] });
  assertEquals(larger.shape, [1, 4, 5]);
  await assertGradients((a) => maxUnpool2d(a, at, 2), [y]);
  assertThrows(
    () => maxUnpool2d(y, at.flatten(1), 2),
    TypeError,
    "Cannot maxUnpool2d [1, 2, 2] with indices of shape [1, 4]",
  );
});

Deno.test("maxPool2d() keeps float16", async () => {
  const x = tensor([[[1, 2], [3, 4]]], { dtype: "float16" });
  const y = maxPool2d(x, 2);
  assertEquals([y.dtype, await y.item()], ["float16", 4]);
});

Deno.test("maxPool2d() names what it rejects", () => {
  const x = made([1, 1, 3, 5]);
  assertThrows(
    () => maxPool2d(x, 4),
    RangeError,
    "Cannot maxPool2d [1, 1, 3, 5] with a kernel of [4, 4]: the output would " +
      "have shape [1, 1, 0, 1]",
  );
  assertThrows(
    () => maxPool2d(x, 2, { padding: 2 }),
    RangeError,
    "padding of 2: expected at most half the kernel size 2",
  );
  assertThrows(
    () => maxPool2d(x, [2, 0]),
    RangeError,
    "with kernelSize 0: expected an integer of at least 1",
  );
  assertThrows(
    () => maxPool2d(made([3, 5]), 2),
    TypeError,
    "expected floats of shape [C, H, W] or [N, C, H, W]",
  );
  assertThrows(
    () => maxPool2d(tensor([[[1]]], { dtype: "int32" }), 1),
    TypeError,
    "Cannot maxPool2d int32 [1, 1, 1]",
  );
});

Deno.test("chooseMaxPool() goes by lines where taps along a row are few", () => {
  const choose = (
    kernelSize: Pair,
    kind: AdapterClass,
    options: MaxPoolOptions = {},
  ): MaxPoolChoice => {
    const { dilation } = options;
    const x = made([1, 20, 20]);
    const windows = fixedWindows("pool", x, kernelSize, options, dilation);
    return chooseMaxPool(windows, kind);
  };
  for (const kind of ["cpu", "gpu"] as const) {
    const other = kind === "cpu" ? "rows" : "any";
    const both = { forward: "lines", backward: "lines" } as const;
    assertEquals(choose(2, kind), { forward: "2x2", backward: "2x2" });
    assertEquals(choose(3, kind, { stride: 2, padding: 1 }), both);
    assertEquals(choose([12, 2], kind), both);
    // quads of a row do not meet windows that are three apart all alike
    assertEquals(choose(3, kind), { forward: "lines", backward: other });
    const none = { forward: "any", backward: other } as const;
    assertEquals(choose([2, 9], kind), none);
    assertEquals(choose(2, kind, { dilation: 2 }), none);
    assertEquals(choose(8, kind), none); // two windows a row
  }
});
