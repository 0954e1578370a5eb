/**
 * What a replay of a compiled function costs the host: microseconds of
 * TypeScript per dispatch, the WebGPU calls that encode it included, what the
 * driver does at a submission not.
 *
 *     deno run bench/replay.ts
 *
 * Functions have fewer dispatches than a submission, so none is timed; the least
 * of many rounds counts, because other programs only make it more.
 *
 * @module
 */

import { compile, nn, noGrad, randn, type Tensor } from "../mod.ts";
import { streamCounts, submit } from "../src/gpu/stream.ts";

const ROUNDS = 300;
const DEPTH = 100;

async function measure(name: string, fn: (x: Tensor) => Tensor): Promise<void> {
  const run = compile(fn);
  const x = randn([8, 8], { seed: 1 });
  for (let i = 0; i < 3; i++) run(x);
  const before = streamCounts().dispatches;
  await run(x).data();
  const dispatches = streamCounts().dispatches - before;
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    submit();
    const start = performance.now();
    const y = run(x);
    least = Math.min(least, performance.now() - start);
    await y.data();
  }
  const each = (1000 * least / dispatches).toFixed(2);
  // deno-lint-ignore no-console -- printing is what it is for
  console.log(`${name}: ${dispatches} dispatches, ${each} µs each`);
}

const w = randn([8, 8], { seed: 2 }).mul(0.3);
await measure("products of small matrices", (x) => {
  for (let i = 0; i < DEPTH; i++) x = x.matmul(w);
  return x;
});

const layers = Array.from({ length: DEPTH / 2 }, () => new nn.Linear(8, 8));
await measure("layers and softmaxes, modules watched", (x) =>
  noGrad(() => {
    for (const layer of layers) x = layer.call(x).softmax(1);
    return x;
  }));
await measure("one map", (x) => x.add(1));
