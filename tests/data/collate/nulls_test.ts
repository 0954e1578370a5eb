import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { BatchContext } from "../../../src/data/collate/batch_context.ts";
import type { Collated } from "../../../src/data/collate/batch.ts";
import { collate } from "../../../src/data/collate/collate.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { replaceBroken, skipBroken } from "../../../src/data/collate/nulls.ts";
import { Padded } from "../../../src/data/collate/padded.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { Holes, PairHoles, Sentences, Twice } from "../fixtures.ts";

function array(values: number[]): HostArray {
  return new HostArray(Float32Array.from(values));
}

type Pairs = Collated<[number, HostArray]>;

/** All batches of an epoch. */
async function listed<Batch>(
  loader: DataLoader<[number, HostArray] | null, Batch>,
): Promise<Batch[]> {
  return await Array.fromAsync(loader.host());
}

function indicesOf(batches: readonly Pairs[]): number[][] {
  return batches.map(([x]) => [...x.data]);
}

Deno.test("collate.skipNulls() leaves nulls out, and batches of nothing else", async () => {
  for (const numWorkers of [0, 2]) {
    const options = { numWorkers, seed: 1 };
    const pairs = new DataLoader(new Holes(8), {
      ...options,
      batchSize: 4,
      collate: collate.skipNulls(),
    });
    assertEquals(indicesOf(await listed(pairs)), [[1, 2], [4, 5, 7]]);
    const singles = new DataLoader(new Holes(8), {
      ...options,
      collate: collate.skipNulls(),
    });
    assertEquals(
      indicesOf(await listed(singles)),
      [[1], [2], [4], [5], [7]],
    );
    const [first] = await singles.first();
    assertEquals(await first.item(), 1);
  }
});

Deno.test("collate.skipNulls() counts batches that it leaves out for resume()", async () => {
  const make = () =>
    new DataLoader(new Holes(8), { collate: collate.skipNulls(), seed: 1 });
  const before = make();
  for await (const [x] of before.host()) if (x.data[0] === 4) break;
  assertEquals(before.state().batches, 5);
  const after = make();
  after.resume(before.state());
  assertEquals(indicesOf(await listed(after)), [[5], [7]]);
});

Deno.test("collate.replaceNulls() draws the same others with any workers", async () => {
  const run = async (numWorkers: number) =>
    await listed(
      new DataLoader(new Holes(20), {
        batchSize: 4,
        seed: 5,
        numWorkers,
        collate: collate.replaceNulls(),
      }),
    );
  const expected = await run(0);
  const indices = indicesOf(expected).flat();
  assertEquals(indices.length, 20);
  assertEquals(indices.every((index) => index % 3 !== 0), true);
  assertEquals(
    indices.filter((_, i) => i % 3 !== 0),
    [
      ...Array(20).keys(),
    ].filter((i) => i % 3 !== 0),
  );
  assertEquals(await run(1), expected);
  assertEquals(await run(3), expected);
});

Deno.test("skipBroken() and replaceBroken() take samples that throw", async () => {
  for (const numWorkers of [0, 2]) {
    const options = { batchSize: 11, numWorkers, seed: 1 };
    const skipped = new DataLoader(new Holes(11, true), {
      ...options,
      collate: skipBroken(),
    });
    assertEquals(indicesOf(await listed(skipped)), [[1, 2, 4, 7, 8]]);
    const replaced = new DataLoader(new Holes(11, true), {
      ...options,
      collate: replaceBroken(),
    });
    const [indices] = indicesOf(await listed(replaced));
    assertEquals(indices?.length, 11);
    assertEquals(indices?.every((i) => i % 3 !== 0 && i % 5 !== 0), true);
    const strict = new DataLoader(new Holes(11, true), {
      ...options,
      collate: collate.skipNulls(),
    });
    await assertRejects(() => listed(strict), Error, "no file 5");
  }
});

