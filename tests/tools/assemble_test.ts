import { assertEquals, assertRejects } from "@std/assert";

import { assemble, BINARY, TEXT } from "../../tools/assemble.ts";

Deno.test("assemble() of resize.wat gives the bytes of resize.wasm", async () => {
  const bytes = await assemble("resize.wat", await Deno.readTextFile(TEXT));
  assertEquals(bytes, await Deno.readFile(BINARY), "run `deno task assemble`");
});

Deno.test("assemble() says where a text is wrong", async () => {
  const text = "(module\n  (func (result i32) (f32.const 1)))";
  await assertRejects(() => assemble("a.wat", text), Error, "a.wat:2:23");
});
