/**
 * Tests of `persistentWorkers`: workers that are kept see what main sees.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import {
  samePortable,
  toPortable,
} from "../../../src/data/workers/portable.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { Init, Plus, Telling, TellingStream } from "../fixtures.ts";

Deno.test("DataLoader gives persistent workers the fields that a dataset has now", async () => {
  const dataset = new Telling();
  const init = new Init();
  await using loader = new DataLoader(dataset, {
    numWorkers: 1,
    persistentWorkers: true,
    workerInit: init,
  });
  const epoch = async () => {
    const [told] = await Array.fromAsync(loader.host());
    return JSON.parse(String(told));
  };
  let starts = 1;
  assertEquals(await epoch(), dataset.tell());
  // equal ones in other memory are the same
  dataset.files = [...dataset.files];
  dataset.bytes = dataset.bytes.slice();
  dataset.nested = { ...dataset.nested };
  // shared memory is: no worker needs another
  dataset.shared[0] = 7;
  assertEquals(await epoch(), dataset.tell());
  assertEquals(init.started[0], starts);

  const changes: (() => void)[] = [
    () => dataset.epoch++,
    () => dataset.files.push("c"),
    () => dataset.files[0] = "z",
    () => dataset.bytes[2] = 9,
    () => dataset.bytes = dataset.bytes.subarray(1),
    () => dataset.array.data[1] = 5,
    () => dataset.nested.list[0]!.x = 7,
    () => dataset.names.set("a", 2),
    () => dataset.names.set("b", 2),
    () => dataset.kinds.add("k"),
    () => dataset.when.setTime(5),
    () => new Uint8Array(dataset.buffer)[0] = 3,
    () => dataset.shared = new Int32Array(new SharedArrayBuffer(4)),
  ];
  for (const change of changes) {
    change();
    assertEquals(await epoch(), dataset.tell());
    assertEquals(init.started[0], ++starts, `${change}`);
    if (starts % 4 === 0) {
      await epoch();
      assertEquals(init.started[0], starts); // kept until the next change
    }
  }
});

Deno.test("DataLoader gives persistent workers the transform and the stream of now", async () => {
  const plus = new Plus(1);
  const stream = new TellingStream();
  await using loader = new DataLoader(stream, {
    numWorkers: 2,
    persistentWorkers: true,
    transform: plus,
  });
  const epoch = async () =>
    (await Array.fromAsync(loader.host())).flatMap(({ data }) => [...data]);
  assertEquals(await epoch(), [1, 1]);
  plus.by = 5;
  assertEquals(await epoch(), [5, 5]);
  stream.epoch = 10;
  assertEquals(await epoch(), [15, 15]);
  assertEquals(await epoch(), [15, 15]);
});

Deno.test("DataLoader refuses fields that became no data before an epoch begins", async () => {
  const dataset = new Telling();
  await using loader = new DataLoader(dataset, {
    numWorkers: 1,
    persistentWorkers: true,
  });
  await Array.fromAsync(loader.host());
  Object.assign(dataset, { later: () => 1 });
  await assertRejects(
    async () => await Array.fromAsync(loader.host()),
    TypeError,
    "Cannot send Telling.later to a worker: a function can't be sent",
  );
});

Deno.test("samePortable() compares views of all offsets and lengths", () => {
  const form = (value: unknown, isCopied: boolean) =>
    toPortable(value, "x", { isCopied });
  const memory = new Uint8Array(64).map((_, i) => i);
  for (const [start, end] of [[0, 0], [0, 1], [1, 8], [3, 64], [4, 11]]) {
    const seen = memory.subarray(start, end);
    const before = form(seen, true);
    assert(samePortable(before, form(seen, false)));
    for (let i = 0; i < seen.length; i++) {
      seen[i]!++;
      assert(!samePortable(before, form(seen, false)), `${start} ${end} ${i}`);
      seen[i]!--;
    }
    assert(samePortable(before, form(seen, false)));
  }
  const others: [unknown, unknown][] = [
    [Float32Array.of(NaN), Float32Array.of(1)],
    [Float32Array.of(0), Float32Array.of(-0)],
    [Float32Array.of(0), Int32Array.of(0)],
    [new HostArray(Int32Array.of(1)), new HostArray(Int32Array.of(1), [1, 1])],
    [{ a: 1 }, { b: 1 }],
    [{ a: undefined }, {}],
    [[1, 2], [1]],
    [/a/, /a/g],
    [new Date(0), new Date(1)],
    [new URL("file:///a"), new URL("file:///b")],
    [1n, 1],
    [null, undefined],
    [new Map([[1, 2]]), new Map([[2, 1]])],
    [new Set([[1]]), new Set([[2]])],
  ];
  for (const [one, other] of others) {
    assert(samePortable(form(one, true), form(one, false)));
    assert(!samePortable(form(one, true), form(other, false)));
  }
  assert(samePortable(form({ x: NaN }, true), form({ x: NaN }, false)));
});