Deno.test("skipBroken() and replaceBroken() hide no mistake of the program", async () => {
  const transform = () => {
    throw new TypeError("expected floats");
  };
  for (const broken of [skipBroken(), replaceBroken()]) {
    const wrong = new DataLoader(new Holes(4), { transform, collate: broken });
    const error = await assertRejects(
      () => Array.fromAsync(wrong.host()),
      Error,
      "expected floats",
    );
    assertEquals(error.cause instanceof TypeError, true);
    const absent = new DataLoader(new Holes(11, true), {
      sampler: [1, 5, 99],
      batchSize: 3,
      collate: broken,
    });
    await assertRejects(
      () => Array.fromAsync(absent.host()),
      Error,
      "Cannot load sample 99: the dataset has samples 0 to 10",
    );
  }
  await assertRejects(
    () => replaceBroken<number>().call([null]),
    TypeError,
    "no loader asked",
  );
});

Deno.test("replaceBroken() draws none whose transform throws", async () => {
  const loader = new DataLoader(new Holes(11, true), {
    sampler: [5],
    transform: {
      call: (index: number) => {
        throw new TypeError(`${index} is no image`);
      },
    },
    collate: replaceBroken(),
  });
  await assertRejects(
    () => Array.fromAsync(loader.host()),
    Error,
    "is no image",
  );
});

Deno.test("collate.replaceNulls() gives up where there is nothing to draw", async () => {
  const loader = new DataLoader(new Holes(1), {
    collate: collate.replaceNulls(),
  });
  await assertRejects(
    () => listed(loader),
    Error,
    "Cannot replace sample 0: 100 random replacements are null or broken too",
  );
  await assertRejects(
    () => collate.replaceNulls<number>().call([null]),
    TypeError,
    "no loader asked",
  );
});

Deno.test("collate.skipNulls() keeps what its inner collate is told", () => {
  const skip = collate.skipNulls<number, string>(
    (samples: number[], { indices }: BatchContext) =>
      `${samples} at ${indices}`,
  );
  assertEquals(skip.call([7, null, 8, undefined]), "7,8 at 0,2");
  assertEquals(skip.call([null]), undefined);
  assertThrows(
    () => Reflect.apply(collate.skipNulls, undefined, [[1, null]]),
    TypeError,
    "for a loader call the factory: collate.skipNulls()",
  );
});

Deno.test("collate.padded() pads to the longest and tells the lengths", async () => {
  for (const numWorkers of [0, 2]) {
    const loader = new DataLoader(new Sentences(), {
      batchSize: 3,
      numWorkers,
      collate: collate.padded({ paddingValue: -1 }),
    });
    const [first, second] = await Array.fromAsync(loader.host());
    assertEquals(first, {
      words: {
        values: new HostArray(
          Int32Array.of(0, -1, -1, 1, 1, -1, 2, 2, 2),
          [3, 3],
        ),
        lengths: new HostArray(Int32Array.of(1, 2, 3)),
      },
      label: new HostArray(Int32Array.of(0, 1, 2)),
    });
    assertEquals(second?.words.values.shape, [1, 4]);
  }
});

Deno.test("collate.padded() pads rows, and arrays of no rows", () => {
  const rows = (n: number) => new HostArray(new Float32Array(2 * n), [n, 2]);
  const pad = new Padded<HostArray>({ paddingValue: 1 });
  const { values, lengths } = pad.call([rows(0), rows(2)]);
  assertEquals(
    values,
    new HostArray(Float32Array.of(1, 1, 1, 1, 0, 0, 0, 0), [2, 2, 2]),
  );
  assertEquals([...lengths.data], [0, 2]);
  assertEquals(pad.call([rows(0)]).values.shape, [1, 0, 2]);
});

