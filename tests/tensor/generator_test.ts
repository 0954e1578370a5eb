import { assertEquals, assertThrows } from "@std/assert";
import {
  defaultGenerator,
  Generator,
  manualSeed,
} from "../../src/tensor/generator.ts";
import { fillUniform } from "../../src/tensor/philox.ts";

function take(generator: Generator, count: number): number[] {
  return Array.from({ length: count }, () => generator.word());
}

Deno.test("Generator.random() gives the elements of a uniform draw in order", () => {
  const expected = new Float32Array(9);
  fillUniform(expected, 2 ** 40 + 5, 0);
  const generator = new Generator(2 ** 40 + 5);
  assertEquals(
    Array.from(expected, () => generator.random()),
    [...expected],
  );
});

Deno.test("Generator goes on from every saved state", () => {
  const generator = new Generator(11);
  for (let drawn = 0; drawn < 9; drawn++) {
    const saved = JSON.parse(JSON.stringify(generator.state()));
    const expected = take(generator, 6);
    const other = new Generator(0);
    other.setState(saved);
    assertEquals(take(other, 6), expected);
    generator.setState(saved);
    generator.word();
  }
});

Deno.test("Generator.setState() refuses what is no state", () => {
  const states = [null, {}, 3, { version: 2, seed: 1, offset: 0, word: 0 }];
  for (
    const state of [...states, { version: 1, seed: 1, offset: 0, word: 4 }]
  ) {
    assertThrows(
      () => new Generator(0).setState(state),
      TypeError,
      "expected {version: 1",
    );
  }
});

Deno.test("Generator.reserve() hands out blocks that no other draw uses", () => {
  const generator = new Generator(5);
  generator.word();
  assertEquals(generator.reserve(3), 1);
  assertEquals(generator.reserve(0), 4);
  const expected = new Float32Array(1);
  fillUniform(expected, 5, 4);
  assertEquals(generator.random(), expected[0]);
});

Deno.test("Generator.ofSample() depends on seed, epoch, index and repeat", () => {
  const key = (...args: [number, number, number, number]) =>
    take(Generator.ofSample(...args), 4).join();
  assertEquals(key(1, 2, 3, 0), key(1, 2, 3, 0));
  const others = new Set([
    key(1, 2, 3, 0),
    key(0, 2, 3, 0),
    key(1, 3, 2, 0),
    key(1, 2, 4, 0),
    key(1, 2, 3, 1),
    take(new Generator(1), 4).join(),
    take(Generator.ofEpoch(1, 2), 4).join(),
    take(Generator.ofEpoch(1, 3), 4).join(),
  ]);
  assertEquals(others.size, 8);
  assertThrows(() => Generator.ofSample(1, 2, 3).reserve(1), TypeError);
  assertThrows(
    () => Generator.ofEpoch(1, 2).state(),
    TypeError,
    "make a new Generator",
  );
});

Deno.test("Generator.permutation() makes every order equally likely", () => {
  const generator = new Generator(2);
  const counts = new Map<string, number>();
  const draws = 7200;
  for (let i = 0; i < draws; i++) {
    const order = generator.permutation(6).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  const expected = draws / 720;
  let chi2 = 0;
  for (const count of counts.values()) chi2 += (count - expected) ** 2;
  chi2 = chi2 / expected + (720 - counts.size) * expected;
  // chi2 has mean 719 and deviation sqrt(2 * 719) = 38: five of them
  assertEquals(Math.abs(chi2 - 719) < 190, true, `chi2 = ${chi2}`);
});

Deno.test("Generator.permutation() holds every index once, for 0 and 1 too", () => {
  assertEquals([...new Generator(0).permutation(0)], []);
  assertEquals([...new Generator(0).permutation(1)], [0]);
  const order = new Generator(0).permutation(1000);
  assertEquals([...order].sort((a, b) => a - b), [...order.keys()]);
});

Deno.test("Generator.integer() names the bound it refuses", () => {
  for (const n of [0, -1, 1.5, 2 ** 32 + 1]) {
    assertThrows(() => new Generator(0).integer(n), RangeError, `below ${n}:`);
  }
});

Deno.test("Generator without a seed differs from the next, and can be repeated", () => {
  const generator = new Generator();
  assertEquals(generator.seed === new Generator().seed, false);
  assertEquals(take(generator, 5), take(new Generator(generator.seed), 5));
});

Deno.test("manualSeed() starts the default generator over", () => {
  manualSeed(42);
  const first = take(defaultGenerator(), 3);
  manualSeed(42);
  assertEquals(take(defaultGenerator(), 3), first);
  assertEquals(first, take(new Generator(42), 3));
});
