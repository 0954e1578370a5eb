/**
 * What batch, layer and group norm have in common: their values against the
 * definition in double precision, gradients, special values, refusals.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";

import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import { batchNorm, instanceNorm } from "../../../src/ops/norm/batch.ts";
import { groupNorm } from "../../../src/ops/norm/group.ts";
import { layerNorm } from "../../../src/ops/norm/layer.ts";
import { chooseNorm } from "../../../src/ops/norm/kernels.ts";
import { chooseRows } from "../../../src/ops/norm/rows.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { type Shape, sizeOf } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
  values,
} from "../_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];
const EPS = 1e-5;

/** One norm, and where its elements belong in an input of a shape. */
interface NormCase {
  readonly apply: (x: Tensor, weight?: Tensor, bias?: Tensor) => Tensor;
  /** The number of the statistic of element `i`, and of its weight. */
  readonly statistic: (i: number, shape: Shape) => number;
  readonly weight: (i: number, shape: Shape) => number;
  readonly weights: (shape: Shape) => Shape;
}

function inner(shape: Shape): number {
  return sizeOf(shape.slice(2));
}

function channelOf(i: number, shape: Shape): number {
  return Math.floor(i / inner(shape)) % shape[1]!;
}

const NORMS: Readonly<Record<string, NormCase>> = {
  batchNorm: {
    apply: (x, weight, bias) => batchNorm(x, { weight, bias, training: true }),
    statistic: channelOf,
    weight: channelOf,
    weights: (shape) => [shape[1]!],
  },
  layerNorm: {
    apply: (x, weight, bias) => layerNorm(x, x.shape.at(-1)!, { weight, bias }),
    statistic: (i, shape) => Math.floor(i / shape.at(-1)!),
    weight: (i, shape) => i % shape.at(-1)!,
    weights: (shape) => shape.slice(-1),
  },
  groupNorm: {
    apply: (x, weight, bias) => groupNorm(x, 2, { weight, bias }),
    statistic: (i, shape) => Math.floor(2 * i / sizeOf(shape.slice(1))),
    weight: channelOf,
    weights: (shape) => [shape[1]!],
  },
  instanceNorm: {
    apply: (x, weight, bias) => instanceNorm(x, { weight, bias }),
    statistic: (i, shape) => Math.floor(i / inner(shape)),
    weight: channelOf,
    weights: (shape) => [shape[1]!],
  },
};

// The definition, in double precision.
function reference(
  { statistic, weight }: NormCase,
  x: ArrayLike<number>,
  shape: Shape,
  w: ArrayLike<number>,
  b: ArrayLike<number>,
): number[] {
  const rows: number[][] = [];
  const all = Array.from(x);
  all.forEach((value, i) => (rows[statistic(i, shape)] ??= []).push(value));
  const moments = rows.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) /
      row.length;
    return { mean, rstd: 1 / Math.sqrt(variance + EPS) };
  });
  return all.map((value, i) => {
    const { mean, rstd } = moments[statistic(i, shape)]!;
    const at = weight(i, shape);
    return (value - mean) * rstd * w[at]! + b[at]!;
  });
}

// odd sizes, quads, several parts of a channel, lanes of 32 and 256, rows that
// are taken by eights, the last of them four
const SHAPES = [
  [3, 4, 5],
  [2, 6, 2, 4],
  [5, 2, 33, 33],
  [3, 4, 72],
  [2, 2, 4, 257],
  [700, 4, 8],
  [35, 4, 6],
];

