import { assertEquals, assertThrows } from "@std/assert";

import { grad } from "../../../src/autograd/backward.ts";
import { noGrad } from "../../../src/autograd/mode.ts";
import { withAdapterClass } from "../../../src/gpu/device.ts";
import { chooseCrossEntropy } from "../../../src/ops/loss/cross_entropy_kernels.ts";
import {
  crossEntropy,
  type CrossEntropyOptions,
  nllLoss,
} from "../../../src/ops/loss/cross_entropy.ts";
import { logSoftmax } from "../../../src/ops/softmax/softmax.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  indices,
  made,
} from "../_gradients.ts";

const WEIGHTS = [0.5, 2, 1, 0.25, 1.5, 3, 0.75, 1];

Deno.test("crossEntropy() of two equal logits is ln 2", async () => {
  const loss = crossEntropy(tensor([[0, 0]]), indices([1], [1]));
  await assertClose(loss, [Math.LN2], 1e-6);
});

Deno.test("crossEntropy() gradient is softmax - one-hot, over N", async () => {
  const x = tensor([[0, Math.log(3)], [0, 0]]).requiresGrad_();
  crossEntropy(x, indices([2], [0, 1])).backward();
  // [1/4 - 1, 3/4] and [1/2, 1/2 - 1], halved
  await assertClose(x.grad!, [-3 / 8, 3 / 8, 1 / 4, -1 / 4], 1e-6);
});

// odd and quad rows, an inner dim, a row a workgroup on GPUs
const SHAPES = [[3, 5], [2, 8], [2, 3, 7], [1, 3, 2, 2], [2, 1024]];

for (const shape of SHAPES) {
  const [batch, classes, ...rest] = shape;
  const targetShape = [batch!, ...rest];
  const count = targetShape.reduce((a, b) => a * b);
  const target = indices(
    targetShape,
    Array.from({ length: count }, (_, i) => (i * 5 + 1) % classes!),
  );

  for (const kind of ["cpu", "gpu"] as const) {
    Deno.test(`crossEntropy() of [${shape}] equals nllLoss(logSoftmax()) (${kind})`, async () => {
      for (const reduction of ["none", "mean", "sum"] as const) {
        const options = {
          reduction,
          weight: made([classes!], values(classes!)),
          ignoreIndex: await target.flatten().select(0, 0).item(),
        };
        const a = made(shape).requiresGrad_();
        const b = made(shape).requiresGrad_();
        const fused = withAdapterClass(
          kind,
          () => crossEntropy(a, target, options),
        );
        const composed = nllLoss(logSoftmax(b, 1), target, options);
        assertEquals(fused.shape, composed.shape);
        await assertClose(fused, await composed.data(), 2e-6);
        if (count === 1 && reduction === "mean") continue;
        fused.sum().backward();
        composed.sum().backward();
        await assertClose(a.grad!, await b.grad!.data(), 2e-6);
      }
    });
  }
}

function values(length: number): number[] {
  return Array.from({ length }, (_, i) => WEIGHTS[i % WEIGHTS.length]!);
}

Deno.test("crossEntropy() gradients equal central differences", async () => {
  const target = indices([3], [4, 0, 2]);
  const weight = tensor(WEIGHTS.slice(0, 5));
  const all: CrossEntropyOptions[] = [
    {},
    { weight, reduction: "none" },
    { weight, ignoreIndex: 0, labelSmoothing: 0.2 },
  ];
  for (const options of all) {
    await assertGradients((x) => crossEntropy(x, target, options), [
      made([3, 5]),
    ]);
  }
  const probabilities = made([2, 4], [1, 2, 3, 4, 4, 3, 2, 1]).div(10);
  await assertGradients(
    (x, t) => crossEntropy(x, t, { labelSmoothing: 0.1 }),
    [made([2, 4]), probabilities],
  );
  await assertGradients((x) => nllLoss(x, target, { weight }), [made([3, 5])]);
});

Deno.test("crossEntropy() has second derivatives", async () => {
  const target = indices([3], [1, 0, 3]);
  const weight = tensor(WEIGHTS.slice(0, 4));
  await assertSecondGradients(
    (x) => crossEntropy(x, target, { weight, ignoreIndex: 0 }),
    [made([3, 4])],
  );
});

Deno.test("crossEntropy() smooths labels towards the uniform distribution", async () => {
  const x = made([2, 4]);
  const smooth = crossEntropy(x, indices([2], [1, 3]), { labelSmoothing: 0.2 });
  const rest = 0.2 / 4;
  const one = 0.8 + rest;
  const probabilities = tensor([[rest, one, rest, rest], [
    rest,
    rest,
    rest,
    one,
  ]]);
  const expected = await crossEntropy(x, probabilities).data();
  await assertClose(smooth, expected, 1e-6);
});

