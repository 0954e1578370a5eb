import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Dataset } from "../../../src/data/datasets/dataset.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import type { DataLoaderOptions } from "../../../src/data/loader/options.ts";
import {
  Backwards,
  type Fault,
  Faulty,
  Garbage,
  hidden,
  Hoarder,
  Init,
  Liar,
  Private,
  Shrinking,
} from "../fixtures.ts";

const SLOWEST_MS = 5000;

/** Iterates a loader to its error; says how many batches came before. */
async function fail<Batch>(
  dataset: Dataset<number>,
  options: DataLoaderOptions<number, Batch>,
): Promise<{ error: Error; batches: number }> {
  let batches = 0;
  const loader = new DataLoader(dataset, { numWorkers: 2, ...options });
  const start = performance.now();
  const error = await assertRejects(async () => {
    for await (const _ of loader.host()) batches++;
  }, Error);
  assertEquals(performance.now() - start < SLOWEST_MS, true);
  return { error, batches };
}

function at17(fault: Fault): Faulty {
  return new Faulty(fault, 17);
}

function assertMatch(text: string, pattern: RegExp): void {
  assertEquals(pattern.test(text), true, `"${text}" is not ${pattern}`);
}

Deno.test("a sample that throws in a worker is named, with worker, cause and stack", async () => {
  for (const fault of ["throw", "reject"] as const) {
    const { error, batches } = await fail(at17(fault), { batchSize: 5 });
    // those before the third are given out, whatever was prefetched
    assertEquals(batches, 3);
    assertMatch(
      error.message,
      /^Cannot load sample 17 \("file17.jpg"\) in DataLoader worker [01]: (JPEG data ends|no such luck)/,
    );
    const { cause } = error;
    if (!(cause instanceof Error)) throw new Error("no cause");
    assertEquals(cause.name, fault === "throw" ? "RangeError" : "SyntaxError");
    assertMatch(cause.stack ?? "", /fixtures\.ts:\d+/);
  }
});

Deno.test("a collate that throws in a worker names the samples", async () => {
  const { error, batches } = await fail(at17("private"), {
    batchSize: 4,
    collate: new Backwards(),
  });
  assertEquals(batches, 5);
  assertMatch(
    error.message,
    /^Cannot make a batch of samples 20, 21, 22, … \(4 of them\) in DataLoader worker [01]: 20 is not collated$/,
  );
});

Deno.test("a workerInit that throws ends the epoch at its start", async () => {
  const { error, batches } = await fail(at17("private"), {
    workerInit: new Init(true),
  });
  assertEquals(batches, 0);
  assertMatch(
    error.message,
    /^Cannot start DataLoader worker [01]: worker [01] has no licence$/,
  );
});

Deno.test("a module that a worker can't import ends the epoch at its start", async () => {
  class Lost extends Faulty {
    static override url = new URL("../no_such_module.ts", import.meta.url).href;
  }
  const { error } = await fail(new Lost("throw", 0), {});
  assertMatch(error.message, /^Cannot start DataLoader worker [01]: .*no_such/);
  const missing = await fail(hidden(), {});
  assertMatch(missing.error.message, /Hidden .*does not export it/);
});

Deno.test("a dataset with #private fields is told what to do", async () => {
  const { error } = await fail(new Private(), {});
  assertMatch(error.message, /private .*toWorker\(\)/);
});

Deno.test("a worker that exits ends the epoch at once", async () => {
  const { error } = await fail(at17("exit"), {});
  assertMatch(
    error.message,
    /^DataLoader worker [01] ended with exit code 3 while it loaded sample 17$/,
  );
});

Deno.test("a rejection that nobody awaits ends the epoch at once", async () => {
  const { error } = await fail(at17("stray"), {});
  assertMatch(
    error.message,
    /^Cannot load sample 17 in DataLoader worker [01]: nobody awaits this$/,
  );
});

