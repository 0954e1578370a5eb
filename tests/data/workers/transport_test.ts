import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../src/data/collate/arena.ts";
import { packBatch, unpackBatch } from "../../../src/data/workers/transport.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { Image } from "../../../src/vision/image.ts";

/** There and back, as through `postMessage`. */
async function send(
  batch: unknown,
  arena: Arena,
): ReturnType<typeof unpackBatch> {
  const { packed, transfer } = packBatch(batch, arena);
  return await unpackBatch(structuredClone(packed, { transfer }));
}

Deno.test("packBatch() transfers lent memory, and the arena lends it again", async () => {
  const arena = new Arena();
  const x = arena.empty([2, 2], "float32");
  x.data.set([1, 2, 3, 4]);
  const { batch, buffers } = await send([x], arena);
  assertEquals(x.data.length, 0); // it has left
  assertEquals(batch, [new HostArray(Float32Array.of(1, 2, 3, 4), [2, 2])]);
  assertEquals(buffers.length, 1);
  arena.give(buffers[0]!);
  const again = arena.empty([3], "float32");
  assertEquals(again.data.buffer === buffers[0], true);
  assertEquals(arena.empty([3], "float32").data.buffer === buffers[0], false);
});

Deno.test("packBatch() copies what may be a dataset's own memory", async () => {
  const arena = new Arena();
  const all = Float32Array.of(1, 2, 3, 4);
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  const { batch } = await send([all.subarray(1, 3), { shared }], arena);
  assertEquals(all.length, 4);
  assertEquals(batch, [Float32Array.of(2, 3), { shared: Uint8Array.of(0, 0) }]);
});

Deno.test("packBatch() sends one array twice, and what is no array", async () => {
  const arena = new Arena();
  const x = arena.empty([1], "bool");
  x.data[0] = 1;
  const sent = { x, again: x, names: ["a"], n: 1.5, none: null, no: undefined };
  const { batch, buffers } = await send(sent, arena);
  const copy = new HostArray(Uint8Array.of(1), [1], "bool");
  assertEquals(batch, { ...sent, x: copy, again: copy });
  assertEquals(buffers.length, 1);
});

Deno.test("packBatch() sends what datasets may hold, by its class", async () => {
  const arena = new Arena();
  const image = new Image(Uint8Array.of(1, 2, 3), 1, 1);
  const sent = {
    image,
    when: new Date(0),
    sizes: new Map([["a", Int8Array.of(-1)]]),
    precise: [Float64Array.of(0.1)],
  };
  const { batch } = await send(sent, arena);
  assertEquals(batch, sent);
  assertEquals(Object(batch).image instanceof Image, true);
  assertEquals(image.data.length, 3); // it is a copy that has left
});

Deno.test("packBatch() names what can't be sent", () => {
  const arena = new Arena();
  const cases: [unknown, string][] = [
    [[{ f: () => 1 }], "Cannot send batch[0].f from a worker"],
    [{ who: new (class Someone {})() }, "batch.who from a worker"],
    [Symbol("s"), "Cannot send batch from a worker: a symbol can't be sent"],
  ];
  for (const [batch, message] of cases) {
    assertThrows(() => packBatch(batch, arena), TypeError, message);
  }
});

Deno.test("Arena keeps few buffers, and none that is far too large", () => {
  const arena = new Arena();
  const large = new ArrayBuffer(1000);
  arena.give(large);
  assertEquals(arena.empty([100], "uint8").data.buffer === large, false);
  assertEquals(arena.empty([600], "uint8").data.buffer === large, true);
  const first = new ArrayBuffer(8);
  arena.give(first);
  for (let i = 0; i < 16; i++) arena.give(new ArrayBuffer(8));
  for (let i = 0; i < 20; i++) {
    assertEquals(arena.empty([8], "uint8").data.buffer === first, false);
  }
});
