/**
 * Bodies run where a kernel binds few bytes of a tensor, so that small tensors
 * are large.
 *
 * @module
 */

import { overrideBindingLimit } from "../../src/gpu/device.ts";

/** Bytes that a kernel binds in these tests: 1,024 floats. */
export const LIMIT = 4096;

/** A test whose kernels bind `LIMIT` bytes of a tensor at most. */
export function largeTest(name: string, body: () => Promise<void>): void {
  Deno.test(name, () => withLimit(body));
}

/** Runs `body` where kernels bind `LIMIT` bytes of a tensor at most. */
export async function withLimit(body: () => Promise<void>): Promise<void> {
  overrideBindingLimit(LIMIT);
  try {
    await body();
  } finally {
    overrideBindingLimit(undefined);
  }
}

/** What `body` gives where all of it fits into a binding. */
export async function whole<T>(body: () => T | Promise<T>): Promise<T> {
  overrideBindingLimit(undefined);
  try {
    return await body();
  } finally {
    overrideBindingLimit(LIMIT);
  }
}
