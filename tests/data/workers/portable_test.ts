import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromPortable } from "../../../src/data/workers/rebuild.ts";
import { toPortable } from "../../../src/data/workers/portable.ts";
import { Subset } from "../../../src/data/datasets/subset.ts";
import { Fields, hidden, Noise, OwnWay } from "../fixtures.ts";

/** There and back, as through `postMessage`. */
async function send(value: unknown): Promise<unknown> {
  return await fromPortable(structuredClone(toPortable(value, "x")));
}

Deno.test("fromPortable() rebuilds instances with their classes and fields", async () => {
  const subset = await send(new Subset(new Noise(5), [4, 2]));
  if (!(subset instanceof Subset)) throw new Error("not a Subset");
  assertEquals([...subset.indices], [4, 2]);
  assertEquals(subset.dataset instanceof Noise, true);
  assertEquals(subset.length, 2);
});

Deno.test("fromPortable() rebuilds every kind of field", async () => {
  const fields = new Fields();
  const copy = await send(fields);
  if (!(copy instanceof Fields)) throw new Error("not Fields");
  assertEquals(copy.get(), fields.get());
  // shared memory is the same on both sides, other memory a copy
  assertEquals(fields.shared[0], 2);
  assertEquals(copy.bytes.buffer === fields.bytes.buffer, false);
});

Deno.test("fromPortable() keeps shared references and circles", async () => {
  const inner = new Map([["a", [1, 2]]]);
  const list: unknown[] = [inner, inner, ["x"], { inner }];
  list.push(list);
  const copy = await send(list);
  if (!Array.isArray(copy)) throw new Error("not a list");
  assertEquals(copy[0] === copy[1] && copy[3].inner === copy[0], true);
  assertEquals(copy[4] === copy, true);
  assertEquals(copy[0], inner);
});

Deno.test("toPortable() lets a class send its #private fields by itself", async () => {
  const copy = await send([new OwnWay(7)]);
  assertEquals(Array.isArray(copy) && copy[0].get(2), 14);
});

class NoUrl {}
class Heir extends Noise {}

Deno.test("toPortable() names the field that can't be sent, and the way out", () => {
  const way = "or use numWorkers: 0";
  const cases: [unknown, string][] = [
    [
      { transform: (x: number) => x },
      "Cannot send set.transform to a worker: a function can't be sent; make " +
      "it a class with `static url`, " + way,
    ],
    [{ a: [1, { b: Symbol("s") }] }, "set.a[1].b to a worker: a symbol"],
    [new NoUrl(), "set to a worker: a worker can't find the class NoUrl"],
    [
      { a: new Heir(2) },
      "set.a to a worker: a worker can't find the class Heir",
    ],
    [new Map([["k", new NoUrl()]]), "set (k) to a worker"],
    [new Set([new NoUrl()]), "set (0) to a worker"],
    [{ data: Promise.resolve() }, "set.data to a worker"],
  ];
  for (const [value, message] of cases) {
    assertThrows(() => toPortable(value, "set"), TypeError, message);
  }
});

Deno.test("fromPortable() says which export is missing", async () => {
  await assertRejects(
    () => send(hidden()),
    TypeError,
    "Cannot rebuild Hidden in a worker:",
  );
});