for (const kind of CLASSES) {
  for (const [name, norm] of Object.entries(NORMS)) {
    Deno.test(`${name}() equals its definition (${kind})`, async () => {
      for (const shape of SHAPES) {
        const x = made(shape).add(3); // a mean that is not 0
        const size = sizeOf(norm.weights(shape));
        const [w, b] = [values(size, 1), values(size, 2)];
        const want = reference(norm, await x.data(), shape, w, b);
        const [weight, bias] = [w, b].map((each) => made([size], each));
        const y = withAdapterClass(kind, () => norm.apply(x, weight, bias));
        await assertClose(y, want, 2e-5);
        const ones = new Float32Array(size).fill(1);
        const plain = reference(
          norm,
          await x.data(),
          shape,
          ones,
          new Float32Array(size),
        );
        const got = withAdapterClass(kind, () => norm.apply(x));
        await assertClose(got, plain, 2e-5);
      }
    });

    Deno.test(`${name}() gradients equal central differences (${kind})`, async () => {
      for (const shape of [[3, 4, 5], [2, 2, 4]]) {
        const size = sizeOf(norm.weights(shape));
        const inputs = [
          made(shape),
          made([size], values(size, 1)),
          made([size], values(size, 2)),
        ];
        await assertGradients(
          (x, w, b) => norm.apply(x!, w, b),
          inputs,
          { kind, tolerance: 5e-3 },
        );
        await assertGradients((x) => norm.apply(x!), [made(shape)], {
          kind,
          tolerance: 5e-3,
        });
      }
    });
  }

  // the gradients in ops are tested by second derivatives; here against kernels
  Deno.test(`norm gradients of long rows equal those in ops (${kind})`, async () => {
    for (const [name, norm] of Object.entries(NORMS)) {
      for (const shape of SHAPES) {
        const size = sizeOf(norm.weights(shape));
        const run = (createGraph: boolean): Promise<Float32Array[]> => {
          const leaves = [
            made(shape),
            made([size], values(size, 1)),
            made([size], values(size, 2)),
          ].map((each) => each.requiresGrad_());
          withAdapterClass(
            kind,
            () =>
              norm.apply(leaves[0]!, leaves[1], leaves[2])
                .backward(made(shape, values(sizeOf(shape), 4)), {
                  createGraph,
                }),
          );
          return Promise.all(
            leaves.map(async ({ grad }) =>
              Float32Array.from(await grad!.data())
            ),
          );
        };
        const [fast, composed] = [await run(false), await run(true)];
        for (const [i, gradient] of fast.entries()) {
          // sums of thousands of terms, in another order
          const scale = Math.max(1, ...composed[i]!.map(Math.abs));
          const farthest = Math.max(
            ...gradient.map((value, j) => Math.abs(value - composed[i]![j]!)),
          );
          const label = `${name} [${shape}] input ${i}`;
          assertEquals(farthest < 2e-5 * scale, true, `${label}: ${farthest}`);
        }
      }
    }
  });

  Deno.test(`layerNorm() makes only the gradients that are wanted (${kind})`, async () => {
    const inputs = [made([150, 8]), made([8], values(8, 1)), made([8])];
    const run = async (wanted: readonly boolean[]) => {
      const [x, weight, bias] = inputs.map((input, i) =>
        input.detach().requiresGrad_(wanted[i])
      );
      const dy = made([150, 8], values(1200, 4));
      withAdapterClass(
        kind,
        () => layerNorm(x!, 8, { weight, bias }).backward(dy),
      );
      const grads = [x, weight, bias].map((each) => each!.grad);
      return await Promise.all(grads.map((each) => each?.data()));
    };
    const all = await run([true, true, true]);
    for (const only of [0, 1, 2]) {
      const wanted = [0, 1, 2].map((i) => i === only);
      const grads = await run(wanted);
      for (const [i, grad] of grads.entries()) {
        assertEquals(grad !== undefined, wanted[i]);
        if (grad) await assertClose(made([grad.length], grad), all[i]!, 1e-5);
      }
    }
  });

  Deno.test(`batchNorm() takes features without more dims (${kind})`, async () => {
    const { batchNorm: norm } = NORMS;
    for (const shape of [[7, 3], [200, 8], [3000, 4]]) {
      const x = made(shape);
      const [w, b] = [values(shape[1]!, 1), values(shape[1]!, 2)];
      const [weight, bias] = [w, b].map((each) => made([each.length], each));
      const want = reference(norm!, await x.data(), shape, w, b);
      const y = withAdapterClass(kind, () => norm!.apply(x, weight, bias));
      await assertClose(y, want, 2e-5);
    }
    await assertGradients(
      (x, w) => batchNorm(x!, { weight: w, training: true }),
      [made([5, 4]), made([4], values(4, 1))],
      { kind, tolerance: 5e-3 },
    );
  });

  Deno.test(`norms keep NaN in its row (${kind})`, async () => {
    const x = tensor([[1, NaN, 3, 4], [1, 2, 3, 4]]);
    const y = withAdapterClass(kind, () => layerNorm(x, 4));
    const row = reference(
      NORMS.layerNorm!,
      [1, 2, 3, 4],
      [1, 4],
      [1, 1, 1, 1],
      [
        0,
        0,
        0,
        0,
      ],
    );
    await assertClose(y, [NaN, NaN, NaN, NaN, ...row], 1e-5);
    const columns = x.transpose(0, 1).contiguous(); // [4, 2]
    const z = withAdapterClass(
      kind,
      () => batchNorm(columns, { training: true }),
    );
    await assertClose(z.transpose(0, 1), [NaN, NaN, NaN, NaN, ...row], 1e-5);
  });

  Deno.test(`norms are exact far from 0 (${kind})`, async () => {
    const x = made([2, 64]).add(1000);
    const ones = new Float32Array(64).fill(1);
    const zeros = new Float32Array(64);
    const norm = NORMS.layerNorm!;
    const want = reference(norm, await x.data(), [2, 64], ones, zeros);
    // the mean is rounded at 2^-14; squares of x would have lost everything
    await assertClose(withAdapterClass(kind, () => norm.apply(x)), want, 2e-4);
  });

  Deno.test(`norms take views, odd offsets and float16 (${kind})`, async () => {
    const whole = made([5, 4, 6]);
    const view = whole.slice(0, 1, 4).permute([0, 2, 1]); // [3, 6, 4]
    const copy = made([3, 6, 4], await view.data());
    const weight = made([9]).slice(0, 3, 9);
    for (const name of ["batchNorm", "groupNorm"]) {
      const run = (x: Tensor, w: Tensor): Tensor =>
        withAdapterClass(kind, () => NORMS[name]!.apply(x, w));
      const want = await run(copy, made([6], await weight.data())).data();
      await assertClose(run(view, weight), want, 0);
    }
    const odd = made([9]).slice(0, 1, 9).reshape([2, 4]);
    const want = await layerNorm(made([2, 4], await odd.data()), 4).data();
    await assertClose(
      withAdapterClass(kind, () => layerNorm(odd, 4)),
      want,
      1e-6,
    );
    const half = withAdapterClass(kind, () => layerNorm(odd.to("float16"), 4));
    assertEquals(half.dtype, "float16");
    await assertClose(half, want, 4e-3); // 10 bits
  });
}

