import { assertEquals, assertThrows } from "@std/assert";
import {
  fillNormal,
  fillUniform,
  keyOf,
  philox4x32,
  toInteger,
  toUniform,
} from "../../src/tensor/philox.ts";

/** The three vectors that Random123 publishes for philox4x32 with 10 rounds. */
const VECTORS = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

function block(counter: number[], key: number[]): number[] {
  const out = new Uint32Array(4);
  philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
  return [...out];
}

/** The same function by the paper's text, in BigInt. */
function reference(counter: number[], key: number[]): number[] {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = counter.map(BigInt) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [
      (p1 >> 32n) ^ c1 ^ k0,
      p1 & mask,
      (p0 >> 32n) ^ c3 ^ k1,
      p0 & mask,
    ];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

Deno.test("philox4x32() gives the vectors of Random123", () => {
  for (const { counter, key, words } of VECTORS) {
    assertEquals(block(counter, key), words);
  }
});

Deno.test("philox4x32() equals the paper's definition in exact integers", () => {
  let [counter, key] = [[1, 2, 3, 4], [5, 6]];
  for (let i = 0; i < 500; i++) {
    const words = block(counter, key);
    assertEquals(words, reference(counter, key));
    [counter, key] = [words, [words[1]! ^ i, words[2]!].map((w) => w >>> 0)];
  }
});

Deno.test("philox4x32() may write over its counter", () => {
  const counter = new Uint32Array(4);
  philox4x32(counter, new Uint32Array(2), counter);
  assertEquals([...counter], VECTORS[0]!.words);
});

Deno.test("keyOf() splits a seed and refuses what is none", () => {
  assertEquals([...keyOf(0x12_3456_789a)], [0x3456789a, 0x12]);
  assertEquals([...keyOf(2 ** 53 - 1)], [0xffffffff, 0x1fffff]);
  for (const seed of [-1, 0.5, NaN, 2 ** 53]) {
    assertThrows(() => keyOf(seed), RangeError, `Cannot seed with ${seed}`);
  }
});

Deno.test("toUniform() stays below 1 and is exact in float32", () => {
  assertEquals(toUniform(0xffffffff), 1 - 2 ** -24);
  assertEquals(Math.fround(toUniform(0xdeadbeef)), toUniform(0xdeadbeef));
  assertEquals(toUniform(0xff), 0);
});

Deno.test("fillUniform() takes word i % 4 of block offset + i / 4", () => {
  const out = new Float32Array(6);
  fillUniform(out, 7, 2 ** 32 + 1, 9);
  const words = [
    ...block([1, 1, 9, 0], [7, 0]),
    ...block([2, 1, 9, 0], [7, 0]),
  ];
  assertEquals(
    [...out],
    words.slice(0, 6).map((word) => (word >>> 8) / 2 ** 24),
  );
});

Deno.test("fillNormal() has mean 0, variance 1 and kurtosis 3", () => {
  const n = 100_001;
  const out = new Float32Array(n);
  fillNormal(out, 3, 0);
  const moment = (k: number) => out.reduce((sum, x) => sum + x ** k, 0) / n;
  // standard errors: 1, sqrt(2), sqrt(96) over sqrt(n); four of them each
  const bound = 4 / Math.sqrt(n);
  assertEquals(Math.abs(moment(1)) < bound, true);
  assertEquals(Math.abs(moment(2) - 1) < bound * Math.sqrt(2), true);
  assertEquals(Math.abs(moment(4) - 3) < bound * Math.sqrt(96), true);
  assertEquals(out.every(Number.isFinite), true);
});

Deno.test("toInteger() is the upper half of word * n, and redraws a surplus", () => {
  const draw = (n: number, ...words: number[]) =>
    toInteger(n, {
      word() {
        const word = words.shift();
        if (word === undefined) throw new Error("One word more than expected");
        return word;
      },
    });
  assertEquals(draw(6, 0x80000001), 3);
  assertEquals(draw(6, 0xffffffff), 5);
  assertEquals(draw(2 ** 32, 0xfffffffe), 0xfffffffe);
  assertEquals(draw(2 ** 32 - 1, 0xffffffff), 2 ** 32 - 2);
  assertEquals(draw(1, 123), 0);
  // 2^32 mod 6 is 4: words whose product has a lower half below 4 are surplus
  assertEquals(draw(6, 0, 0x80000000, 0xffffffff), 5);
});
