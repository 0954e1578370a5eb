import { assertEquals, assertThrows } from "@std/assert";

import { grad } from "../../../src/autograd/backward.ts";
import {
  type AdapterClass,
  overrideAdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import {
  attentionWeights,
  chooseAttention,
  scaledDotProductAttention,
} from "../../../src/ops/attention/attention.ts";
import { causalBlocks } from "../../../src/ops/attention/blocks.ts";
import { matmul } from "../../../src/ops/matmul/matmul.ts";
import { arange, tensor, zeros } from "../../../src/tensor/create.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
  values,
} from "../_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

/** Awaits `body` with the kernels of one class of adapter. */
async function withKind(
  kind: AdapterClass,
  body: () => Promise<void>,
): Promise<void> {
  overrideAdapterClass(kind);
  await body().finally(() => overrideAdapterClass(undefined));
}

// One head in double precision; `sees` says which keys a query attends to.
async function reference(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  sees: (i: number, j: number) => boolean = () => true,
): Promise<number[]> {
  const [Q, K, V] = await Promise.all([q.data(), k.data(), v.data()]);
  const [[L, E], [S], width] = [q.shape, k.shape, v.shape[1]!];
  const y: number[] = [];
  for (let i = 0; i < L!; i++) {
    const weights = Array.from({ length: S! }, (_, j) => {
      let dot = 0;
      for (let e = 0; e < E!; e++) dot += Q[i * E! + e]! * K[j * E! + e]!;
      return sees(i, j) ? Math.exp(dot / Math.sqrt(E!)) : 0;
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (let c = 0; c < width; c++) {
      y.push(weights.reduce((t, w, j) => t + w * V[j * width + c]!, 0) / sum);
    }
  }
  return y;
}

for (const kind of CLASSES) {
  Deno.test(`scaledDotProductAttention() equals its definition (${kind})`, async () => {
    for (const [L, S, E, V] of [[1, 1, 1, 1], [5, 7, 3, 2], [9, 33, 8, 4]]) {
      const q = made([L!, E!], values(L! * E!, 1));
      const k = made([S!, E!], values(S! * E!, 2));
      const v = made([S!, V!], values(S! * V!, 3));
      const run = (options = {}): Tensor =>
        withAdapterClass(
          kind,
          () => scaledDotProductAttention(q, k, v, options),
        );
      await assertClose(run(), await reference(q, k, v), 1e-5);
      const causal = await reference(q, k, v, (i, j) => j <= i);
      await assertClose(run({ isCausal: true }), causal, 1e-5);
      const first = await reference(q, k, v, (_, j) => j === 0);
      const mask = tensor(Array.from({ length: S! }, (_, j) => j === 0));
      await assertClose(run({ attnMask: mask }), first, 1e-5);
      const added = mask.logicalNot().to("float32").mul(-1e9);
      await assertClose(run({ attnMask: added }), first, 1e-5);
    }
  });

  Deno.test(`scaledDotProductAttention() gradients equal central differences (${kind})`, async () => {
    await assertGradients(
      (q, k, v) => scaledDotProductAttention(q!, k!, v!, { isCausal: true }),
      [made([2, 3, 4]), made([2, 3, 4], values(24, 1)), made([2, 3, 2])],
      { kind },
    );
    const mask = made([2, 3, 5], values(30, 4));
    const hidden = tensor([
      [true, false, true, true, true],
      [false, true, false, false, false],
      [true, true, true, true, true],
    ]);
    for (const attnMask of [mask, hidden, hidden.select(0, 0)]) {
      await assertGradients(
        (q, k, v) => scaledDotProductAttention(q!, k!, v!, { attnMask }),
        [made([2, 3, 4]), made([2, 5, 4], values(40, 1)), made([2, 5, 8])],
        { kind },
      );
    }
  });

  Deno.test(`scaledDotProductAttention() of a query that sees nothing is NaN (${kind})`, async () => {
    const x = made([2, 4]).requiresGrad_();
    const attnMask = tensor([[false, false], [true, false]]);
    const y = withAdapterClass(
      kind,
      () => scaledDotProductAttention(x, x, x, { attnMask }),
    );
    const second = (await x.data()).subarray(0, 4);
    await assertClose(y, [NaN, NaN, NaN, NaN, ...second], 1e-6);
    withAdapterClass(kind, () => y.sum().backward());
    assertEquals((await x.grad!.data()).every(Number.isNaN), true);
  });

  Deno.test(`scaledDotProductAttention() takes masks of every shape (${kind})`, async () => {
    const leading = [2, 3];
    const q = made([...leading, 5, 4]);
    const k = made([...leading, 7, 4], values(168, 1));
    const v = made([...leading, 7, 8], values(336, 2));
    const shapes = [[7], [5, 1], [5, 7], [3, 1, 7], [2, 1, 5, 7], [2, 3, 5, 7]];
    for (const shape of shapes) {
      const mask = made(shape);
      const want = matmul(
        matmul(q.div(2), k.transpose(-2, -1)).add(mask).softmax(-1),
        v,
      );
      for (const attnMask of [mask, mask.to("float16")]) {
        const y = withAdapterClass(
          kind,
          () => scaledDotProductAttention(q, k, v, { attnMask }),
        );
        await assertClose(
          y,
          await want.data(),
          attnMask === mask ? 1e-5 : 2e-3,
        );
      }
    }
  });

  Deno.test(`scaledDotProductAttention() of long sequences equals matrix products (${kind})`, async () => {
    // blocks of queries on a CPU, workgroups and tiles of keys on a GPU; as
    // many keys as queries, fewer and more
    for (const [L, S] of [[515, 515], [520, 300], [513, 600]] as const) {
      const shapes = [[2, L, 8], [2, S, 8], [2, S, 4]];
      const run = async (attend: (...x: Tensor[]) => Tensor) => {
        const leaves = shapes.map((shape, i) =>
          made(shape, values(sizeOf(shape), i)).requiresGrad_()
        );
        const y = withAdapterClass(kind, () => attend(...leaves));
        withAdapterClass(kind, () => y.backward(made([2, L, 4])));
        return await Promise.all(
          [y, ...leaves.map(({ grad }) => grad!)].map((each) => each.data()),
        );
      };
      const options = { isCausal: true };
      const got = await run((q, k, v) =>
        scaledDotProductAttention(q!, k!, v!, options)
      );
      const want = await run((q, k, v) =>
        matmul(attentionWeights(q!, k!, options), v!)
      );
      for (const [i, data] of got.entries()) {
        await assertClose(made([data.length], data), want[i]!, 1e-4);
      }
    }
  });

  Deno.test(`scaledDotProductAttention() has second derivatives in one op (${kind})`, async () => {
    const k = made([3, 4], values(12, 1));
    for (const options of [{ isCausal: true }, { attnMask: made([2, 3]) }]) {
      await withKind(kind, () =>
        assertSecondGradients(
          (q) => scaledDotProductAttention(q!, k, k, options),
          [made([2, 4])],
        ));
    }
    const long = made([512, 2]);
    await withKind(kind, async () => {
      const x = long.detach().requiresGrad_();
      const y = scaledDotProductAttention(x, x, x, { isCausal: true });
      const [dx] = grad(y.square().sum(), [x], { createGraph: true });
      dx!.sum().backward();
      assertEquals((await x.grad!.data()).every(Number.isFinite), true);
    });
  });
}

Deno.test("scaledDotProductAttention() with a mask that has a gradient", async () => {
  const [q, k] = [made([2, 4]), made([3, 4], values(12, 1))];
  for (const kind of CLASSES) {
    await assertGradients(
      (attnMask) => scaledDotProductAttention(q, k, k, { attnMask }),
      [made([2, 3])],
      { kind },
    );
  }
});

Deno.test("chooseAttention() takes kernels on GPUs and blocks on CPUs", () => {
  const plain = {
    queries: 512,
    keys: 512,
    widths: [64, 64],
    isCausal: false,
    hasMask: false,
  } as const;
  const causal = { ...plain, isCausal: true };
  assertEquals(chooseAttention(plain, "gpu"), "fused");
  assertEquals(chooseAttention({ ...plain, hasMask: true }, "gpu"), "fused");
  const odd = { ...plain, widths: [6, 64] } as const;
  assertEquals(chooseAttention(odd, "gpu"), "composed");
  const wide = { ...plain, widths: [64, 256] } as const;
  assertEquals(chooseAttention(wide, "gpu"), "composed");
  assertEquals(chooseAttention({ ...plain, keys: 0 }, "gpu"), "composed");
  assertEquals(chooseAttention(plain, "cpu"), "composed");
  assertEquals(chooseAttention(causal, "cpu"), "blocks");
  assertEquals(
    chooseAttention({ ...causal, hasMask: true }, "cpu"),
    "composed",
  );
  assertEquals(chooseAttention({ ...causal, queries: 256 }, "cpu"), "composed");
});

Deno.test("causalBlocks() covers all queries and no key that none sees", () => {
  assertEquals(causalBlocks(0, 5), []);
  assertEquals(causalBlocks(5, 3), [{ first: 0, rows: 5, keys: 3 }]);
  assertEquals(causalBlocks(130, 129), [
    { first: 0, rows: 128, keys: 128 },
    { first: 128, rows: 2, keys: 129 },
  ]);
});

Deno.test("scaledDotProductAttention() has second derivatives", async () => {
  const k = made([3, 2], values(6, 1));
  await assertSecondGradients(
    (q) => scaledDotProductAttention(q!, k, k),
    [made([2, 2])],
  );
});

Deno.test("scaledDotProductAttention() broadcasts, and takes a scale and dropout", async () => {
  const q = made([2, 1, 3, 4]);
  const k = made([3, 5, 4]);
  assertEquals(scaledDotProductAttention(q, k, k).shape, [2, 3, 3, 4]);
  assertEquals(scaledDotProductAttention(made([0, 4]), k, k).shape, [3, 0, 4]);
  const flat = scaledDotProductAttention(q, k, k, { scale: 0 });
  const mean = k.mean(1, { keepdim: true }).expand([2, 3, 3, 4]);
  await assertClose(flat, await mean.data(), 1e-5);
  const none = scaledDotProductAttention(q, k, k, { dropoutP: 1 });
  await assertClose(none, new Float32Array(2 * 3 * 3 * 4), 0);
});

Deno.test("scaledDotProductAttention() names the shapes that it rejects", () => {
  const x = made([2, 3]);
  const attend = scaledDotProductAttention;
  assertThrows(
    () => attend(x, made([2, 4]), x),
    TypeError,
    "Cannot attend with queries [2, 3] to keys [2, 4] and values [2, 3]",
  );
  assertThrows(() => attend(x, x, made([4, 3])), TypeError, "as many values");
  assertThrows(() => attend(made([3]), x, x), TypeError, "at least two dims");
  assertThrows(
    () => attend(x, x, x, { isCausal: true, attnMask: x }),
    TypeError,
    "got both",
  );
});

Deno.test("scaledDotProductAttention() weighs keys alike that several dispatches go over", () =>
  withKind("gpu", async () => {
    const count = 100003;
    const [q, k] = [tensor([[0]]), zeros([count, 1])];
    const v = arange(count).to("float32").unsqueeze(1).requiresGrad_();
    const y = scaledDotProductAttention(q, k, v);
    await assertClose(y.div(count), [(count - 1) / 2 / count], 2e-4);
    // each of them has a share of 1 / count
    const [dv] = grad(y, [v]);
    const ends = [dv!.amax().mul(count), dv!.amin().mul(count)];
    for (const end of ends) await assertClose(end, [1], 1e-5);
  }));
