import { assertEquals } from "@std/assert";
import { listCategories } from "./conformance/case.ts";
import { formatResult } from "./conformance/report.ts";
import { runCategory } from "./conformance/run.ts";

const FOLDER = `${import.meta.dirname}/goldens`;

for (const name of await listCategories(FOLDER)) {
  Deno.test(`the goldens of ${name} equal PyTorch`, async () => {
    const results = await runCategory(FOLDER, name);
    const wrong = results.filter(({ outcome }) => outcome.kind !== "passed");
    assertEquals(wrong.map(formatResult), []);
  });
}
