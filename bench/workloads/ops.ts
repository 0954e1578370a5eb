/**
 * Workloads of single operations: products, convolutions, elementwise chains,
 * attention, norms, an optimizer's step.
 *
 * A name of a workload says its sizes; all data is float32.
 *
 * @module
 */

import { product, random, type Values } from "../data.ts";
import type { Timer } from "../timing.ts";

/** Batch, channels in and out, and width of the convolutions. */
const CONVOLUTIONS = [[64, 1, 32, 28], [64, 32, 64, 14], [
  8,
  64,
  64,
  56,
]] as const;

/** Square products. */
export async function matmul<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  if (!library.matmul) return;
  for (const size of [256, 512, 1024]) {
    const a = library.put(random(size * size, 1), [size, size]);
    const b = library.put(random(size * size, 2), [size, size]);
    await timer.operation(`matmul${size}`, () => library.matmul!(a, b), {
      flops: 2 * size ** 3,
    });
  }
}

/** Convolutions; with both gradients, if `isBackward`. */
export async function convolutions<T>(
  timer: Timer<T>,
  isBackward: boolean,
): Promise<void> {
  const { library } = timer;
  if (isBackward ? !library.convGrad : !library.conv) return;
  for (const [batch, channels, outputs, width] of CONVOLUTIONS) {
    const image = [batch, channels, width, width];
    const result = [batch, outputs, width, width];
    const filter = [outputs, channels, 3, 3];
    const x = library.put(random(product(image), 3), image, "image");
    const w = library.put(random(product(filter), 4), filter, "filter");
    const once = 2 * product(result) * channels * 9;
    const name = `conv${channels}-${outputs}-${width}`;
    if (isBackward) {
      const dy = library.put(random(product(result), 5), result, "image");
      const run = (): T[] => library.convGrad!(x, w, dy);
      await timer.operation(`${name}-bwd`, run, { flops: 3 * once });
    } else {
      const run = (): T => library.conv!(x, w);
      await timer.operation(`${name}-fwd`, run, { flops: once });
    }
  }
}

/** What is bound by memory: a chain, a sum, a softmax. */
export async function elementwise<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  const size = 2 ** 24;
  const x = library.put(random(size, 6), [size]);
  const { chain, sum, softmax } = library;
  if (chain) {
    await timer.operation("elementwise16M", () => chain(x), {
      bytes: 8 * size,
    });
  }
  if (sum) {
    await timer.operation("sum16M", () => sum(x), { bytes: 4 * size });
  }
  library.free(x);
  if (!softmax) return;
  const logits = library.put(random(4096 * 1000, 7), [4096, 1000]);
  await timer.operation("softmax4096x1000", () => softmax(logits), {
    bytes: 8 * 4096 * 1000,
  });
}

function checkSum(got: number): void {
  const want = 1000 + random(1, 1)[0]!;
  if (Math.abs(got - want) > 0.1) {
    throw new Error(`Wrong sum: got ${got}, want ${want}`);
  }
}

/**
 * A thousand small additions, each of the one before, and a read: one by one,
 * and as a function that is compiled.
 */
export async function dispatch<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  const { add } = library;
  if (!add) return;
  const a = library.put(random(64, 1), [64]);
  const b = library.put(new Float32Array(64).fill(1), [64]);
  const run = async (): Promise<number> => {
    const start = performance.now();
    let x = add(a, b);
    for (let i = 1; i < 1000; i++) {
      const y = add(x, b);
      library.free(x);
      x = y;
    }
    const [first] = Array.from(await library.get(x));
    const elapsed = performance.now() - start;
    library.free(x);
    checkSum(first!);
    return elapsed;
  };
  for (let i = 0; i < 2; i++) await run();
  timer.report("dispatch1000", await timer.samples(run));
  const { adds } = library;
  if (!adds) return;
  const runAsOne = async (): Promise<number> => {
    const start = performance.now();
    const x = adds(a, b);
    const [first] = Array.from(await library.get(x));
    const elapsed = performance.now() - start;
    library.free(x);
    checkSum(first!);
    return elapsed;
  };
  for (let i = 0; i < 3; i++) await runAsOne();
  timer.report("dispatch1000-one", await timer.samples(runAsOne));
}

const ATTENTION = [4, 8, 256, 64];

/** Scaled dot-product attention, forward and with all gradients. */
export async function attention<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  const heads = (seed: number): T =>
    library.put(random(product(ATTENTION), seed), ATTENTION, "heads");
  const [q, k, v, dy] = [heads(11), heads(12), heads(13), heads(14)];
  const [, , length, width] = ATTENTION;
  // two products; what a causal mask hides counts, as it may be computed
  const flops = 4 * product(ATTENTION) * length!;
  for (const isCausal of [false, true]) {
    const name = `attention${length}x${width}${isCausal ? "-causal" : ""}`;
    if (library.attention) {
      const run = (): T => library.attention!(q, k, v, isCausal);
      await timer.operation(`${name}-fwd`, run, { flops });
    }
    if (library.attentionGrad) {
      const run = (): T[] => library.attentionGrad!(q, k, v, dy, isCausal);
      await timer.operation(`${name}-bwd`, run, { flops: 3 * flops });
    }
  }
}

/** Layer norm of 4096 rows of 512, forward and with all gradients. */
export async function layerNorm<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  const [rows, columns] = [4096, 512];
  const x = library.put(random(rows * columns, 15), [rows, columns]);
  const dy = library.put(random(rows * columns, 16), [rows, columns]);
  const scale = library.put(random(columns, 17), [columns]);
  const shift = library.put(random(columns, 18), [columns]);
  const name = `layernorm${rows}x${columns}`;
  const bytes = 8 * rows * columns; // x once and y once
  if (library.layerNorm) {
    const run = (): T => library.layerNorm!(x, scale, shift);
    await timer.operation(`${name}-fwd`, run, { bytes });
  }
  if (library.layerNormGrad) {
    const run = (): T[] => library.layerNormGrad!(x, scale, shift, dy);
    await timer.operation(`${name}-bwd`, run, { bytes: 2.5 * bytes });
  }
}

/** A step of Adam on 25 million parameters in eight tensors. */
export async function adam<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  if (!library.adam) return;
  const shape = [1000, 3125];
  const values = (seed: number): Values => ({
    data: random(product(shape), seed, 0.1),
    shape,
  });
  const seeds = [0, 1, 2, 3, 4, 5, 6, 7];
  const step = library.adam(
    seeds.map((seed) => values(20 + seed)),
    seeds.map((seed) => values(30 + seed)),
  );
  // reads the gradient, reads and writes the value and both means
  await timer.operation("adam25M", step, { bytes: 28 * 25e6 });
}
