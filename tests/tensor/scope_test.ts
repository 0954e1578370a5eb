import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

import { memory } from "../../src/gpu/pool.ts";
import { scope, unscoped } from "../../src/tensor/scope.ts";
import { full, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const MEBIBYTE = 2 ** 20;

Deno.test("scope() frees what was made inside and not returned", () => {
  const before = memory().live;
  const { kept } = scope(() => {
    const x = zeros([256, 1024]);
    zeros([256, 1024]);
    return { kept: x };
  });
  assertEquals(memory().live, before + MEBIBYTE);
  kept.dispose();
  assertEquals(memory().live, before);
});

Deno.test("scope() hands what it returns to the scope around it", () => {
  const before = memory().live;
  let inner: Tensor | undefined;
  scope(() => {
    inner = scope(() => zeros([256, 1024]));
    assertEquals(memory().live, before + MEBIBYTE);
  });
  assert(inner?.isDisposed);
  assertEquals(memory().live, before);
});

Deno.test("keep() takes a tensor out of every scope", () => {
  const kept = scope(() => scope(() => ({ x: zeros([2]).keep() })));
  assert(!kept.x.isDisposed);
  kept.x.dispose();
});

Deno.test("using a scope frees at the end of the block, also when it throws", () => {
  const before = memory().live;
  assertThrows(
    () => {
      using _ = scope();
      zeros([256, 1024]);
      throw new Error("stop");
    },
    Error,
    "stop",
  );
  assertEquals(memory().live, before);
});

Deno.test("scope() of an async body stays open until it settles", async () => {
  const before = memory().live;
  const sum = await scope(async () => {
    const x = full([256, 1024], 2);
    await x.item().catch(() => {}); // not one element: refused
    return await x.sum().item();
  });
  assertEquals(sum, 2 * 256 * 1024);
  assertEquals(memory().live, before);
  await assertRejects(
    () => scope(() => Promise.reject(new Error("late"))),
    Error,
    "late",
  );
});

Deno.test("unscoped() makes tensors that no scope frees", () => {
  const x = scope(() => {
    const made = unscoped(() => zeros([2]));
    return () => made;
  })();
  assert(!x.isDisposed);
  x.dispose();
});

Deno.test("a disposed tensor names its shape and origin", () => {
  const x = tensor([[1, 2]]).mul(2);
  x.dispose();
  x.dispose(); // twice is fine
  assertThrows(
    () => x.add(1),
    ReferenceError,
    'float32 [1, 2] made by "mul" was disposed',
  );
});

Deno.test("a view keeps the buffer when its base is disposed", async () => {
  const base = tensor([[1, 2], [3, 4]]);
  const row = base.select(0, 1);
  base.dispose();
  assertEquals(await row.toArray(), [3, 4]);
  row.dispose();
});

Deno.test("scope() of async bodies may close in any order", async () => {
  const before = memory().live;
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const a = scope(() => first.promise);
  const b = scope(async () => {
    await second.promise;
    return zeros([256, 1024]);
  });
  first.resolve();
  await a;
  second.resolve();
  using yielded = await b;
  using later = zeros([256, 1024]); // belongs to no scope
  assert(!yielded.isDisposed && !later.isDisposed);
  using _outer = scope();
  zeros([256, 1024]);
  assertEquals(memory().live, before + 3 * MEBIBYTE);
});
