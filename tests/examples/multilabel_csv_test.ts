import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runExample, temporaryFolder } from "./_run.ts";

const EXAMPLE = "multilabel_csv.ts";

Deno.test("multilabel_csv.ts learns the colours of drawn pictures", async () => {
  using folder = temporaryFolder();
  const { code, out, err } = await runExample(EXAMPLE, folder.path, []);
  assertEquals(code, 0, err);
  assertStringIncludes(out, "Dataset Table\n    Number of datapoints: 96");
  const losses = [...out.matchAll(/loss ([\d.]+)/g)].map(([, x]) => Number(x));
  assertEquals(losses.length, 12);
  assert(losses.at(-1)! < 0.5 * losses[0]!, out);
  const test = out.trim().split("\n").at(-1)!;
  const shares = [...test.matchAll(/(\d+) %/g)].map(([, x]) => Number(x));
  assertEquals(shares.length, 3);
  // guessing is right about half of the time
  assert(shares.every((share) => share > 75), out);
});

Deno.test("multilabel_csv.ts names the line of a table that it can't read", async () => {
  using folder = temporaryFolder();
  const csv = "Filename,LabelRed\na.png,1\nb.png,maybe\n";
  await Deno.writeTextFile(`${folder.path}/tiny_labels.csv`, csv);
  const args = ["--data", folder.path];
  const { code, err } = await runExample(EXAMPLE, folder.path, args);
  assertEquals(code, 1);
  assertStringIncludes(
    err,
    'line 3, column "LabelRed": expected a number, got "maybe"',
  );
});
