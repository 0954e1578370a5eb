import { assertEquals } from "@std/assert";
import { tensor } from "../../src/tensor/create.ts";
import { isRefusal, Refused } from "./outcome.ts";

function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
}

Deno.test("isRefusal() takes what the library says, not mistakes of the runner", () => {
  const refusals = [
    () => tensor([1, 2]).reshape([3]),
    () => {
      throw new Refused("as torch does");
    },
  ];
  const others = [
    () => {
      throw new RangeError("thrown beside the library");
    },
    // a crash inside of the library is none either
    () => Reflect.apply(tensor([1]).unbind, {}, [0]),
    () => Reflect.apply(Reflect.get({}, "sum"), undefined, []),
    () => {
      throw "no error";
    },
  ];
  assertEquals(refusals.map(thrownBy).map(isRefusal), [true, true]);
  assertEquals(others.map(thrownBy).map(isRefusal), others.map(() => false));
});