Deno.test("norms have second derivatives", async () => {
  for (const [, norm] of Object.entries(NORMS)) {
    await assertSecondGradients(
      (x, w) => norm.apply(x!, w),
      [made([2, 2, 3]), made(norm.weights([2, 2, 3]))],
      2e-2, // third derivatives of 1 / sqrt(variance) are large
    );
  }
});

Deno.test("norms of nothing are empty, with gradients of 0", async () => {
  for (const shape of [[0, 2, 3], [2, 2, 0]]) {
    for (const name of ["batchNorm", "groupNorm"]) {
      const weight = made([2]).requiresGrad_();
      const y = NORMS[name]!.apply(made(shape), weight);
      assertEquals(y.shape, shape);
      y.sum().backward();
      await assertClose(weight.grad!, [0, 0], 0);
    }
  }
  assertEquals(layerNorm(made([0, 4]), 4).shape, [0, 4]);
  assertEquals(layerNorm(made([4, 0]), 0).shape, [4, 0]);
});

Deno.test("layerNorm() over rows of one gives the bias", async () => {
  const y = layerNorm(made([3, 1]), 1, { bias: made([1], [5]) });
  assertEquals(await y.toArray(), [[5], [5], [5]]);
});

Deno.test("norms name the shapes that they reject", () => {
  const x = made([2, 6]);
  assertThrows(
    () => layerNorm(x, [5]),
    TypeError,
    "over [5]: expected the last sizes of x",
  );
  assertThrows(
    () => layerNorm(x, 6, { weight: made([2]) }),
    TypeError,
    "with weight of shape [2]: expected [6]",
  );
  assertThrows(
    () => groupNorm(x, 4),
    RangeError,
    "Cannot groupNorm [2, 6]: 4 groups do not divide 6 channels",
  );
  assertThrows(
    () => groupNorm(made([1, 2]), 2),
    RangeError,
    "a group has one value, expected at least 2",
  );
  assertThrows(
    () => groupNorm(made([2]), 1),
    TypeError,
    "expected shape [N, C]",
  );
  assertThrows(() => batchNorm(made([2])), TypeError, "expected shape [N, C]");
  assertThrows(
    () => batchNorm(x, { bias: made([2]) }),
    TypeError,
    "with bias of shape [2]: expected [6]",
  );
  assertThrows(() => instanceNorm(x), TypeError, "floats of shape [N, C, ...]");
  assertThrows(
    () => instanceNorm(made([2, 3, 1])),
    RangeError,
    "a channel has one value, expected at least 2",
  );
  const integers = tensor([[1, 2]], { dtype: "int32" });
  assertThrows(
    () => layerNorm(integers, 2),
    TypeError,
    "Cannot layerNorm int32 [1, 2]",
  );
});

Deno.test("chooseNorm() gives long runs on a GPU many lanes", () => {
  assertEquals(chooseNorm(1000, "cpu"), { group: 8, lanes: 1 });
  assertEquals(chooseNorm(1000, "gpu"), { group: 256, lanes: 256 });
  assertEquals(chooseNorm(49, "gpu"), { group: 64, lanes: 32 });
  assertEquals(chooseNorm(1, "gpu"), { group: 64, lanes: 1 });
});

Deno.test("chooseRows() gives a CPU's lane several rows where there are many", () => {
  assertEquals(chooseRows(128, 64, "cpu").rows, 8);
  assertEquals(chooseRows(127, 64, "cpu").rows, 1);
  assertEquals(chooseRows(4096, 64, "gpu").rows, 1);
});
