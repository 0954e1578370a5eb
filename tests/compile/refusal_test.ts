/**
 * Tests of promises that functions make which `compile` refuses: that nobody
 * waits for them does not end the process.
 *
 * @module
 */

import { assertRejects, assertThrows } from "@std/assert";

import { compile, ones, randperm, type Tensor } from "../../mod.ts";

async function log(x: Tensor): Promise<string> {
  return `loss ${await x.item()}`;
}

async function fail(): Promise<never> {
  await Promise.resolve();
  throw new RangeError("of its own");
}

const FUNCTIONS: Readonly<Record<string, (x: Tensor) => unknown>> = {
  "item() dropped": (x) => void x.item(),
  "data() continued": (x) => void x.data().then(([value]) => value),
  "toArray() and show()": (x) => void [x.toArray(), x.show()],
  "an async helper": (x) => void log(x),
  "an async helper that wraps the error": (x) =>
    void log(x).catch((cause) => {
      throw new Error("Cannot log", { cause });
    }),
  "an async helper that does another thing": (x) => {
    const order = async () => {
      await randperm(x.size).data();
    };
    order();
  },
  "promises in the result": (x) => ({ loss: x.item(), logs: [log(x)] }),
  "an async function": async (x) => {
    await x.item();
  },
  "an async function that fails by itself": fail,
  "promises in the result that fail by themselves": () => [fail(), fail()],
};

for (const [name, fn] of Object.entries(FUNCTIONS)) {
  Deno.test(`compile() that refuses ${name} leaves no failing promise`, async () => {
    const run = compile(fn);
    for (let i = 0; i < 3; i++) assertThrows(() => run(ones([1])), Error);
    await new Promise((resolve) => setTimeout(resolve)); // rejections are told
  });
}

Deno.test("a read inside of a compiled function fails for who waits for it, too", async () => {
  let value: Promise<number> | undefined;
  const run = compile((x: Tensor) => {
    value = x.item();
  });
  assertThrows(() => run(ones([1])), Error, "Cannot read a tensor inside");
  await assertRejects(() => value!, Error, "Cannot read a tensor inside");
});
