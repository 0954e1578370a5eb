/**
 * What tests of changes outside of compiled functions share.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- this is about what is written there

import { data, HostArray } from "../../mod.ts";

/** The warnings that come while `body` runs; none is shown. */
export async function warningsOf(body: () => unknown): Promise<string[]> {
  const { warn } = console;
  const lines: string[] = [];
  console.warn = (line: string) => lines.push(line);
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return lines;
}

/** Iterates over a loader. */
export async function oneEpoch(): Promise<void> {
  const samples = new data.TensorDataset(new HostArray(Float32Array.of(1, 2)));
  for await (const _ of new data.DataLoader(samples, { batchSize: 2 }).host());
}
