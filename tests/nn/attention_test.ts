/**
 * Tests of attention and embeddings as modules; what they compute is tested
 * with their ops and by the goldens.
 *
 * @module
 */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";

import * as nn from "../../src/nn/mod.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { assertClose, made } from "../ops/_gradients.ts";

Deno.test("MultiheadAttention has torch's names in its state dict", () => {
  const layer = new nn.MultiheadAttention(4, 2);
  assertEquals([...layer.stateDict().keys()], [
    "in_proj_weight",
    "in_proj_bias",
    "out_proj.weight",
    "out_proj.bias",
  ]);
  const bare = new nn.MultiheadAttention(4, 2, { bias: false });
  assertEquals(bare.parameters().length, 2);
  assertEquals(
    `${layer}`.split("\n")[1],
    "  4, 2, dropout=0, bias=true, batchFirst=false",
  );
});

Deno.test("MultiheadAttention gives weights by head, averaged, or none", () => {
  const layer = new nn.MultiheadAttention(4, 2);
  const [query, key] = [zeros([3, 5, 4]), zeros([6, 5, 4])];
  const [y, weights] = layer.call(query, key, key);
  assertEquals(y.shape, [3, 5, 4]);
  assertEquals(weights!.shape, [5, 3, 6]);
  const options = { averageAttnWeights: false };
  const [, each] = layer.call(query, key, key, options);
  assertEquals(each!.shape, [5, 2, 3, 6]);
  const [, none] = layer.call(query, key, key, { needWeights: false });
  assertEquals(none, undefined);
});

Deno.test("MultiheadAttention is the same in all layouts", async () => {
  const layer = new nn.MultiheadAttention(4, 2);
  const x = made([3, 1, 4]);
  const want = await layer.call(x, x, x)[0].data();
  const plain = x.squeeze(1);
  const [y, weights] = layer.call(plain, plain, plain);
  assertEquals(y.shape, [3, 4]);
  assertEquals(weights!.shape, [3, 3]);
  await assertClose(y, want, 1e-6);
  // three tensors of the same elements: another way through the projections
  const [same] = layer.call(x, x.alias(), x, { needWeights: false });
  await assertClose(same, want, 1e-6);
  const first = new nn.MultiheadAttention(4, 2, { batchFirst: true });
  first.loadStateDict(layer.stateDict());
  const turned = x.transpose(0, 1);
  await assertClose(first.call(turned, turned, turned)[0], want, 1e-6);
});

Deno.test("MultiheadAttention hides keys by both masks", async () => {
  const layer = new nn.MultiheadAttention(4, 2, { batchFirst: true });
  const x = made([2, 3, 4]);
  const keyPaddingMask = tensor([[false, false, true], [false, false, false]]);
  const attnMask = tensor([
    [false, true, true],
    [false, false, true],
    [false, false, false],
  ]);
  const [, weights] = layer.call(x, x, x, { keyPaddingMask, attnMask });
  const data = await weights!.data();
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      const [padded, whole] = [data[i * 3 + j]!, data[9 + i * 3 + j]!];
      assertEquals(padded > 0, j <= i && j < 2);
      assertEquals(whole > 0, j <= i);
    }
  }
});

Deno.test("MultiheadAttention drops weights in training alone", async () => {
  const layer = new nn.MultiheadAttention(2, 1, { dropout: 1, bias: false });
  const x = ones([2, 1, 2]);
  assertEquals(await layer.call(x, x, x)[1]!.sum().item(), 0);
  assertAlmostEquals(
    await layer.eval().call(x, x, x)[1]!.sum().item(),
    2,
    1e-6,
  );
});

Deno.test("MultiheadAttention names what it rejects", () => {
  assertThrows(
    () => new nn.MultiheadAttention(5, 2),
    RangeError,
    "Cannot make MultiheadAttention with embedDim 5 and numHeads 2: numHeads",
  );
  assertThrows(
    () => new nn.MultiheadAttention(4, 2, { dropout: 2 }),
    RangeError,
    "dropout 2: expected 0 to 1",
  );
  const layer = new nn.MultiheadAttention(4, 2);
  const x = zeros([3, 1, 4]);
  assertThrows(
    () => layer.call(x, zeros([3, 1, 5]), x),
    TypeError,
    "with [3, 1, 4], [3, 1, 5], [3, 1, 4]",
  );
  assertThrows(
    () => layer.call(x, x, x, { attnMask: zeros([3, 2]) }),
    TypeError,
    "attnMask of shape [3, 2]: expected [3, 3]",
  );
  assertThrows(
    () => layer.call(x, x, x, { keyPaddingMask: zeros([2, 3]) }),
    TypeError,
    "keyPaddingMask of shape [2, 3]: expected [1, 3]",
  );
});

Deno.test("Embedding begins with zeros in its padding row", async () => {
  const layer = new nn.Embedding(4, 3, { paddingIdx: -1 });
  assertEquals(layer.paddingIdx, 3);
  await assertClose(layer.weight.select(0, 3), [0, 0, 0], 0);
  assertEquals(`${layer}`, "Embedding(4, 3, paddingIdx=3)");
  layer.call(tensor([3, 0], { dtype: "int32" })).sum().backward();
  const want = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  await assertClose(layer.weight.grad!, want, 0);
  assertThrows(() => new nn.Embedding(0, 3), RangeError, "numEmbeddings 0");
});
