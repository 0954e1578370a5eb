import { assert, assertEquals, assertThrows } from "@std/assert";
import { BatchSampler } from "../../../src/data/samplers/batch.ts";
import { DistributedSampler } from "../../../src/data/samplers/distributed.ts";
import {
  RandomSampler,
  SubsetRandomSampler,
} from "../../../src/data/samplers/random.ts";
import {
  describeSampler,
  type Sampler,
  SequentialSampler,
} from "../../../src/data/samplers/sampler.ts";
import { WeightedRandomSampler } from "../../../src/data/samplers/weighted_random.ts";
import { Generator, manualSeed } from "../../../src/tensor/generator.ts";

function sorted(indices: Iterable<number>): number[] {
  return [...indices].sort((a, b) => a - b);
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i);

Deno.test("SequentialSampler gives every index in order, each time", () => {
  const sampler = new SequentialSampler({ length: 3 });
  assertEquals([[...sampler], [...sampler]], [[0, 1, 2], [0, 1, 2]]);
  assertEquals([...new SequentialSampler(0)], []);
});

Deno.test("RandomSampler gives every index once, in another order each epoch", () => {
  const sampler = new RandomSampler(100, { seed: 3 });
  const [first, second] = [[...sampler], [...sampler]];
  assertEquals(sorted(first), count(100));
  assertEquals(sorted(second), count(100));
  assertEquals(first.join() === second.join(), false);
});

Deno.test("RandomSampler draws the epoch it is set to", () => {
  const sampler = new RandomSampler(50, { seed: 3 });
  const epochs = [[...sampler], [...sampler], [...sampler]];
  sampler.epoch = 1;
  assertEquals([...sampler], epochs[1]);
});

Deno.test("RandomSampler draws shuffle after shuffle beyond the dataset", () => {
  const sampler = new RandomSampler(4, { seed: 1, numSamples: 10 });
  const indices = [...sampler];
  assertEquals(sampler.length, 10);
  assertEquals(sorted(indices.slice(0, 4)), count(4));
  assertEquals(sorted(indices.slice(4, 8)), count(4));
  assertEquals(new Set(indices.slice(8)).size, 2);
  assertEquals(sampler.isDistinct, false);
});

Deno.test("RandomSampler with replacement draws from all indices each time", () => {
  const sampler = new RandomSampler(5, {
    seed: 1,
    numSamples: 1000,
    replacement: true,
  });
  const indices = [...sampler];
  assertEquals(sorted(new Set(indices)), count(5));
  assertEquals(sorted(indices.slice(0, 5)).join() === "0,1,2,3,4", false);
});

Deno.test("RandomSampler takes its seed from options, generator or default", () => {
  const byGenerator = () =>
    [...new RandomSampler(20, { generator: new Generator(9) })].join();
  assertEquals(byGenerator(), byGenerator());
  const byDefault = () => {
    manualSeed(4);
    return [...new RandomSampler(20)].join();
  };
  assertEquals(byDefault(), byDefault());
});

Deno.test("samplers refuse what they can't draw from", () => {
  assertThrows(() => new RandomSampler(0), RangeError, "positive integer");
  for (const numSamples of [0, -1, 2.5]) {
    assertThrows(
      () => new RandomSampler(3, { numSamples }),
      RangeError,
      `Cannot use ${numSamples} as the number of samples to draw`,
    );
  }
  assertThrows(() => new SequentialSampler(-1), RangeError, "-1");
  assertThrows(() => new RandomSampler(3, { seed: 0.5 }), RangeError, "seed");
});

Deno.test("SubsetRandomSampler orders the given indices anew each epoch", () => {
  const indices = [16, 10, 25, 19, 12, 14];
  const sampler = new SubsetRandomSampler(indices, { seed: 0 });
  const [first, second] = [[...sampler], [...sampler]];
  assertEquals(sorted(first), sorted(indices));
  assertEquals(first.join() === second.join(), false);
  assertEquals(indices, [16, 10, 25, 19, 12, 14]);
});

