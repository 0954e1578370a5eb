import { assert, assertEquals, assertThrows } from "@std/assert";
import { dispatch } from "../../../src/gpu/stream.ts";
import { windowBytes, windowed } from "../../../src/ops/launch/windows.ts";
import { zeros } from "../../../mod.ts";
import { largeTest, LIMIT } from "../_large.ts";

largeTest(
  "windowed() leaves tensors alone that fit into a binding",
  async () => {
    const x = zeros([LIMIT / 4]);
    assert(windowed([x])[0] === x);
    await Promise.resolve();
  },
);

largeTest(
  "windowed() counts the offset from where its window begins",
  async () => {
    const x = zeros([5000]);
    const part = x.slice(0, 1003, 1010); // bytes 4012 to 4040
    const [seen] = windowed([part]);
    assertEquals(seen!.layout, {
      shape: [7],
      strides: [1],
      offset: 1003 - 960,
    });
    const { window, bytes } = seen!.storage;
    assertEquals([window!.first, window!.end], [3840, 4096]);
    // the storage goes on after the window
    assertEquals(bytes, 20_000 - 3840);
    await Promise.resolve();
  },
);

largeTest("windowed() has one storage for one window", async () => {
  const x = zeros([5000]);
  const [a, b, c] = windowed([
    x.slice(0, 7, 9),
    x.slice(0, 8, 20),
    x.slice(0, 4000, 4001),
  ]);
  assert(a!.storage === b!.storage);
  assert(a!.storage !== c!.storage);
  assert(a!.storage.buffer === x.storage.buffer);
  await Promise.resolve();
});

Deno.test("windowBytes() counts what negative strides reach, and no elements", () => {
  const turned = { shape: [3, 100], strides: [100, -1], offset: 99 };
  assertEquals(windowBytes({ layout: turned, dtype: "float32" }), 1280);
  const empty = { shape: [0, 9], strides: [9, 1], offset: 70 };
  assertEquals(windowBytes({ layout: empty, dtype: "float32" }), 256);
});

largeTest("dispatch() refuses a plan that binds too much", async () => {
  const { storage } = zeros([5000]);
  const plan = {
    name: "too much",
    source: "@compute @workgroup_size(1) fn main() {}",
    header: "@group(0) @binding(0) var<storage, read> x: array<f32>;\n" +
      "@group(0) @binding(1) var<uniform> params: vec4u;\n",
    buffers: [storage],
    params: [0],
    groups: [1, 1, 1] as const,
    loops: 0,
  };
  assertThrows(
    () => dispatch(plan),
    RangeError,
    `Cannot run "too much": it binds 20480 bytes of one tensor, this adapter ` +
      `binds ${LIMIT} at most`,
  );
  await Promise.resolve();
});
