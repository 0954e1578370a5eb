import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

import { GROUPS } from "../../bench/groups.ts";
import { PEERS } from "../../bench/libraries.ts";
import { parseOptions, usage } from "../../bench/options.ts";
import { README_GROUPS } from "../../bench/readme_rows.ts";

Deno.test("parseOptions() runs every group once and alone unless told", () => {
  const options = parseOptions([]);
  assertEquals(options.groups.length, Object.keys(GROUPS).length);
  assertEquals(options.versus, []);
  assertEquals(options.rounds, 1);
  assertEquals(options.readme, undefined);
});

Deno.test("parseOptions() takes groups, libraries, rounds and seconds", () => {
  const words = "matmul --versus=jax,torch conv --rounds 5 --seconds 0.5";
  const options = parseOptions(words.split(" "));
  assertEquals(options.groups, ["matmul", "conv"]);
  assertEquals(options.versus, ["jax", "torch"]);
  assertEquals(options.rounds, 5);
  assertEquals(options.budgetMs, 500);
  assertEquals(options.isEager, false);
  assertEquals(parseOptions(["--eager"]).isEager, true);
  assertEquals(parseOptions(["--images", "here"]).images, "here");
});

Deno.test("parseOptions() takes three rounds of a comparison", () => {
  const options = parseOptions(["--versus", "all"]);
  assertEquals(options.versus, ["jax", "tfjs", "tfjs-wasm", "torch"]);
  assertEquals(options.rounds, 3);
});

Deno.test("parseOptions() runs what the README's table needs, with everybody", () => {
  const options = parseOptions(["--table"]);
  assertEquals(options.groups, README_GROUPS);
  assertEquals(options.versus.length, Object.keys(PEERS).length);
  assertStringIncludes(options.readme!, "README.md");
  assertEquals(parseOptions(["--readme", "copy.md"]).readme, "copy.md");
});

Deno.test("parseOptions() names what it does not know and what it knows", () => {
  const refuse = (words: string, kind: ErrorConstructor, message: string) =>
    assertThrows(() => parseOptions(words.split(" ")), kind, message);
  refuse(
    "matmull",
    RangeError,
    'Cannot run "matmull": expected verify, matmul',
  );
  refuse("--versus numpy", RangeError, '"numpy": expected jax, tfjs');
  refuse("--rounds 1.5", RangeError, '"1.5" for --rounds: expected a positive');
  refuse("--rounds 0", RangeError, "expected a positive integer");
  refuse("--seconds -1", TypeError, "--seconds"); // ambiguous, says parseArgs
  refuse("--seconds never", RangeError, "expected a positive number");
  refuse("--round 3", TypeError, "--round");
});

Deno.test("usage() names every group and every library", () => {
  for (const name of [...Object.keys(GROUPS), ...Object.keys(PEERS)]) {
    assertStringIncludes(usage(), `\n  ${name} `);
  }
});
