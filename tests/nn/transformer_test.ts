/**
 * Tests of the layers of transformers: state, modes, masks. Values are tested
 * by the goldens.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";

import * as nn from "../../src/nn/mod.ts";
import { tensor } from "../../src/tensor/create.ts";
import { assertClose, made } from "../ops/_gradients.ts";

Deno.test("TransformerDecoderLayer has torch's names in its state dict, in torch's order", () => {
  const layer = new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 3 });
  const names = [...layer.stateDict().keys()];
  const attention = [
    "in_proj_weight",
    "in_proj_bias",
    "out_proj.weight",
    "out_proj.bias",
  ];
  const affine = ["linear1", "linear2", "norm1", "norm2", "norm3"];
  assertEquals(names, [
    ...attention.map((name) => `self_attn.${name}`),
    ...attention.map((name) => `multihead_attn.${name}`),
    ...affine.flatMap((name) => [`${name}.weight`, `${name}.bias`]),
  ]);
  // optimizers number parameters in this order
  const parameters = layer.namedParameters().map(([name]) => name);
  assertEquals(parameters, names);
});

Deno.test("TransformerEncoderLayer is normalized, or normalizes first", async () => {
  const x = made([2, 3, 4]);
  const after = new nn.TransformerEncoderLayer(4, 2).eval().call(x);
  await assertClose(after.mean(-1), [0, 0, 0, 0, 0, 0], 1e-5);
  const layer = new nn.TransformerEncoderLayer(4, 2, { normFirst: true });
  const dropped = new nn.TransformerEncoderLayer(4, 2, {
    normFirst: true,
    dropout: 1,
  });
  assertEquals(layer.call(x).shape, [2, 3, 4]);
  // in training nothing is left beside the shortcut
  await assertClose(dropped.call(x), await x.data(), 0);
});

Deno.test("TransformerEncoderLayer hides what its mask hides", async () => {
  const layer = new nn.TransformerEncoderLayer(4, 2, { batchFirst: true });
  layer.eval();
  const x = made([1, 2, 4]);
  const attnMask = tensor([[false, true], [false, false]]);
  const alone = layer.call(x.slice(1, 0, 1));
  const masked = layer.call(x, { attnMask }).slice(1, 0, 1);
  await assertClose(masked, await alone.data(), 1e-5);
});

Deno.test("TransformerEncoderLayer names what it rejects", () => {
  assertThrows(
    () => new nn.TransformerEncoderLayer(5, 2),
    RangeError,
    "numHeads must divide embedDim",
  );
  assertThrows(
    () => new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 0 }),
    RangeError,
    "Cannot make TransformerEncoderLayer with dimFeedforward 0",
  );
});
