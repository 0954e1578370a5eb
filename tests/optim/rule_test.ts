/**
 * Tests of the plan of an update, and of its kernel's reach.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

import { f32Bits } from "../../src/gpu/plan.ts";
import { planUpdate, type Rule } from "../../src/optim/rule.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { rand } from "../../src/ops/random/random.ts";
import { zeros } from "../../src/tensor/create.ts";

const RULE: Rule = {
  name: "test",
  states: ["m"],
  scalars: ["lr"],
  wgsl: "m = g; p -= lr * m;",
};

Deno.test("planUpdate() puts runs and scalars into the uniform, nothing into the source", () => {
  const [gradients, values, state] = [0, 1, 2].map(() => new Storage(64));
  const plan = (quads: number, lr: number) =>
    planUpdate(
      RULE,
      { firstQuad: 3, quads },
      {
        dtype: "float32",
        gradients: gradients!,
        values: values!,
        states: [state!],
      },
      () => ({ ascent: 1, decay: 0, lr }),
    );
  const { params, groups, header, buffers } = plan(5, 0.5);
  assertEquals(params, [3, 5, 0, 0, f32Bits(1), f32Bits(0), f32Bits(0.5)]);
  assertEquals(groups, [1, 1, 1]);
  assertEquals(buffers, [gradients!, values!, state!]);
  assertEquals(plan(70_000, 7).header, header);
  // 256 quads a workgroup, 65,535 workgroups along an axis at most
  assertEquals(plan(256, 1).groups, [1, 1, 1]);
  assertEquals(plan(257, 1).groups, [2, 1, 1]);
  assertEquals(plan(256 * 65_536, 1).groups, [32_768, 2, 1]);
  for (const storage of [gradients!, values!, state!]) {
    storage.retain();
    storage.release();
  }
});

Deno.test("a step reaches every element of a run and none beside it", async () => {
  // one quad less, the same and one more than a workgroup's 1024 elements
  for (const size of [1, 5, 1020, 1023, 1024, 1025, 1028, 5003]) {
    const params = [3, size, 3].map((length) =>
      zeros([length], { requiresGrad: true })
    );
    const optimizer = new SGD(params, { lr: 1, momentum: 0.5 });
    const gradient = rand([size], { seed: size });
    params[1]!.grad = gradient;
    optimizer.step();
    optimizer.step(); // 0 - g - (0.5 g + g)
    const got = await params[1]!.data();
    const g = await gradient.data();
    assert(got.every((value, i) => Math.abs(value + 2.5 * g[i]!) < 1e-6));
    for (const other of [params[0]!, params[2]!]) {
      assertEquals(await other.toArray(), [0, 0, 0]);
    }
  }
});
