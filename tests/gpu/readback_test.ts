import { assert, assertEquals, assertRejects } from "@std/assert";

import type { Plan } from "../../src/gpu/plan.ts";
import { acquire, release } from "../../src/gpu/pool.ts";
import { IS_PROMPT, read, readCounts } from "../../src/gpu/readback.ts";
import { dispatch, upload } from "../../src/gpu/stream.ts";

/** Words 0, 1, 2 and so on. */
function counting(size: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: size }, (_, i) => i);
}

/** Reads until some staging buffers were mapped before. */
async function warmUp(): Promise<void> {
  const a = acquire(4);
  for (let i = 0; i < 10; i++) {
    await Promise.all([read(a, 0, 4), read(a, 0, 4)]);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  release(a);
}

Deno.test("read() gives the bytes of any part, from new and kept staging buffers", async () => {
  const words = 5 << 20; // 20 MiB: more than is kept
  const a = acquire(4 * words);
  upload(a, counting(words));
  const sizes = [0, 4, 100, 2 ** 14, 2 ** 14 + 4, 2 ** 16, 2 ** 16 + 4];
  sizes.push(2 ** 20 + 4, 2 ** 24, 2 ** 24 + 4);
  for (let round = 0; round < 3; round++) {
    const parts = await Promise.all(sizes.map((bytes) => read(a, 8, bytes)));
    parts.forEach((part, i) => {
      const found = new Uint32Array(part);
      assertEquals(4 * found.length, sizes[i]);
      assert(found.every((word, at) => word === at + 2));
    });
  }
  release(a);
});

Deno.test("read() gives the bytes of its moment, one read after the other", async () => {
  await warmUp();
  const a = acquire(4);
  for (let i = 0; i < 100; i++) {
    upload(a, Uint32Array.of(i));
    const early = read(a, 0, 4);
    upload(a, Uint32Array.of(1000 + i));
    const [first, second] = await Promise.all([early, read(a, 0, 4)]);
    assertEquals([...new Uint32Array(first), ...new Uint32Array(second)], [
      i,
      1000 + i,
    ]);
  }
  release(a);
});

Deno.test({
  name: "read() waits for no promise, if its staging buffer was mapped before",
  ignore: !IS_PROMPT, // a version of Deno in which it was not tried
  fn: async () => {
    await warmUp();
    const a = acquire(4);
    const before = readCounts();
    for (let i = 0; i < 50; i++) await read(a, 0, 4);
    const { maps, prompt } = readCounts();
    assertEquals(maps - before.maps, 50);
    assert(prompt - before.prompt > 25);
    release(a);
  },
});

Deno.test("read() throws what WebGPU said before it, each time, and works again", async () => {
  await warmUp();
  const a = acquire(4);
  for (let i = 0; i < 20; i++) {
    const name = `broken${i}`;
    const plan: Plan = {
      name,
      source: `fn ${name}( {`,
      buffers: [{ buffer: a }],
      params: [],
      groups: [1, 1, 1],
      loops: 0,
    };
    dispatch(plan);
    await assertRejects(() => read(a, 0, 4), Error, name);
    assertEquals((await read(a, 0, 4)).byteLength, 4);
  }
  release(a);
});

Deno.test("read() lets timers run in a loop that awaits reads", async () => {
  await warmUp();
  const a = acquire(4);
  let hasRun = false;
  setTimeout(() => void (hasRun = true));
  const start = performance.now();
  while (!hasRun && performance.now() - start < 2000) await read(a, 0, 4);
  assert(hasRun);
  release(a);
});
