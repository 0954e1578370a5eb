/**
 * Tests of recurrent cells and layers: shapes, state, directions, refusals.
 * Values are tested by the goldens.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";

import type { AdapterClass } from "../../src/gpu/device.ts";
import * as nn from "../../src/nn/mod.ts";
import { recurrentStep } from "../../src/ops/recurrent/recurrent.ts";
import { zeros } from "../../src/tensor/create.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
  values,
} from "../ops/_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];
const KINDS = ["tanh", "GRU", "LSTM"] as const;
const GATES = { tanh: 1, GRU: 3, LSTM: 4 };

for (const kind of CLASSES) {
  Deno.test(`recurrentStep() gradients equal central differences (${kind})`, async () => {
    for (const step of KINDS) {
      const rows = GATES[step] * 2;
      const c = step === "LSTM" ? made([3, 2], values(6, 7)) : undefined;
      await assertGradients(
        (x, h, hidden) =>
          recurrentStep(step, x!, { h: h!, c }, {
            hidden: hidden!,
          }).h,
        [made([3, rows]), made([3, 2]), made([rows, 2], values(rows * 2, 1))],
        { kind },
      );
    }
  });
}

Deno.test("recurrentStep() has second derivatives", async () => {
  const hidden = made([6, 2], values(12, 1));
  await assertSecondGradients(
    (h) => recurrentStep("GRU", made([2, 6]), { h: h! }, { hidden }).h,
    [made([2, 2])],
  );
});

Deno.test("RNN of one layer is its cell, step by step", async () => {
  const layer = new nn.RNN(3, 2, { nonlinearity: "relu" });
  const cell = new nn.RNNCell(3, 2, { nonlinearity: "relu" });
  cell.loadStateDict(
    new Map(
      [...layer.stateDict()].map(([name, tensor]) =>
        [name.replace("_l0", ""), tensor] as const
      ),
    ),
  );
  const x = made([4, 2, 3]);
  const [output, last] = layer.call(x);
  let h = zeros([2, 2]);
  for (const [t, step] of x.unbind(0).entries()) {
    h = cell.call(step, h);
    await assertClose(output.select(0, t), await h.data(), 1e-6);
  }
  await assertClose(last, await h.data(), 1e-6);
});

Deno.test("LSTM reads backwards as forwards on the reversed sequence", async () => {
  const both = new nn.LSTM(3, 2, { bidirectional: true });
  const one = new nn.LSTM(3, 2);
  const state = both.stateDict();
  one.loadStateDict(
    new Map(
      [...one.stateDict().keys()].map((name) =>
        [name, state.get(`${name}_reverse`)!] as const
      ),
    ),
  );
  const x = made([4, 2, 3]);
  const [output, [, c]] = both.call(x);
  const [reversed, [, cReversed]] = one.call(x.flip([0]));
  const want = await reversed.flip([0]).data();
  await assertClose(output.slice(2, 2, 4), want, 1e-6);
  await assertClose(c.select(0, 1), await cReversed.data(), 1e-6);
});

Deno.test("recurrent layers have torch's names and shapes", () => {
  const layer = new nn.LSTM(3, 4, { numLayers: 2, projSize: 2 });
  assertEquals(
    [...layer.stateDict()].map(([name, { shape }]) => [name, shape]),
    [
      ["weight_ih_l0", [16, 3]],
      ["weight_hh_l0", [16, 2]],
      ["bias_ih_l0", [16]],
      ["bias_hh_l0", [16]],
      ["weight_hr_l0", [2, 4]],
      ["weight_ih_l1", [16, 2]],
      ["weight_hh_l1", [16, 2]],
      ["bias_ih_l1", [16]],
      ["bias_hh_l1", [16]],
      ["weight_hr_l1", [2, 4]],
    ],
  );
  const [output, [h, c]] = layer.call(zeros([5, 6, 3]));
  assertEquals([output.shape, h.shape, c.shape], [[5, 6, 2], [2, 6, 2], [
    2,
    6,
    4,
  ]]);
  const [plain, last] = new nn.GRU(3, 4, { bias: false }).call(zeros([5, 3]));
  assertEquals([plain.shape, last.shape], [[5, 4], [1, 4]]);
  assertEquals(new nn.GRUCell(3, 4).call(zeros([3])).shape, [4]);
  assertEquals(new nn.GRU(3, 4).call(zeros([0, 2, 3]))[0].shape, [0, 2, 4]);
});

Deno.test("recurrent layers go into float16 and drop between layers", async () => {
  const layer = new nn.GRU(3, 4).to("float16");
  const x = zeros([2, 1, 3], { dtype: "float16" });
  assertEquals(layer.call(x)[0].dtype, "float16");
  const deep = new nn.RNN(3, 4, { numLayers: 2, dropout: 1, bias: false });
  await assertClose(deep.call(made([1, 1, 3]))[0], [0, 0, 0, 0], 0);
});

Deno.test("recurrent layers and cells name what they reject", () => {
  assertThrows(
    () => new nn.GRU(0, 4),
    RangeError,
    "Cannot make GRU with inputSize 0",
  );
  assertThrows(
    () => new nn.RNN(2, 2, { dropout: -1 }),
    RangeError,
    "Cannot make RNN with dropout -1: expected 0 to 1",
  );
  assertThrows(
    () => new nn.GRU(3, 4).call(zeros([2, 2, 2])),
    TypeError,
    "the last of size 3",
  );
  assertThrows(
    () => new nn.GRU(3, 4).call(zeros([2, 2, 3]), zeros([1, 3, 4])),
    TypeError,
    "a state of shape [1, 3, 4]: expected [1, 2, 4]",
  );
  assertThrows(
    () => new nn.LSTMCell(3, 4).call(zeros([2, 2])),
    TypeError,
    "expected shape [N, 3] or [3]",
  );
  assertThrows(
    () => new nn.GRUCell(3, 4).call(zeros([2, 3]), zeros([3, 4])),
    TypeError,
    "a state of shape [3, 4]: expected [2, 4]",
  );
});