Deno.test("collate.padded() names the sample that differs in more", () => {
  const pad = collate.padded<HostArray>();
  const array = (shape: number[], n = 2) =>
    new HostArray(new Float32Array(n), shape);
  assertThrows(
    () => pad.call([array([2]), array([1, 2])]),
    TypeError,
    "Cannot pad sample 1: float32 [1, 2] and float32 [2] of sample 0 may differ",
  );
  assertThrows(
    () => pad.call([array([2]), new HostArray(Int32Array.of(1))]),
    TypeError,
    "int32 [1] and float32 [2]",
  );
  assertThrows(() => pad.call([array([], 1)]), TypeError, "has no length");
  assertThrows(() => pad.call([]), RangeError, "without samples");
});

Deno.test("collate.padded() refuses objects of other keys, in both orders", () => {
  const short = { a: array([1]) };
  const long = { a: array([1, 2]), b: array([3]) };
  const padded = collate.padded<Record<string, HostArray>>();
  assertThrows(
    () => padded.call([short, long]),
    TypeError,
    'sample 1: it has "b", which sample 0 has not',
  );
  assertThrows(
    () => padded.call([long, short]),
    TypeError,
    'sample 1: it has no "b", which sample 0 has',
  );
});

Deno.test("collate.padded() refuses a paddingValue that its arrays don't hold", () => {
  const cases: [HostArray, number[], number[]][] = [
    [new HostArray(Uint8Array.of(1)), [0, 255], [-1, 256, 0.5, NaN]],
    [new HostArray(Int32Array.of(1)), [-1, 2 ** 31 - 1], [2 ** 31, 0.5]],
    [new HostArray(Uint8Array.of(1), [1], "bool"), [0, 1], [2]],
    [new HostArray(Float32Array.of(1)), [0.1, NaN, -Infinity], [1e39]],
    [new HostArray(Float16Array.of(1)), [65504, Infinity], [65520]],
  ];
  for (const [x, held, others] of cases) {
    for (const paddingValue of held) {
      collate.padded({ paddingValue }).call([x]);
    }
    for (const paddingValue of others) {
      assertThrows(
        () => collate.padded({ paddingValue }).call([x]),
        RangeError,
        `Cannot pad arrays of ${x.dtype} with paddingValue ${paddingValue}`,
      );
    }
  }
});

Deno.test("collate.skipNulls() leaves out samples that are null in every place", async () => {
  const pair = (x: number) => [x, array([x])] as [number, HostArray] | null;
  const nothing = [null, null] as unknown as null; // as tutorials write it
  const samples = [nothing, pair(1), { a: null } as unknown as null, pair(2)];
  const skip = collate.skipNulls<[number, HostArray]>();
  assertEquals(await skip.call(samples), [
    new HostArray(Int32Array.of(1, 2)),
    new HostArray(Float32Array.of(1, 2), [2, 1]),
  ]);
  assertEquals(
    await skip.call([nothing, [undefined] as unknown as null]),
    undefined,
  );
  assertThrows(
    () => skip.call([pair(1), [null, 3] as unknown as null]),
    TypeError,
    "sample 1 at [0]: expected arrays",
  );
  assertEquals(collate.skipNulls().call([[]]), []); // a list of nothing is there
});

for (const numWorkers of [0, 2]) {
  Deno.test(`collate.skipNulls() and replaceNulls() know pairs of nulls, with ${numWorkers} workers`, async () => {
    const options = { batchSize: 4, numWorkers, seed: 1 };
    const dataset = new PairHoles(8);
    const transform = new Twice(); // is not called with null
    const pairs = new DataLoader(dataset, {
      ...options,
      transform,
      collate: collate.skipNulls(),
    });
    assertEquals(indicesOf(await listed(pairs)), [[2, 4], [8, 10, 14]]);
    const whole = new DataLoader(dataset, {
      ...options,
      collate: collate.replaceNulls(),
    });
    for (const indices of indicesOf(await listed(whole))) {
      assertEquals(indices.length, 4);
      assertEquals(indices.filter((index) => index % 3 === 0), []);
    }
  });
}
