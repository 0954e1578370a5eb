/**
 * Tests of random programs of many kernels, with parts and in-place writes:
 * compiled, they give the bits of the eager run, in whatever else they write to.
 *
 * @module
 */

import { cat, F, Generator, randn, type Tensor } from "../../mod.ts";
import { withAdapterClass } from "../../src/gpu/device.ts";
import { assertSame } from "./_shared.ts";

const SIDE = 8;
const PROGRAMS = 20;
const CALLS = [0, 1, 2, 3];

/** Draws from tensors of shape [8, 8]. */
interface Draw {
  /** One of those that were made. */
  one(): Tensor;
  /** One of those that may be written to. */
  target(): Tensor;
  /** A number of rows or columns, neither none nor all. */
  part(): number;
}

/** Each makes a tensor of shape [8, 8], or writes to one. */
const STEPS: readonly ((draw: Draw) => Tensor | void)[] = [
  ({ one }) => one().matmul(one()).mul(0.1),
  ({ one }) => one().transpose(0, 1).matmul(one()).mul(0.1),
  ({ one }) => F.dropout(one(), { p: 0.3, seed: 5 }),
  ({ one }) => F.batchNorm(one(), { training: true }),
  ({ one }) => F.layerNorm(one(), [SIDE]),
  ({ one }) => one().mul(0.5).softmax(1),
  ({ one }) => {
    const filter = one().slice(0, 0, 1).slice(1, 0, 3).reshape([1, 1, 1, 3]);
    return asImage(F.conv2d, one(), filter, undefined, { padding: [0, 1] });
  },
  ({ one }) => asImage(F.avgPool2d, one(), 3, { stride: 1, padding: 1 }),
  ({ one }) => one().add(one()),
  ({ one }) => one().mul(one()).clamp(-3, 3),
  ({ one }) => one().relu(),
  ({ one }) => one().sub(one().mean(0)),
  ({ one }) => one().mul(one().sum(1, { keepdim: true })).clamp(-3, 3),
  ({ one }) => one().transpose(0, 1),
  ({ one, part }) => {
    const rows = part();
    return cat([one().slice(0, 0, rows), one().slice(0, rows)], 0);
  },
  ({ one, part }) => {
    const columns = part();
    return cat([one().slice(1, columns), one().slice(1, 0, columns)], 1);
  },
  ({ one }) => one().cumsum(0).clamp(-3, 3),
  ({ one }) => one().to("float16").mul(2).to("float32").clamp(-3, 3),
  ({ one }) => one().gt(one()).to("float32"),
  ({ one, target }) => void target().add_(one()).clamp_(-3, 3),
  ({ one, target }) => void target().copy_(one()),
  ({ one, target, part }) => {
    const rows = part();
    target().slice(0, 0, rows).copy_(one().slice(0, 0, rows));
  },
  ({ one, target, part }) => {
    const columns = part();
    target().slice(1, 0, columns).add_(one().slice(1, SIDE - columns));
  },
  ({ one }) => {
    const copy = one().clone();
    copy.slice(0, 2, 5).mul_(0.5);
    return copy;
  },
];

function asImage<Rest extends readonly unknown[]>(
  fn: (x: Tensor, ...rest: Rest) => Tensor,
  x: Tensor,
  ...rest: Rest
): Tensor {
  return fn(x.reshape([1, 1, SIDE, SIDE]), ...rest).reshape([SIDE, SIDE]);
}

/** Twelve steps that follow from the seed. */
function program(seed: number, inputs: readonly Tensor[], outside: Tensor[]) {
  const generator = new Generator(seed);
  const made = [...inputs, ...outside];
  const draw: Draw = {
    one: () => made[generator.integer(made.length)]!,
    target: () => outside[generator.integer(outside.length)]!,
    part: () => 1 + generator.integer(SIDE - 1),
  };
  for (let i = 0; i < 12; i++) {
    const tensor = STEPS[generator.integer(STEPS.length)]!(draw);
    if (tensor) made.push(tensor);
  }
  return [made.at(-1)!.mul(1), made.at(-2)!, draw.one()];
}

for (const [i, kind] of (["cpu", "gpu"] as const).entries()) {
  Deno.test(`random programs write where the eager run writes (${kind})`, async () => {
    for (let k = 0; k < PROGRAMS; k++) {
      const seed = i * PROGRAMS + k; // the classes see other programs
      await assertSame((wrap) => {
        const random = (seed: number) => randn([SIDE, SIDE], { seed });
        const flat = randn([2 * SIDE, SIDE], { seed: 3 });
        const outside = [random(1), random(2), flat.slice(0, SIDE)];
        const run = wrap((x: Tensor, y: Tensor) =>
          program(seed, [x, y], outside)
        );
        const given = randn([40, SIDE], { seed: 9 }); // whose parts are given
        return withAdapterClass(kind, () => [
          CALLS.map((n) =>
            run(given.slice(0, n, n + SIDE), random(n)).map((y) => y.clone())
          ),
          outside,
          given,
        ]);
      });
    }
  });
}
