// deno-lint-ignore-file camelcase -- the fields of a line

import { assertEquals } from "@std/assert";

import type { LibraryName } from "../../bench/libraries.ts";
import type { Line } from "../../bench/library.ts";
import { figureOf, Results } from "../../bench/results.ts";

/** Results of one workload: figures of each library, round by round. */
function resultsOf(
  rounds: Partial<Record<LibraryName, readonly Partial<Line>[]>>,
  workload = "work",
): Results {
  const results = new Results();
  for (const [peer, lines] of Object.entries(rounds)) {
    for (const line of lines) {
      // keys are library names, by the type above
      results.add(peer as LibraryName, { peer, workload, ...line });
    }
  }
  return results;
}

Deno.test("figureOf() prefers the time, then the rate, then the memory", () => {
  const line = { peer: "", workload: "", samples_per_s: 5, rss_mb: 7 };
  assertEquals(figureOf({ ...line, median_ms: 2 }), ["ms", 2]);
  assertEquals(figureOf(line), ["samples/s", 5]);
  assertEquals(figureOf({ ...line, samples_per_s: undefined }), ["MB", 7]);
  assertEquals(figureOf({ peer: "", workload: "", ok: true }), undefined);
});

Deno.test("Results.figure() is the best round with the spread of all", () => {
  const results = resultsOf({
    kindling: [{ median_ms: 12 }, { median_ms: 10 }, { median_ms: 11 }],
    torch: [{ samples_per_s: 50 }, { samples_per_s: 70 }],
  });
  const ours = results.figure("work", "kindling")!;
  assertEquals([ours.unit, ours.best], ["ms", 10]);
  assertEquals(ours.spread, { least: 10, most: 12 });
  assertEquals(ours.line.median_ms, 10);
  assertEquals(results.figure("work", "torch")!.best, 70); // more is better
  assertEquals(results.figure("work", "jax"), undefined);
  assertEquals(results.figure("rest", "kindling"), undefined);
});

Deno.test("Results.ratio() is of the best, its spread of each round's pair", () => {
  const { best, spread } = resultsOf({
    kindling: [{ median_ms: 10 }, { median_ms: 20 }],
    jax: [{ median_ms: 50 }, { median_ms: 40 }],
  }).ratio("work", "jax")!;
  assertEquals(best, 4); // 40 / 10
  assertEquals(spread, { least: 2, most: 5 }); // 40 / 20 and 50 / 10
});

Deno.test("Results.ratio() is above 1 for more samples and for less memory", () => {
  const rates = resultsOf({
    kindling: [{ samples_per_s: 300 }],
    torch: [{ samples_per_s: 100 }],
  });
  assertEquals(rates.ratio("work", "torch")!.best, 3);
  const memory = resultsOf({
    kindling: [{ rss_mb: 250 }],
    tfjs: [{ rss_mb: 500 }],
  });
  assertEquals(memory.ratio("work", "tfjs")!.best, 2);
});

Deno.test("Results.ratio() needs both figures; an error is none", () => {
  const results = resultsOf({
    kindling: [{ median_ms: 10 }],
    tfjs: [{ error: "no kernel" }],
  });
  assertEquals(results.ratio("work", "tfjs"), undefined);
  assertEquals(results.lines("work", "tfjs")[0]!.error, "no kernel");
});

Deno.test("Results.add() keeps a library that is absent out of the workloads", () => {
  const results = resultsOf({
    kindling: [{ median_ms: 10 }],
    torch: [{ absent: "no python3" }],
  });
  assertEquals([...results.absent], [["torch", "no python3"]]);
  assertEquals(results.lines("work", "torch"), []);
});