Deno.test("crossEntropy() takes targets of every integer type, and views", async () => {
  const x = made([6, 7]).slice(0, 1, 5); // begins at element 7
  const expected = await crossEntropy(x, indices([4], [6, 0, 3, 1])).data();
  for (const dtype of ["int32", "uint32", "uint8"] satisfies DType[]) {
    const wide = tensor([[9, 6], [9, 0], [9, 3], [9, 1]], { dtype });
    await assertClose(crossEntropy(x, wide.select(1, 1)), expected, 0);
  }
  const columns = made([7, 4]).transpose(0, 1);
  const rows = made([4, 7], await columns.data());
  const target = indices([4], [6, 0, 3, 1]);
  const same = await crossEntropy(rows, target).data();
  await assertClose(crossEntropy(columns, target), same, 0);
});

Deno.test("crossEntropy() takes one sample without a batch", async () => {
  const loss = crossEntropy(tensor([0, 0]), tensor(1, { dtype: "int32" }));
  assertEquals(loss.shape, []);
  await assertClose(loss, [Math.LN2], 1e-6);
  const each = nllLoss(tensor([-1, -2]), tensor(1, { dtype: "int32" }), {
    reduction: "none",
  });
  assertEquals(each.shape, []);
  assertEquals(await each.item(), 2);
});

Deno.test("crossEntropy() of nothing but ignored targets is NaN, its sum 0", async () => {
  const target = indices([2], [-100, -100]);
  const x = made([2, 3]).requiresGrad_();
  assertEquals(await crossEntropy(x, target).item(), NaN);
  const sum = crossEntropy(x, target, { reduction: "sum" });
  assertEquals(await sum.item(), 0);
  sum.backward();
  assertEquals(await x.grad!.data(), new Float32Array(6));
  const leaf = made([2, 3]).requiresGrad_();
  crossEntropy(leaf, target).backward();
  assertEquals(await leaf.grad!.data(), new Float32Array(6));
});

Deno.test("crossEntropy() of an empty batch is NaN, its sum 0", async () => {
  const target = indices([0], []);
  assertEquals(await crossEntropy(made([0, 3]), target).item(), NaN);
  const sum = crossEntropy(made([0, 3]), target, { reduction: "sum" });
  assertEquals(await sum.item(), 0);
});

Deno.test("crossEntropy() refuses a class that does not exist", () => {
  for (const wrong of [5, -1]) {
    const target = indices([2], [1, wrong]);
    for (const loss of [crossEntropy, nllLoss]) {
      assertThrows(
        () => loss(made([2, 5]), target),
        RangeError,
        `of [2, 5]: index ${wrong} is out of range, expected 0 to 4`,
      );
    }
    crossEntropy(made([2, 5]), target, { ignoreIndex: wrong });
  }
});

Deno.test("crossEntropy() makes a class that only the GPU knows, and that does not exist, NaN", async () => {
  for (const wrong of [5, -1, 2 ** 31 - 1]) {
    const target = indices([2], [1, wrong]).mul(1);
    const x = made([2, 5]).requiresGrad_();
    const each = crossEntropy(x, target, { reduction: "none" });
    const [first, second] = await each.data();
    assertEquals([Number.isFinite(first), second], [true, NaN]);
    const picked = await nllLoss(x, target, { reduction: "sum" }).item();
    assertEquals(picked, NaN);
    crossEntropy(x, target).backward();
    assertEquals((await x.grad!.data()).every(Number.isNaN), true);
  }
});

Deno.test("crossEntropy() stays exact for confident and huge logits", async () => {
  const x = tensor([[1e4, 0, -1e4], [60, 0, 0]]);
  const each = crossEntropy(x, indices([2], [1, 0]), { reduction: "none" });
  await assertClose(each, [1e4, 2 * Math.exp(-60)], 1e-6);
});

Deno.test("crossEntropy() names shapes, types and options it rejects", () => {
  const x = made([4, 3]);
  assertThrows(
    () => crossEntropy(x, indices([3], [0, 1, 2])),
    TypeError,
    "Cannot take the cross entropy of [4, 3] with targets of type int32 and " +
      "shape [3]: expected class indices of shape [4] or probabilities of " +
      "shape [4, 3]",
  );
  assertThrows(() => nllLoss(x, made([4, 3])), TypeError, "type float32");
  assertThrows(
    () => crossEntropy(x, indices([4], [0, 1, 2, 0]), { weight: made([4]) }),
    TypeError,
    "with weights of shape [4]: expected [3]",
  );
  assertThrows(
    () => crossEntropy(x, indices([4], [0, 1, 2, 0]), { labelSmoothing: 2 }),
    RangeError,
    "Cannot smooth labels by 2",
  );
  // as JavaScript may call it
  const reduction = JSON.parse('"average"');
  assertThrows(
    () => nllLoss(x, indices([4], [0, 1, 2, 0]), { reduction }),
    RangeError,
    'Cannot nllLoss with reduction "average"',
  );
});