Deno.test("a worker that hangs or sleeps ends the epoch after the timeout", async () => {
  for (const fault of ["hang", "sleep"] as const) {
    const start = performance.now();
    const { error } = await fail(at17(fault), { timeout: 0.3 });
    const seconds = (performance.now() - start) / 1000;
    assertMatch(
      error.message,
      /^DataLoader worker [01] made no progress for 0.3 s while it loaded sample 17; .*timeout$/,
    );
    assertEquals(seconds > 0.3 && seconds < 1.5, true, `${seconds} s`);
  }
});

Deno.test("a sample that collate refuses is named", async () => {
  const { error } = await fail(at17("nothing"), { batchSize: 2 });
  assertMatch(
    error.message,
    /^Cannot make a batch of samples 16, 17 in DataLoader worker [01]: Cannot collate sample 17: .* got undefined;/,
  );
});

Deno.test("a worker that fails after the loop is left harms nobody", async () => {
  for (const fault of ["throw", "exit", "stray"] as const) {
    const loader = new DataLoader(new Faulty(fault, 1), { numWorkers: 2 });
    for await (const _ of loader.host()) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      break;
    }
  }
});

Deno.test("an error of a sampler comes when its batch is due", async () => {
  const loader = new DataLoader(new Faulty("throw", -1), {
    numWorkers: 2,
    sampler: {
      *[Symbol.iterator]() {
        yield* [1, 2];
        throw new Error("no more indices");
      },
    },
  });
  const batches = loader.host();
  assertEquals((await batches.next()).done, false);
  assertEquals((await batches.next()).done, false);
  await assertRejects(() => batches.next(), Error, "no more indices");
});

Deno.test("a worker that posts garbage ends the epoch at once", async () => {
  const cases: [unknown, string][] = [
    [null, "got null"],
    ["garbage", "got string"],
    [[1, 2], "got Array"],
    [{ kind: "load", number: 17 }, "got Object"],
    [{ kind: "loaded", number: "17" }, "got Object"],
    [
      { kind: "loaded", number: 1e6 },
      "got batch 1000000, which main did not request",
    ],
    [{ kind: "loaded", number: 0 }, "got batch 0, which main did not request"],
    [{ kind: "ended", number: 0 }, "got batch 0, which main did not request"],
    [{ kind: "loaded", number: 17 }, ""],
    [{ kind: "failed", number: 17 }, ""],
  ];
  for (const [posted, why] of cases) {
    const { error } = await fail(new Garbage(posted), { numWorkers: 1 });
    assertMatch(
      error.message,
      /^DataLoader worker 0 posted an unknown message while it .*: .*; only the loader may use parentPort$/,
    );
    assertEquals(error.message.includes(why), true, error.message);
  }
});

Deno.test("a dataset with fewer samples than it says is told which is missing", async () => {
  for (const numWorkers of [0, 2]) {
    const { error, batches } = await fail(new Liar(6), { numWorkers });
    assertEquals(batches, 4);
    assertMatch(error.message, /Cannot collate sample 4: .* got undefined;/);
  }
  const { error } = await fail(new Shrinking(), {});
  assertMatch(
    error.message,
    /^Cannot load sample 4 in DataLoader worker 0: the dataset has samples 0 to 3$/,
  );
});

Deno.test("a dataset whose length is no number of samples is refused", () => {
  for (const length of [-1, 2.5, NaN, Infinity]) {
    for (const shuffle of [false, true]) {
      assertThrows(
        () => new DataLoader(new Liar(length), { shuffle }),
        RangeError,
        `Cannot use ${length} as the number of samples`,
      );
    }
  }
});

Deno.test("a sample that needs more memory than there is is named", async () => {
  for (const numWorkers of [0, 2]) {
    const { error, batches } = await fail(new Hoarder(), { numWorkers });
    assertEquals(batches <= 2, true);
    // on main it is an exception like others, a worker ends with it
    assertMatch(
      error.message,
      numWorkers === 0
        ? /^Cannot load sample 2: .*allocation/
        : /^DataLoader worker [01] died .* while it loaded sample 2: .*memory/,
    );
  }
});