Deno.test("WeightedRandomSampler draws in proportion to weights", () => {
  const sampler = new WeightedRandomSampler([0, 1, 0, 3, 0], {
    numSamples: 4000,
    seed: 2,
  });
  const counts = new Array(5).fill(0);
  for (const index of sampler) counts[index]++;
  assertEquals([counts[0], counts[2], counts[4]], [0, 0, 0]);
  // share 1/4 with a deviation of sqrt(3/16/4000) = 0.007: five of them
  assertEquals(Math.abs(counts[1] / 4000 - 0.25) < 0.035, true);
});

Deno.test("WeightedRandomSampler without replacement prefers heavy weights", () => {
  const first = [0, 0, 0];
  const sampler = new WeightedRandomSampler([1, 0, 2], {
    numSamples: 2,
    replacement: false,
    seed: 5,
  });
  for (let epoch = 0; epoch < 3000; epoch++) {
    const indices = [...sampler];
    assertEquals(sorted(indices), [0, 2]);
    first[indices[0]!]!++;
  }
  // share 1/3 with a deviation of sqrt(2/9/3000) = 0.0086: five of them
  assertEquals(Math.abs(first[0]! / 3000 - 1 / 3) < 0.043, true);
});

Deno.test("WeightedRandomSampler draws the same whatever the weights' scale", () => {
  const draw = (scale: number, replacement: boolean) => {
    const weights = [1, 0, 2, 3, 0, 1].map((weight) => weight * scale);
    const numSamples = replacement ? 500 : 4;
    const options = { numSamples, replacement, seed: 3 };
    return [...new WeightedRandomSampler(weights, options)];
  };
  for (const replacement of [true, false]) {
    const drawn = draw(1, replacement);
    // three times the first is the largest number's order, the second subnormal
    for (const scale of [2 ** 1021, 2 ** -1074, 1e307, 1e-310]) {
      assertEquals(draw(scale, replacement), drawn);
    }
  }
});

Deno.test("WeightedRandomSampler keeps ratios where the sum of weights is infinite", () => {
  const weights = [1e308, 1e308, 5e307, 1e308, 5e307];
  const drawn = new WeightedRandomSampler(weights, {
    numSamples: 8000,
    seed: 0,
  });
  const counts = [0, 0, 0, 0, 0];
  for (const index of drawn) counts[index]!++;
  // n p with p = 1/4 and 1/8, and four deviations of sqrt(n p (1 - p))
  for (const [index, p] of [0.25, 0.25, 0.125, 0.25, 0.125].entries()) {
    const deviation = Math.sqrt(8000 * p * (1 - p));
    assert(Math.abs(counts[index]! - 8000 * p) < 4 * deviation, `${counts}`);
  }
});

Deno.test("WeightedRandomSampler without replacement takes weights of all sizes, and none of 0", () => {
  const weights = [0, 5e-324, 1e308, 0, 1, Number.MAX_VALUE];
  for (let seed = 0; seed < 50; seed++) {
    const options = { numSamples: 4, replacement: false, seed };
    const drawn = [...new WeightedRandomSampler(weights, options)];
    assertEquals(drawn.toSorted(), [1, 2, 4, 5]);
    assertEquals(drawn.slice(2), [4, 1]); // 1e308 and more to one
  }
});

Deno.test("WeightedRandomSampler says which weight is wrong", () => {
  const draw = (weights: number[], numSamples = 1, replacement = true) => () =>
    new WeightedRandomSampler(weights, { numSamples, replacement });
  assertThrows(draw([1, -1]), RangeError, "weight -1 of index 1");
  assertThrows(draw([NaN]), RangeError, "weight NaN of index 0");
  assertThrows(draw([1, Infinity]), RangeError, "weight Infinity of index 1");
  for (const wrong of ["1", null, true, 1n]) {
    const weights = [1, wrong as never]; // an untyped program's mistake
    assertThrows(draw(weights), TypeError, "of index 1: weights are finite");
  }
  assertThrows(draw([0, 0]), RangeError, "0 have a weight above 0");
  assertThrows(draw([1, 0, 1], 3, false), RangeError, "2 have a weight");
  assertThrows(draw([1], 0), RangeError, "positive integer");
});