Deno.test("crossEntropy() and nllLoss() refuse weights that want a gradient", async () => {
  const [x, target] = [tensor([[1, 2]]), indices([1], [1])];
  const weight = tensor([1, 3]).requiresGrad_();
  const why = "with weights that require a gradient";
  for (const labelSmoothing of [0, 0.1]) {
    const run = () => crossEntropy(x, target, { weight, labelSmoothing });
    assertThrows(run, TypeError, why);
  }
  assertThrows(() => nllLoss(x, target, { weight }), TypeError, why);
  const reduction = "sum";
  const loss = noGrad(() => nllLoss(x, target, { weight, reduction }));
  await assertClose(loss, [-6], 1e-6);
  // classes in shares are a sum of products: d/dw_1 = -1 * log softmax(x)_1
  const shares = tensor([[0, 1]]);
  crossEntropy(x, shares, { weight }).backward();
  await assertClose(weight.grad!, [0, Math.log1p(Math.exp(-1))], 1e-6);
});

Deno.test("chooseCrossEntropy() composes weights with smoothing, and long rows on a GPU", () => {
  const rows = { outer: 4, length: 1024, inner: 1 };
  assertEquals(chooseCrossEntropy(rows, false, "cpu"), "fused");
  assertEquals(chooseCrossEntropy(rows, false, "gpu"), "composed");
  const planes = { ...rows, inner: 2 };
  assertEquals(chooseCrossEntropy(planes, false, "gpu"), "fused");
  const short = { ...rows, length: 10 };
  assertEquals(chooseCrossEntropy(short, false, "gpu"), "fused");
  assertEquals(chooseCrossEntropy(short, true, "cpu"), "composed");
});

for (const kind of ["cpu", "gpu"] as const) {
  Deno.test(`crossEntropy() with smoothing equals its definition, rows of any length (${kind})`, async () => {
    // quads and not, lanes that share a row and lanes left over, planes
    for (
      const shape of [[3, 1], [2, 7], [3, 8], [2, 257], [2, 516], [2, 6, 3]]
    ) {
      const [N, C, inner = 1] = shape as [number, number, number?];
      const s = 0.2;
      const x = made(shape).requiresGrad_();
      const classes = Array.from({ length: N * inner }, (_, i) => i * 5 % C);
      const target = indices(shape.toSpliced(1, 1), classes);
      const wanted = (c: number, run: number): number =>
        s / C + (c === classes[run] ? 1 - s : 0);
      const data = await x.data();
      const at = (run: number, c: number): number =>
        (Math.floor(run / inner) * C + c) * inner + run % inner;
      const dx = new Float32Array(data.length);
      const losses = classes.map((_, run) => {
        const row = Array.from({ length: C }, (_, c) => data[at(run, c)]!);
        const sum = row.reduce((total, each) => total + Math.exp(each), 0);
        row.forEach((each, c) => {
          dx[at(run, c)] = Math.exp(each) / sum - wanted(c, run);
        });
        return row.reduce(
          (loss, each, c) => loss + wanted(c, run) * (Math.log(sum) - each),
          0,
        );
      });
      const y = withAdapterClass(
        kind,
        () => crossEntropy(x, target, { labelSmoothing: s, reduction: "none" }),
      );
      await assertClose(y, losses, 1e-5);
      withAdapterClass(kind, () => y.sum().backward());
      await assertClose(x.grad!, dx, 1e-5);
    }
  });
}

Deno.test("crossEntropy() with smoothing has second derivatives", async () => {
  const target = indices([2], [2, 0]);
  await assertSecondGradients(
    (x) => crossEntropy(x!, target, { labelSmoothing: 0.3 }).square(),
    [made([2, 3])],
  );
});

Deno.test("nllLoss() and crossEntropy() of no targets that count have gradients of 0", async () => {
  const target = indices([2], [-100, -100]);
  for (const loss of [nllLoss, crossEntropy]) {
    for (const createGraph of [false, true]) {
      const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
      const y = loss(x, target);
      assertEquals(await y.item(), NaN);
      const [dx] = grad(y, [x], { createGraph });
      assertEquals([...await dx!.data()].map(Math.abs), [0, 0, 0, 0]);
    }
  }
});
