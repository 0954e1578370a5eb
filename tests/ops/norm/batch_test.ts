import { assertEquals, assertThrows } from "@std/assert";

import { noGrad } from "../../../src/autograd/mode.ts";
import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import { batchNorm, instanceNorm } from "../../../src/ops/norm/batch.ts";
import { ones, tensor, zeros } from "../../../src/tensor/create.ts";
import { assertClose, assertGradients, made, values } from "../_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

for (const kind of CLASSES) {
  Deno.test(`batchNorm() moves running statistics by the unbiased variance (${kind})`, async () => {
    const x = tensor([[1, 10], [3, 30]]); // means 2, 20; unbiased 2, 200
    const runningMean = tensor([1, 0]);
    const runningVar = tensor([1, 100]);
    withAdapterClass(
      kind,
      () =>
        batchNorm(x, {
          runningMean,
          runningVar,
          training: true,
          momentum: 0.5,
        }),
    );
    await assertClose(runningMean, [1.5, 10], 1e-6);
    await assertClose(runningVar, [1.5, 150], 1e-6);
  });

  Deno.test(`batchNorm() joins the parts of long channels (${kind})`, async () => {
    const shape = [37, 3, 16, 16];
    const x = made(shape).mul(2).add(5);
    const runningMean = tensor([0, 0, 0]);
    const runningVar = tensor([0, 0, 0]);
    withAdapterClass(
      kind,
      () =>
        batchNorm(x, { runningMean, runningVar, training: true, momentum: 1 }),
    );
    const channels = x.transpose(0, 1).reshape([3, -1]);
    await assertClose(runningMean, await channels.mean(1).data(), 1e-5);
    await assertClose(runningVar, await channels.var(1).data(), 1e-5);
  });

  Deno.test(`batchNorm() in evaluation takes running statistics (${kind})`, async () => {
    for (const shape of [[3, 4], [3, 5], [2, 4, 3], [2, 4, 2, 4]]) {
      const C = shape[1]!;
      const L = shape.slice(2).reduce((a, b) => a * b, 1);
      const x = made(shape);
      const [mean, weight, bias] = [1, 2, 3].map((salt) => values(C, salt));
      const variance = values(C, 4).map((value) => value ** 2 + 0.5);
      const y = withAdapterClass(kind, () =>
        batchNorm(x, {
          runningMean: made([C], mean!),
          runningVar: made([C], variance),
          weight: made([C], weight!),
          bias: made([C], bias!),
        }));
      const want = Array.from(await x.data(), (value, i) => {
        const c = Math.floor(i / L) % C;
        return (value - mean![c]!) / Math.sqrt(variance[c]! + 1e-5) *
            weight![c]! + bias![c]!;
      });
      await assertClose(y, want, 1e-5);
    }
  });

  Deno.test(`batchNorm() in evaluation has gradients (${kind})`, async () => {
    const runningMean = made([4], [0.5, 0, 1, -1]);
    const runningVar = made([4], [1, 2, 0.5, 3]);
    await assertGradients(
      (x, weight, bias) =>
        batchNorm(x!, { runningMean, runningVar, weight, bias }),
      [made([2, 4, 3]), made([4], values(4, 1)), made([4], values(4, 2))],
      { kind },
    );
    await assertGradients(
      (x) => batchNorm(x!, { runningMean, runningVar }),
      [made([3, 4])],
      { kind },
    );
  });
}

Deno.test("batchNorm() with a count of batches keeps their plain mean", async () => {
  const runningMean = tensor([7]);
  const runningVar = tensor([7]);
  for (const [i, batch] of [[[1], [3]], [[5], [9]]].entries()) {
    batchNorm(tensor(batch), {
      runningMean,
      runningVar,
      training: true,
      numBatchesTracked: tensor(i + 1, { dtype: "int32" }),
    });
  }
  await assertClose(runningMean, [(2 + 7) / 2], 1e-6);
  await assertClose(runningVar, [(2 + 8) / 2], 1e-6);
});

Deno.test("batchNorm() moves running statistics in float16, too", async () => {
  const runningMean = tensor([1, 0], { dtype: "float16" });
  const runningVar = tensor([1, 100], { dtype: "float16" });
  const x = tensor([[1, 10], [3, 30]], { dtype: "float16" });
  batchNorm(x, { runningMean, runningVar, training: true, momentum: 0.5 });
  await assertClose(runningMean, [1.5, 10], 1e-3);
  await assertClose(runningVar, [1.5, 150], 1e-3);
});

Deno.test("batchNorm() of an empty batch leaves running statistics", async () => {
  const runningMean = tensor([1, 2]);
  const runningVar = tensor([3, 4]);
  batchNorm(made([0, 2]), { runningMean, runningVar, training: true });
  await assertClose(runningMean, [1, 2], 0);
  await assertClose(runningVar, [3, 4], 0);
});

Deno.test("instanceNorm() moves running statistics to the images' mean", async () => {
  const x = tensor([[[1, 3]], [[10, 30]]]); // means 2, 20; unbiased 2, 200
  const runningMean = tensor([1]);
  const runningVar = tensor([1]);
  instanceNorm(x, { runningMean, runningVar, momentum: 0.5 });
  await assertClose(runningMean, [(1 + 11) / 2], 1e-6);
  await assertClose(runningVar, [(1 + 101) / 2], 1e-6);
  const options = { runningMean, runningVar, useInputStats: false };
  const want = await batchNorm(x, { runningMean, runningVar }).data();
  await assertClose(instanceNorm(x, options), want, 0);
});

Deno.test("batchNorm() refuses a variance of one value, and missing statistics", () => {
  assertThrows(
    () => batchNorm(made([1, 3]), { training: true }),
    RangeError,
    "Cannot batchNorm [1, 3] in training: a channel has one value",
  );
  assertThrows(
    () => batchNorm(made([2, 3]), { runningMean: made([3]) }),
    TypeError,
    "only one running statistic: expected runningMean and runningVar",
  );
  assertThrows(
    () => batchNorm(made([2, 3])),
    TypeError,
    "outside of training: expected runningMean",
  );
});

Deno.test("batchNorm() refuses to go back through moved statistics", () => {
  const x = made([4, 2]).requiresGrad_();
  const weight = made([2]).requiresGrad_();
  const [runningMean, runningVar] = [made([2]), made([2], [1, 1])];
  const y = batchNorm(x, { runningMean, runningVar, weight });
  batchNorm(x, { runningMean, runningVar, weight, training: true });
  assertThrows(() => y.sum().backward(), Error);
  assertEquals(x.grad, undefined);
});

Deno.test("batchNorm() refuses running statistics that want a gradient", () => {
  const [mean, variance] = [zeros([2]), ones([2])];
  const run = (training: boolean) =>
    batchNorm(ones([3, 2]), {
      ...{ runningMean: mean, runningVar: variance, training },
    });
  variance.requiresGrad_();
  for (const training of [false, true]) {
    assertThrows(() => run(training), TypeError, "none for them, detach()");
  }
  noGrad(() => run(false));
});