Deno.test("DistributedSampler gives every process as many, padded or cut", () => {
  const shares = (n: number, numReplicas: number, dropLast: boolean) =>
    count(numReplicas).map((rank) => [
      ...new DistributedSampler(n, {
        numReplicas,
        rank,
        shuffle: false,
        dropLast,
      }),
    ]);
  assertEquals(shares(10, 3, false), [
    [0, 3, 6, 9],
    [1, 4, 7, 0],
    [2, 5, 8, 1],
  ]);
  assertEquals(shares(10, 3, true), [[0, 3, 6], [1, 4, 7], [2, 5, 8]]);
  assertEquals(shares(1, 3, false), [[0], [0], [0]]);
  assertEquals(shares(2, 3, true), [[], [], []]);
});

Deno.test("DistributedSampler shares one order out among the processes", () => {
  const samplers = count(3).map((rank) =>
    new DistributedSampler(9, { numReplicas: 3, rank })
  );
  const epoch = () => samplers.flatMap((sampler) => [...sampler]);
  const [first, second] = [epoch(), epoch()];
  assertEquals(sorted(first), count(9));
  assertEquals(first.join() === second.join(), false);
  for (const sampler of samplers) sampler.setEpoch(0);
  assertEquals(epoch(), first);
  assertThrows(
    () => new DistributedSampler(9, { numReplicas: 3, rank: 3 }),
    RangeError,
    "ranks 0 to 2",
  );
});

Deno.test("BatchSampler cuts the indices of any iterable into batches", () => {
  const batches = (sampler: Sampler, size: number, dropLast = false) => {
    const made = new BatchSampler(sampler, size, { dropLast });
    assertEquals(made.length, [...made].length);
    return [...made];
  };
  assertEquals(batches([6, 3, 2, 0, 7], 2), [[6, 3], [2, 0], [7]]);
  assertEquals(batches([6, 3, 2, 0, 7], 2, true), [[6, 3], [2, 0]]);
  assertEquals(batches(new SequentialSampler(2), 5), [[0, 1]]);
  assertEquals(batches(new SequentialSampler(2), 5, true), []);
  assertEquals(batches(new SequentialSampler(4), 2, true), [[0, 1], [2, 3]]);
  assertEquals(batches([], 3), []);
  for (const size of [0, -1, 2.5]) {
    assertThrows(
      () => new BatchSampler([0], size),
      RangeError,
      `Cannot use ${size} as a batch size: expected a positive integer`,
    );
  }
});

Deno.test("BatchSampler closes the sampler whose batches are left", () => {
  let closed = 0;
  const sampler = {
    *[Symbol.iterator]() {
      try {
        yield* [4, 3, 2];
      } finally {
        closed++;
      }
    },
  };
  for (const batch of new BatchSampler(sampler, 2)) {
    assertEquals(batch, [4, 3]);
    break;
  }
  assertEquals(closed, 1);
  assertEquals([...new BatchSampler(sampler, 2)], [[4, 3], [2]]);
  assertEquals(closed, 2);
});

Deno.test("BatchSampler without a length says so", () => {
  const endless = {
    *[Symbol.iterator]() {
      yield 1;
    },
  };
  const batches = new BatchSampler(endless, 2);
  assertEquals([...batches], [[1]]);
  assertThrows(() => batches.length, TypeError, "no length");
});

Deno.test("describeSampler() tells what an order depends on", () => {
  assertEquals(describeSampler([1, 2]), "Array(2)");
  assertEquals(
    describeSampler(new BatchSampler(new RandomSampler(9, { seed: 4 }), 2)),
    "BatchSampler(RandomSampler(9, seed 4), 2)",
  );
});
