/**
 * Calls that loop along rows and columns: reductions, scans, indices, softmax,
 * losses and norms.
 *
 * @module
 */

import { F, ones, optim, randn, zeros } from "../../mod.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { backprop, type LoopCall, loopCall } from "./_loop_calls.ts";

const leaf = { requiresGrad: true };
const int32 = { dtype: "int32" } as const;

/** `call` of one tensor, of shapes that are small and far, and its gradient. */
function differentiated(
  name: string,
  sizes: readonly [Shape, Shape],
  call: (x: Tensor) => Tensor,
): LoopCall {
  return loopCall(name, sizes, (shape) => {
    const x = ones(shape, leaf);
    backprop(call(x), [x]);
  });
}

/** `call` of `count` elements and their places among `places`. */
function scattered(
  name: string,
  sizes: readonly [Scattered, Scattered],
  call: (x: Tensor, index: Tensor, src: Tensor) => unknown,
): LoopCall {
  return loopCall(name, sizes, ({ count, places, row = [] }) => {
    const x = zeros([places, ...row]);
    const index = zeros([count], int32);
    call(x, index, ones([count, ...row]));
  });
}

interface Scattered {
  readonly count: number;
  readonly places: number;
  readonly row?: Shape;
}

/** The calls. */
export const ROW_CALLS: readonly LoopCall[] = [
  differentiated("sum of rows", [[3, 4000], [3, 4_000_000]], (x) => x.sum(1)),
  differentiated(
    "sum of odd rows",
    [[3, 999], [3, 4_000_001]],
    (x) => x.sum(1),
  ),
  differentiated(
    "sum of columns",
    [[5000, 8], [2_000_000, 8]],
    (x) => x.sum(0),
  ),
  differentiated("var", [[2, 3000], [1, 20_000_000]], (x) => x.var(1)),
  differentiated("prod", [[3001], [3_000_001]], (x) => x.prod()),
  differentiated("amax", [[3001], [30_000_001]], (x) => x.amax()),
  differentiated("norm", [[3000], [30_000_000]], (x) => x.norm()),
  differentiated("cumsum", [[1000], [5_000_000]], (x) => x.cumsum(0)),
  differentiated("cumprod", [[3, 1000], [2, 1_000_000]], (x) => x.cumprod(1)),
  loopCall(
    "argmax",
    [[2, 2000], [2, 9_000_001]],
    (shape) => ones(shape).argmax(1),
  ),
  loopCall("sort", [[700], [300_000]], (shape) => ones(shape).sort()),
  loopCall("topk", [[700], [300_000]], (shape) => ones(shape).topk(5)),

  scattered(
    "scatterAdd into few places",
    [{ count: 300, places: 2 }, { count: 3_000_000, places: 7 }],
    (x, index, src) => x.scatterAdd(0, index, src),
  ),
  scattered(
    "scatterAdd into many places",
    [{ count: 9000, places: 9001 }, { count: 30_000_000, places: 100_001 }],
    (x, index, src) => x.scatterAdd(0, index, src),
  ),
  scattered(
    "scatter",
    [{ count: 300, places: 5 }, { count: 1_000_000, places: 5 }],
    (x, index, src) => x.scatter(0, index, src),
  ),
  scattered(
    "indexAdd of rows",
    [
      { count: 300, places: 5, row: [8] },
      { count: 300_000, places: 5, row: [8] },
    ],
    (x, index, src) => x.indexAdd(0, index, src),
  ),
  scattered(
    "indexAdd of rows into many places",
    [
      { count: 5000, places: 500, row: [8] },
      { count: 1_000_000, places: 5000, row: [8] },
    ],
    (x, index, src) => x.indexAdd(0, index, src),
  ),
  loopCall("embedding", [50, 500_000], (count) => {
    const weight = ones([100, 6], leaf);
    backprop(F.embedding(zeros([count], int32), weight), [weight]);
  }),

  ...(["softmax", "logSoftmax"] as const).flatMap((name) => [
    differentiated(
      `${name} of rows`,
      [[4, 400], [2, 5_000_000]],
      (x) => x[name](1),
    ),
    differentiated(
      `${name} of odd rows`,
      [[4, 99], [2, 70_001]],
      (x) => x[name](1),
    ),
    differentiated(
      `${name} of columns`,
      [[400, 3], [70_000, 3]],
      (x) => x[name](0),
    ),
  ]),
  ...[
    [[4, 100], [2, 4_000_000]],
    [[4, 101], [2, 70_001]],
    [[4, 100, 3], [2, 70_000, 3]],
  ].map(([small, far]) =>
    differentiated(`crossEntropy ${small}`, [small!, far!], (x) => {
      const target = zeros(x.shape.toSpliced(1, 1), int32);
      return F.crossEntropy(x, target);
    })
  ),
  differentiated("crossEntropy of many", [[300, 3], [3_000_000, 3]], (x) => {
    const target = zeros([x.shape[0]!], int32);
    return F.crossEntropy(x, target, { weight: ones([3]) });
  }),

  differentiated(
    "layerNorm of few rows",
    [[2, 400], [2, 1_000_000]],
    (x) => F.layerNorm(x, x.shape.slice(1)),
  ),
  differentiated(
    "layerNorm of many rows",
    [[200, 40], [130, 100_001]],
    (x) => F.layerNorm(x, x.shape.slice(1), { weight: ones(x.shape.slice(1)) }),
  ),
  differentiated(
    "layerNorm of one row",
    [[1, 402], [1, 8_000_002]],
    (x) => F.layerNorm(x, x.shape.slice(1)),
  ),
  differentiated(
    "groupNorm",
    [[2, 4, 9, 9], [1, 4, 1001, 1001]],
    (x) => F.groupNorm(x, 2, { weight: ones([4]), bias: zeros([4]) }),
  ),
  differentiated(
    "instanceNorm",
    [[2, 3, 10, 10], [1, 2, 2000, 2000]],
    (x) => F.instanceNorm(x),
  ),
  differentiated(
    "batchNorm of images",
    [[2, 3, 10, 10], [3, 2, 2001, 2001]],
    (x) => F.batchNorm(x, { training: true }),
  ),
  differentiated(
    "batchNorm of rows",
    [[500, 3], [5_000_000, 3]],
    (x) => F.batchNorm(x, { training: true }),
  ),

  loopCall("maps", [[3, 40], [30, 400_000]], (shape) => {
    ones(shape).add(1).exp();
    ones(shape).mul(ones([shape[1]!]));
    ones([...shape, 1]).transpose(0, 1).mul(ones([2]));
    ones(shape, int32).pow(ones([shape[1]!], int32));
    ones(shape).t().contiguous();
  }),
  loopCall("random numbers", [[99], [9_000_001]], ([n]) => {
    F.dropout(randn([n!]), { p: 0.5 });
  }),
  loopCall("optimizers", [[99], [9_000_001]], (shape) => {
    const weight = ones(shape, leaf);
    const optimizer = new optim.SGD([weight], { lr: 1 });
    weight.sum().backward();
    optimizer.step();
  }),
];
