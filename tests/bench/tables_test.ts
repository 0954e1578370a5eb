import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

import { GROUPS } from "../../bench/groups.ts";
import type { Line } from "../../bench/library.ts";
import { formatMachine, type Machine } from "../../bench/machine.ts";
import { README_ROWS } from "../../bench/readme_rows.ts";
import {
  BEGIN,
  END,
  formatTable,
  replaceTable,
} from "../../bench/readme_table.ts";
import { Results } from "../../bench/results.ts";
import {
  alignRows,
  formatNumber,
  formatRatio,
  formatResults,
  formatSpread,
} from "../../bench/tables.ts";

const machine: Machine = {
  cpu: "Some CPU",
  cores: 2,
  system: "Linux",
  adapter: "llvmpipe",
  driver: "Mesa 22.3.6",
  deno: "2.9.6",
  date: "2026-11-21",
};

function measured(): Results {
  const results = new Results();
  const add = (peer: "kindling" | "jax", line: Partial<Line>) =>
    results.add(peer, { peer, workload: "matmul1024", ...line });
  add("kindling", { median_ms: 60, gflops: 35.81 });
  add("jax", { median_ms: 270 });
  add("kindling", { median_ms: 57.2, gflops: 37.54 });
  add("jax", { median_ms: 286 });
  return results;
}

Deno.test("formatNumber() shows three significant digits and thousands", () => {
  assertEquals([1234.5, 57.23, 0.56789, 9].map(formatNumber), [
    ..."1,230 57.2 0.568 9".split(" "),
  ]);
});

Deno.test("formatSpread() and formatRatio() show one number where ends agree", () => {
  assertEquals(formatSpread({ least: 5, most: 5.001 }), "5");
  assertEquals(formatSpread({ least: 57.2, most: 60 }), "57.2–60");
  const ends = { least: 4.5, most: 5 };
  assertEquals(formatRatio({ best: 4.72, spread: ends }), "4.7x (4.5–5)");
  const same = { least: 17.9, most: 18.2 };
  assertEquals(formatRatio({ best: 18.1, spread: same }), "18x");
  const slow = { least: 0.05, most: 0.05 };
  assertEquals(formatRatio({ best: 0.05, spread: slow }), "0.05x");
});

Deno.test("alignRows() pads every column but the end of a line", () => {
  assertEquals(alignRows([["a", "bb"], ["ccc", "d"]]), "a    bb\nccc  d");
});

Deno.test("formatResults() shows figures, rates, ratios and who is absent", () => {
  const results = measured();
  results.add("jax", { peer: "jax", workload: "other", error: "no kernel" });
  results.add("torch", { peer: "torch", workload: "x", absent: "no python3" });
  const text = formatResults(results, ["jax", "torch"]);
  assertStringIncludes(
    text,
    "matmul1024  ms    57.2      57.2–60  37.5 GFLOP/s",
  );
  assertStringIncludes(text, "270               270–286  4.7x (4.5–5)");
  assertStringIncludes(text, "error: no kernel");
  assertStringIncludes(text, "torch is not here: no python3");
});

Deno.test("formatMachine() says what the figures depend on", () => {
  assertEquals(
    formatMachine(machine),
    "2026-11-21 on 2 cores of Some CPU (Linux), adapter llvmpipe, " +
      "Mesa 22.3.6, Deno 2.9.6",
  );
});

Deno.test("formatTable() has a row a workload and a column a library", () => {
  const results = measured();
  results.add("torch", { peer: "torch", workload: "x", absent: "no python3" });
  const table = formatTable(results, {
    machine,
    versus: ["jax", "torch"],
    rounds: 2,
    isEager: true,
  });
  assertStringIncludes(table, "| work | Kindling | jax-js | group |");
  const row = "| matmul 1024 | **57.2** (57.2–60), 37.5 GFLOP/s | " +
    "270: 4.7x (4.5–5) | `matmul` |";
  assertStringIncludes(table, row);
  assertStringIncludes(table, "| LeNet, training step, batch 64 | - | - |");
  assertStringIncludes(table, "Not on this machine: PyTorch, CPU.");
  assertStringIncludes(table, "Kindling's steps are eager");
  assertStringIncludes(table, "`resnetcifar` takes jax-js too long");
});

Deno.test("README_ROWS name groups that are, and no workload twice", () => {
  for (const { group } of README_ROWS) assertEquals(group in GROUPS, true);
  const workloads = README_ROWS.map(({ workload }) => workload);
  assertEquals(new Set(workloads).size, workloads.length);
});

Deno.test("replaceTable() changes what is between the markers and no more", () => {
  const text = `before\n\n${BEGIN}\n\nold\n\n${END}\n\nafter\n`;
  const want = `before\n\n${BEGIN}\n\nnew $& table\n\n${END}\n\nafter\n`;
  assertEquals(replaceTable(text, "new $& table"), want);
  assertEquals(replaceTable(want, "old"), text);
});

Deno.test("replaceTable() refuses a text without both markers, once and in order", () => {
  const texts = ["", BEGIN, `${END} ${BEGIN}`, `${BEGIN} ${END} ${END}`];
  texts.push(`${BEGIN} ${BEGIN} ${END}`);
  for (const text of texts) {
    assertThrows(() => replaceTable(text, ""), SyntaxError, "once each");
  }
});

Deno.test("README.md has the markers", async () => {
  const readme = new URL("../../README.md", import.meta.url);
  assertStringIncludes(replaceTable(await Deno.readTextFile(readme), "x"), "x");
});
