/**
 * Measured kernels: what is recorded, kept, read again and used.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";

import { conv2d } from "../../src/ops/conv/conv.ts";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { matmulCandidates, wholeCase } from "../../src/ops/matmul/choice.ts";
import { tune } from "../../src/ops/tune.ts";
import { forget, measured, winnersFile } from "../../src/ops/tuned.ts";
import { assertClose, made } from "./_gradients.ts";

const VARIABLES = ["KINDLING_HOME", "KINDLING_TUNE"] as const;

/** Runs `body` with a cache folder of its own, and without what it measured. */
async function apart(body: () => Promise<void>): Promise<void> {
  const before = VARIABLES.map((name) => Deno.env.get(name));
  const folder = await Deno.makeTempDir();
  Deno.env.set("KINDLING_HOME", folder);
  Deno.env.delete("KINDLING_TUNE");
  forget();
  try {
    await body();
  } finally {
    VARIABLES.forEach((name, i) => {
      const value = before[i];
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    });
    forget();
    await Deno.remove(folder, { recursive: true });
  }
}

const x = made([2, 3, 9, 10]);
const w = made([5, 3, 3, 3]);

Deno.test("tune() measures every kernel of a convolution once and keeps the fastest", async () => {
  await apart(async () => {
    const found = await tune(() => conv2d(x, w));
    assertEquals(found.length, 1);
    const [{ site, winner, times }] = found as [typeof found[number]];
    assertEquals(site.startsWith("conv cpu {"), true);
    assertEquals(Object.keys(times).sort(), [
      "columns",
      "plane",
      "units",
      "window",
    ]);
    assertEquals(times[winner], Math.min(...Object.values(times)));
    assertEquals(JSON.parse(await Deno.readTextFile(winnersFile())), {
      [site]: winner,
    });
    assertEquals(await tune(() => conv2d(x, w)), []);
  });
});

Deno.test("tune() changes no result, whichever kernel wins", async () => {
  await apart(async () => {
    const expected = await conv2d(x, w).data();
    const [found] = await tune(() => conv2d(x, w));
    for (const name of Object.keys(found!.times)) {
      measured().set(found!.site, name);
      // sums of 27 products of up to 4, in another order
      await assertClose(conv2d(x, w), expected, 1e-4);
    }
  });
});

Deno.test("tune() measures products, with more parts and with copies", async () => {
  await apart(async () => {
    const [a, b] = [made([600, 20]).transpose(0, 1), made([600, 24])];
    const expected = await matmul(a, b).data();
    const [found] = await tune(() => matmul(a, b));
    for (const name of Object.keys(found!.times)) {
      measured().set(found!.site, name);
      await assertClose(matmul(a, b), expected, 1e-2); // sums of 600 up to 4
    }
  });
});

Deno.test("KINDLING_TUNE=1 uses what an earlier process measured", async () => {
  await apart(async () => {
    const [found] = await tune(() => conv2d(x, w));
    const { site } = found!;
    const count = async () => {
      const sites = await tune(() => conv2d(x, w));
      return sites.length;
    };
    await Deno.writeTextFile(
      winnersFile(),
      JSON.stringify({ [site]: "window", other: 3 }),
    );
    forget();
    Deno.env.set("KINDLING_TUNE", "1");
    conv2d(x, w);
    assertEquals([...measured()], [[site, "window"]]);
    assertEquals(await count(), 0);
    // what is no longer there, or cannot be read, is measured anew
    forget();
    await Deno.writeTextFile(winnersFile(), "{");
    assertEquals(await count(), 1);
  });
});

Deno.test("tune() refuses to run twice at once", async () => {
  await apart(async () => {
    const outer = () => tune(() => conv2d(x, w));
    await assertRejects(
      () => tune(outer),
      Error,
      "Cannot tune while another call of tune is at work",
    );
  });
});

Deno.test("matmulCandidates() lists the chosen way first, and no way twice", () => {
  const matrix = { offset: 0, row: 1, col: 256, batch: 0 };
  const given = wholeCase({
    ...{ m: 256, n: 256, k: 4096, batches: 1 },
    ...{ a: matrix, b: { ...matrix, row: 256, col: 1 } },
  });
  assertEquals(Object.keys(matmulCandidates(given, "cpu")), [
    "registers of 16, 1 parts",
    "registers of 16, 1 parts, a copied",
    "registers of 16, 2 parts",
    "registers of 16, 2 parts, a copied",
    "registers of 16, 4 parts",
    "registers of 16, 4 parts, a copied",
  ]);
  const sides = Object.values(matmulCandidates(given, "gpu"))
    .map(({ rows }) => rows);
  assertEquals(new Set(sides), new Set([64, 128]));
});
