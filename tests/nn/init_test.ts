/**
 * Tests of initialization: bounds, spreads, refusals.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";

import { init, Parameter } from "../../src/nn/mod.ts";
import { zeros } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/generator.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const source = () => ({ generator: new Generator(6) });

// [400, 30, 3, 2] has fan in 180 and fan out 2400
const RANDOM: readonly [string, (x: Tensor) => Tensor, number, number][] = [
  ["uniform_", (x) => init.uniform_(x, -2, 2, source()), 2 / Math.sqrt(3), 2],
  ["normal_", (x) => init.normal_(x, 0, 0.5, source()), 0.5, Infinity],
  [
    "kaimingUniform_",
    (x) => init.kaimingUniform_(x, { nonlinearity: "relu", ...source() }),
    Math.sqrt(2 / 180),
    Math.sqrt(6 / 180),
  ],
  [
    "kaimingNormal_",
    (x) => init.kaimingNormal_(x, { mode: "fanOut", ...source() }),
    Math.sqrt(2 / 2400),
    Infinity,
  ],
  [
    "xavierUniform_",
    (x) => init.xavierUniform_(x, { gain: 2, ...source() }),
    2 * Math.sqrt(2 / 2580),
    2 * Math.sqrt(6 / 2580),
  ],
  [
    "xavierNormal_",
    (x) => init.xavierNormal_(x, source()),
    Math.sqrt(2 / 2580),
    Infinity,
  ],
];

for (const [name, run, deviation, bound] of RANDOM) {
  Deno.test(`${name}() has the mean, the deviation and the bound of torch`, async () => {
    const x = new Parameter(zeros([400, 30, 3, 2]));
    assert(run(x) === x);
    const values = [...await x.data()];
    const mean = values.reduce((a, b) => a + b) / values.length;
    const square = values.reduce((a, b) => a + b * b, 0) / values.length;
    // 72,000 draws: a few thousandths of the deviation
    assert(Math.abs(mean) < 0.02 * deviation, `mean ${mean}`);
    assertAlmostEquals(Math.sqrt(square) / deviation, 1, 0.02);
    assert(values.every((value) => Math.abs(value) <= bound * (1 + 1e-6)));
  });
}

Deno.test("constant_() and its kin write one value", async () => {
  const x = new Parameter(zeros([3]));
  assertEquals(await init.constant_(x, 2.5).toArray(), [2.5, 2.5, 2.5]);
  assertEquals(await init.ones_(x).toArray(), [1, 1, 1]);
  assertEquals(await init.zeros_(x).toArray(), [0, 0, 0]);
});

Deno.test("initializations by fans refuse vectors, and leave nothing alone", async () => {
  for (
    const run of [
      init.kaimingUniform_,
      init.kaimingNormal_,
      init.xavierUniform_,
      init.xavierNormal_,
    ]
  ) {
    assertThrows(
      () => run(zeros([3])),
      TypeError,
      "a tensor of shape [3]: expected at least two dims",
    );
    assertEquals(await run(zeros([0, 4])).toArray(), []);
  }
});

Deno.test("calculateGain() equals torch's", () => {
  assertEquals(init.calculateGain("linear"), 1);
  assertEquals(init.calculateGain("tanh"), 5 / 3);
  assertEquals(init.calculateGain("relu"), Math.SQRT2);
  assertAlmostEquals(
    init.calculateGain("leakyRelu", Math.sqrt(5)),
    0.57735,
    5e-6,
  );
  assertEquals(init.calculateGain("selu"), 0.75);
});
