import { assert, assertEquals, assertThrows } from "@std/assert";

import { gpu } from "../../src/gpu/device.ts";
import {
  acquire,
  emptyPool,
  memory,
  release,
  sizeClass,
  takeAllocationFailure,
} from "../../src/gpu/pool.ts";
import { zeros } from "../../src/tensor/create.ts";

Deno.test("sizeClass() rounds up by an eighth at most", () => {
  for (const bytes of [1, 256, 257, 1000, 4096, 4097, 10 ** 6, 2 ** 27 + 4]) {
    const size = sizeClass(bytes);
    assert(size >= bytes && size % 256 === 0);
    assert(bytes <= 256 || size <= Math.max(bytes * 1.125, bytes + 256));
  }
});

Deno.test("acquire() hands out a buffer again after its release", () => {
  const first = acquire(5000);
  release(first);
  const second = acquire(5000);
  assertEquals(second.id, first.id);
  release(second);
});

Deno.test("memory() counts live, pooled and peak bytes", () => {
  emptyPool();
  const before = memory();
  const buffer = acquire(2 ** 20);
  assertEquals(memory().live, before.live + 2 ** 20);
  assert(memory().peak >= memory().live);
  release(buffer);
  assertEquals(memory().live, before.live);
  assertEquals(memory().pooled, 2 ** 20);
  emptyPool();
  assertEquals(memory().pooled, 0);
});

Deno.test("release() destroys no buffer that recorded commands use", async () => {
  // together more than the pool keeps
  const both = [zeros([2 ** 24]), zeros([2 ** 24]), zeros([2 ** 24])];
  const parts = both.map((x) => x.slice(0, 0, 2).add(1));
  for (const x of both) x.dispose();
  for (const y of parts) assertEquals(await y.toArray(), [1, 1]);
  for (const y of parts) y.dispose();
});

Deno.test("acquire() hands out no buffer that the GPU had no memory for", async () => {
  const size = 3 * 2 ** 20;
  emptyPool();
  const { device } = gpu();
  const pop = device.popErrorScope;
  const failing = () => Promise.resolve(new GPUOutOfMemoryError("none left"));
  device.popErrorScope = failing;
  const [early, late] = [acquire(size), acquire(size)];
  device.popErrorScope = pop;
  for (const _ of [early, late]) await device.popErrorScope();
  release(early);
  await Promise.resolve();
  release(late);
  assert(takeAllocationFailure()?.includes("none left"));
  const next = acquire(size);
  assert(next.id > late.id);
  assertEquals(memory().pooled, 0);
  release(next);
});

Deno.test("acquire() refuses more bytes than a buffer may have", () => {
  const { maxBuffer } = gpu();
  assertThrows(
    () => acquire(maxBuffer + 1),
    RangeError,
    `Cannot allocate ${maxBuffer + 1} bytes`,
  );
});
