/**
 * What tests of compiled functions share: a function is run eagerly and
 * compiled, and everything that it gives and changes is compared.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

import { compile, type CompileOptions, Tensor } from "../../mod.ts";
import { streamCounts } from "../../src/gpu/stream.ts";

/** A function from tensors to tensors. */
export type Fn = (...inputs: Tensor[]) => Tensor | Tensor[];

/** Dispatches of a replay, whose results are those of the eager function. */
export async function check(fn: Fn, inputs: () => Tensor[]): Promise<number> {
  const compiled = compile(fn);
  // two are recorded, one is replayed, and the fourth is compared with it
  for (let i = 0; i < 4; i++) compiled(...inputs());
  const [eager, replayed] = [inputs(), inputs()];
  const expected = [fn(...eager)].flat();
  const before = streamCounts().dispatches;
  const results = [compiled(...replayed)].flat();
  const dispatches = streamCounts().dispatches - before;
  const pairs = [
    ...expected.map((each, i) => [results[i]!, each]),
    ...eager.map((each, i) => [replayed[i]!, each]),
  ];
  for (const [got, want] of pairs) {
    assertEquals(got!.shape, want!.shape);
    assertEquals(got!.dtype, want!.dtype);
    assertEquals(await got!.data(), await want!.data());
  }
  return dispatches;
}

/** Wraps functions: `compile`, or what leaves them as they are. */
export type Wrap = <Args extends readonly unknown[], R>(
  fn: (...args: Args) => R,
  options?: CompileOptions,
) => (...args: Args) => R;

/** Leaves a function as it is. */
export const plain: Wrap = (fn) => fn;

/**
 * What a scenario gives is the same whether its functions are compiled or not:
 * tensors by type, shape and bits. Returns how often the compiled functions were
 * run, and not replayed.
 */
export async function assertSame(
  scenario: (wrap: Wrap) => unknown,
): Promise<number> {
  const expected = await valuesIn(await scenario(plain));
  let runs = 0;
  const counting: Wrap = (fn, options) =>
    compile((...args) => {
      runs++;
      return fn(...args);
    }, options);
  assertEquals(await valuesIn(await scenario(counting)), expected);
  return runs;
}

/** The value with what is in its tensors in their places. */
async function valuesIn(value: unknown): Promise<unknown> {
  if (value instanceof Tensor) {
    return [value.dtype, value.shape, await value.data()];
  }
  if (Array.isArray(value)) return await Promise.all(value.map(valuesIn));
  return value;
}
