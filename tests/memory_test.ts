import { assert } from "@std/assert";

import { trainPlainly } from "./soak.ts";

const MEBIBYTE = 2 ** 20;

Deno.test("a plain loop without scopes stays flat for 2,000 steps", async () => {
  const { early, late, losses } = await trainPlainly(2000);
  // A step forgets about 1 MiB; without collection this would be 2,000 MiB.
  assert(late < early + 64 * MEBIBYTE, `live grew from ${early} to ${late}`);
  assert(late < 256 * MEBIBYTE, `${late} bytes were live at one time`);
  assert(losses.at(-1)! < losses[0]! / 2, "the loop did not train");
});
