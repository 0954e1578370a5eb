import { assertEquals, assertStringIncludes } from "@std/assert";

import { adviceOn, compareCounts } from "./compare_counts.ts";
import {
  CASES,
  countInChild,
  type Counts,
  readTable,
  UPDATE,
} from "./count_steps.ts";

const table = await readTable();

for (const [model, mode] of CASES) {
  const name = `A training step of ${model}, ${mode}, asks no more of the GPU`;
  Deno.test(name, async () => {
    const counts = await countInChild(model, mode);
    const { grown, shrunk } = compareCounts(counts, table[model][mode]);
    if (shrunk.length > 0) {
      const text = `\n${model}, ${mode}, needs less: ${shrunk.join("; ")}. ` +
        `Keep it that way: ${UPDATE}\n`;
      Deno.stderr.writeSync(new TextEncoder().encode(text));
    }
    assertEquals(grown, [], adviceOn(model, mode));
  });
}

const counts: Counts = {
  dispatches: 30,
  submissions: 1,
  uploads: 0,
  readbacks: 0,
  pipelines: 12,
  latePipelines: 0,
  compiledKiB: 50,
  peakBytes: 4096,
  liveBytes: 1024,
};

Deno.test("adviceOn() names the step, the places to look at and the command", () => {
  const advice = adviceOn("lenet", "eager");
  assertStringIncludes(advice, "A training step of lenet, eager, asks more");
  assertStringIncludes(advice, "tests/bench/count_steps.ts says what each");
  assertStringIncludes(advice, UPDATE);
});

Deno.test("compareCounts() finds nothing in equal counts", () => {
  assertEquals(compareCounts(counts, counts), { grown: [], shrunk: [] });
});

Deno.test("compareCounts() says what grew and what shrank, and from where", () => {
  const kept = { ...counts, dispatches: 29, peakBytes: 8192 };
  assertEquals(compareCounts(counts, kept), {
    grown: ["dispatches 30, was 29"],
    shrunk: ["peakBytes 4096, was 8192"],
  });
});

Deno.test("compareCounts() takes a count that nobody kept for one that grew", () => {
  const { readbacks: _readbacks, ...kept } = counts;
  const reading = { ...counts, readbacks: 2 };
  assertEquals(compareCounts(reading, kept).grown, ["readbacks 2, was 0"]);
});
