/**
 * Tests of maps that become part of the kernel before or after them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

import {
  compile,
  explain,
  F,
  full,
  manualSeed,
  nn,
  ones,
  optim,
  randn,
  type Tensor,
} from "../../mod.ts";
import { overrideAdapterClass } from "../../src/gpu/device.ts";
import { check, type Fn } from "./_shared.ts";

const x = (...shape: number[]) => randn(shape, { seed: shape.length });

Deno.test("maps become part of the reduction that reads them", async () => {
  const squares: Fn = (x, y) => x!.sub(y!).square().mul(0.5).sum(-1);
  for (const shape of [[3, 8], [5, 7], [2, 64, 4], [1, 1]]) {
    const dispatches = await check(squares, () => [x(...shape), ones(shape)]);
    assertEquals(dispatches, 1, `${shape}`);
  }
  const columns: Fn = (x) => x!.exp().add(1).mean(0);
  assertEquals(await check(columns, () => [x(5, 8)]), 1);
  assertEquals(await check(columns, () => [x(5, 7)]), 1);
  const types: Fn = (x) => x!.mul(50).to("uint8").sum(0);
  await check(types, () => [x(6, 12)]);
  const largest: Fn = (x) => x!.abs().add(Infinity).amax(1);
  assertEquals(await check(largest, () => [x(4, 12)]), 1);
});

Deno.test("a map that others read, too, is not made twice", async () => {
  const both: Fn = (x) => {
    const y = x!.exp();
    return [y.sum(), y.cumsum(0)];
  };
  assertEquals(await check(both, () => [x(32)]), 3);
});

Deno.test("a reduction of what is overwritten later reads it before", async () => {
  const later: Fn = (x) => {
    const y = x!.mul(2);
    x!.add_(1);
    return y.sum();
  };
  await check(later, () => [x(4, 8)]);
});

Deno.test("a reduction of a part of a map reads that part", async () => {
  const part: Fn = (x) => x!.mul(3).slice(0, 1, 3).sum(1);
  await check(part, () => [x(4, 8)]);
  const scalar: Fn = (x, s) => x!.mul(s!).sum();
  assertEquals(await check(scalar, () => [x(4, 8), full([1], 3)]), 1);
});

Deno.test("explain() names what was spliced", () => {
  const run = compile((x: Tensor) => x.square().sum());
  for (let i = 0; i < 2; i++) run(x(8, 8));
  const text = explain(run);
  assert(text.includes("fused: square+sum_rows"), text);
});

Deno.test("maps become part of the dropout before and after them", async () => {
  const dropped: Fn = (x, y) =>
    F.dropout(x!.mul(2).relu(), { p: 0.25, seed: 5 }).add(y!).mul(3);
  for (const shape of [[4, 8], [5, 7], [1]]) {
    const inputs = () => [x(...shape), ones(shape)];
    assertEquals(await check(dropped, inputs), 1, `${shape}`);
  }
  const kept: Fn = (x) => {
    const y = F.dropout(x!, { seed: 5 });
    return [y, y.relu(), y.sum()];
  };
  assertEquals(await check(kept, () => [x(4, 8)]), 2);
});

Deno.test("gradients are made where the optimizer wants them", async () => {
  const layers = () => {
    manualSeed(2);
    return new nn.Sequential(new nn.Linear(8, 16), new nn.Linear(16, 5));
  };
  const losses = async (wrap: (step: Fn) => Fn): Promise<number[]> => {
    const net = layers();
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
    const step = wrap((x) => {
      optimizer.zeroGrad();
      const loss = net.call(x!).square().sum();
      loss.backward();
      nn.clipGradNorm_(net.parameters(), 1); // reads all of them
      optimizer.step();
      return loss;
    });
    const seen: number[] = [];
    for (let i = 0; i < 6; i++) {
      const loss = [step(x(4, 8))].flat()[0]!;
      seen.push(await loss.item());
    }
    return seen;
  };
  let compiled: Fn | undefined;
  const replayed = await losses((step) => compiled = compile(step));
  assertEquals(replayed, await losses((step) => step));
  // two weights and a bias of 16; five numbers are no whole quads
  assert(explain(compiled).includes(" 3 copies saved"), explain(compiled));
});

Deno.test("activations and residuals become part of the norm before them", async () => {
  const block: Fn = (x, rest) =>
    F.batchNorm(x!, { training: true }).add(rest!).relu();
  for (const shape of [[2, 3, 4, 4], [2, 3, 5, 5], [8, 12], [8, 5]]) {
    const inputs = () => [x(...shape), ones(shape)];
    const alone: Fn = (x) => F.batchNorm(x!, { training: true });
    const plain = await check(alone, inputs);
    assertEquals(await check(block, inputs), plain, `${shape}`);
  }
});

type Case = [name: string, fn: Fn, inputs: (batch: number) => Tensor[]];

// Products and convolutions with a bias, an activation and a residual after them.
function biased(): Case[] {
  const weight = (...shape: number[]) => randn(shape, { seed: 9 });
  const cases: Case[] = [];
  for (const [n, k] of [[8, 16], [7, 5], [1, 3]] as const) {
    cases.push([
      `linear ${n}`,
      (x, rest) => F.linear(x!, weight(n, k), weight(n)).relu().add(rest!),
      (batch) => [x(batch, k), ones([batch, n])],
    ]);
  }
  const kinds: [string, number[], number[], object][] = [
    ["units", [3, 9, 9], [8, 3, 3, 3], {}],
    ["strided", [3, 9, 9], [16, 3, 3, 3], { stride: 2 }],
    ["window", [8, 9, 9], [4, 8, 3, 3], { stride: 2 }],
    ["plane", [4, 8, 8], [4, 1, 3, 3], { groups: 4 }],
    ["pointwise", [8, 4, 4], [16, 8, 1, 1], {}],
  ];
  for (const [name, image, filter, options] of kinds) {
    const y = F.conv2d(x(...image), weight(...filter), undefined, options);
    cases.push([
      name,
      (x, rest) =>
        F.conv2d(x!, weight(...filter), weight(filter[0]!), options)
          .relu().add(rest!),
      (batch) => [x(batch, ...image), ones([batch, ...y.shape])],
    ]);
  }
  return cases;
}

Deno.test("activations and residuals become part of products and convolutions", async () => {
  // large kernels for CPUs take in maps of 2^17 elements
  for (const [kind, batch] of [["cpu", 2 ** 14], ["gpu", 6]] as const) {
    overrideAdapterClass(kind);
    try {
      for (const [name, fn, inputs] of biased()) {
        const isDense = name.startsWith("linear");
        const few = () => inputs(isDense ? batch : Math.ceil(batch / 25));
        await check(fn, few);
        const run = compile(fn);
        for (let i = 0; i < 2; i++) run(...few());
        const text = explain(run);
        assert(/\w+\+relu\+add/.test(text), `${name} ${kind}: ${text}`);
      }
    } finally {
      overrideAdapterClass(undefined);
    }
  }
});

Deno.test("large kernels for CPUs are compiled once for all small outputs", async () => {
  overrideAdapterClass("cpu");
  try {
    for (const [name, fn, inputs] of biased()) {
      if (!["linear 8", "units", "strided", "pointwise"].includes(name)) {
        continue;
      }
      const run = compile(fn);
      for (let i = 0; i < 2; i++) run(...inputs(6));
      const text = explain(run);
      assert(text.includes("  fused: relu+add"), `${name}: ${text}`);
      await check(fn, () => inputs(6));
    }
  } finally {
    overrideAdapterClass(undefined);
  }
});

Deno.test("scales become part of the softmax after them", async () => {
  for (const kind of ["cpu", "gpu"] as const) {
    overrideAdapterClass(kind);
    try {
      for (const shape of [[3, 8], [3, 7], [2, 300], [2, 5, 8]]) {
        for (const dim of [-1, 0]) {
          const scaled: Fn = (x) => x!.mul(0.25).softmax(dim);
          const seen = await check(scaled, () => [x(...shape)]);
          assertEquals(seen, 1, `${shape} ${dim} ${kind}`);
        }
      }
    } finally {
      overrideAdapterClass(undefined);
    }
  }
});
