import { assertEquals } from "@std/assert";
import { messageOf } from "../../../src/data/checks/values.ts";
import {
  recordFailure,
  reviveFailure,
} from "../../../src/data/workers/failure.ts";

/** There and back, as through `postMessage`. */
function send(thrown: unknown): Error {
  return reviveFailure(structuredClone(recordFailure(thrown)));
}

Deno.test("reviveFailure() keeps class, message, stack and causes", () => {
  const cause = new RangeError("out of it");
  const error = new TypeError("no good", { cause });
  const copy = send(error);
  assertEquals(copy instanceof TypeError, true);
  assertEquals([copy.message, copy.stack], ["no good", error.stack]);
  assertEquals(copy.cause instanceof RangeError, true);
});

Deno.test("reviveFailure() keeps the names of classes that it does not know", () => {
  class JpegError extends Error {
    override name = "JpegError";
    readonly handler = () => {};
  }
  const copy = send(new JpegError("cut off"));
  assertEquals([copy.name, copy.message], ["JpegError", "cut off"]);
});

Deno.test("recordFailure() takes whatever was thrown", () => {
  assertEquals(send("a string").message, "a string");
  assertEquals(send(undefined).message, "undefined");
  assertEquals(send(Symbol("s")).message, "Symbol(s)");
  const wordless = Object.create(null);
  assertEquals(
    send(wordless).message,
    "the thrown value can't be converted to a string",
  );
  assertEquals(send("a string").stack, "");
  const circle = new Error("round");
  circle.cause = circle;
  assertEquals(send(circle).message, "round");
});

Deno.test("messageOf() gives the name of an error without message", () => {
  assertEquals(messageOf(new RangeError()), "RangeError");
});
