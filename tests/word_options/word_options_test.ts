/**
 * Every option that is a word, across the whole library: each of its words is
 * taken, every other one is refused, and all of its own are named.
 *
 * @module
 */

import {
  assert,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as F from "../../src/nn/functional.ts";
import { zeros } from "../../src/tensor/create.ts";
import { ROWS_OF_DATA } from "./rows_of_data.ts";
import { ROWS_OF_TENSORS } from "./rows_of_tensors.ts";

const ROWS = [...ROWS_OF_TENSORS, ...ROWS_OF_DATA];

/** No words of any option: a slip, nothing, names that objects inherit. */
const WRONG = ["nonsense", "", "toString", "constructor", "__proto__"];

for (const [option, words, call] of ROWS) {
  Deno.test(`${option} is one of its words`, async () => {
    for (const word of words) await call(word as never);
    const slips = words.flatMap((word) => [` ${word}`, word.toUpperCase()]);
    for (const wrong of [...WRONG, ...slips]) {
      const error = await assertRejects(
        async () => await call(wrong as never),
        Error,
      );
      assert(error instanceof RangeError || error instanceof TypeError);
      assertStringIncludes(error.message, JSON.stringify(wrong));
      for (const word of words) {
        assertStringIncludes(error.message, `"${word}"`);
      }
    }
  });
}

Deno.test("div() refuses a roundingMode of null, and does not round down", () => {
  assertThrows(
    () => zeros([2]).div(2, { roundingMode: null as never }), // as above
    RangeError,
    'Cannot div with roundingMode null: expected "trunc" or "floor"',
  );
});

Deno.test("norm() and convolutions refuse words where numbers belong, in their words", () => {
  for (const p of ["fro", "nuc", "inf", "2"]) {
    assertThrows(
      () => zeros([2]).norm(p as never), // as above
      TypeError,
      `Cannot norm with p "${p}": expected a number`,
    );
  }
  assertThrows(
    () =>
      F.convTranspose2d(zeros([1, 2, 4, 4]), zeros([2, 1, 3, 3]), undefined, {
        padding: "same" as never, // a convolution has it
      }),
    RangeError,
    "Cannot convTranspose2d with padding same: expected an integer",
  );
});

/** Options that only this library gives itself. */
const INTERNAL = ["numbers", "range", "strided", "result", "way"];

/** The files of a folder and of those in it. */
async function* filesBelow(folder: URL): AsyncIterable<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield new URL(name, folder);
  }
}

Deno.test("options that are words have a row each", async () => {
  const tested = new Set(ROWS.map(([option]) => option.split(" ")[0]));
  for (const folder of ["../../src/", "../../datasets/"]) {
    for await (const file of filesBelow(new URL(folder, import.meta.url))) {
      const text = await Deno.readTextFile(file);
      // `readonly mode?: "min" | "max";`
      for (
        const [, option] of text.matchAll(/readonly (\w+)\?:[^;[{}\n]*"\w+"/g)
      ) {
        if (INTERNAL.includes(option!)) continue;
        assert(tested.has(option!), `${option} of ${file.pathname}`);
      }
    }
  }
});
