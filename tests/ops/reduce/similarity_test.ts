import { assertEquals, assertThrows } from "@std/assert";

import * as F from "../../../src/nn/functional.ts";
import { ones, tensor, zeros } from "../../../src/tensor/create.ts";
import { assertClose, assertRows, made } from "../_gradients.ts";

Deno.test("cosineSimilarity() and its kin broadcast before they reduce", async () => {
  const a = tensor([[1, 2], [3, 4]]);
  const b = tensor([[1, 2]]);
  const r = Math.SQRT1_2;
  await assertRows({
    "dim 0": [
      () => F.cosineSimilarity(a, b, { dim: 0 }),
      [2],
      [4 * r / Math.sqrt(10), 6 * r / Math.sqrt(20)],
    ],
    "dim 1": [
      () => F.cosineSimilarity(a, b),
      [2],
      [1, 11 / (5 * Math.sqrt(5))],
    ],
    "of columns": [
      () => F.cosineSimilarity(a, tensor([[2], [2]])),
      [2],
      [3 / Math.sqrt(10), 7 * r / 5],
    ],
    "of a vector and rows": [
      () => F.cosineSimilarity(tensor([1, 2]), a, { dim: -1 }),
      [2],
      [1, 11 / (5 * Math.sqrt(5))],
    ],
    pairwiseDistance: [
      () => F.pairwiseDistance(a, tensor([[1], [1]]), { eps: 0 }),
      [2],
      [1, Math.sqrt(13)],
    ],
    cosineEmbeddingLoss: [
      () => F.cosineEmbeddingLoss(a, tensor([[2], [2]]), ones([2])),
      [],
      [1 - (3 / Math.sqrt(10) + 7 * r / 5) / 2],
    ],
    "klDiv by batch": [
      () =>
        F.klDiv(zeros([1, 2]), ones([3, 2]).mul(Math.E), {
          reduction: "batchmean",
        }),
      [],
      [6 * Math.E], // by the rows of the input, as in torch
    ],
    "klDiv by batch of one target": [
      () =>
        F.klDiv(zeros([3, 2]), ones([1, 2]).mul(Math.E), {
          reduction: "batchmean",
        }),
      [],
      [2 * Math.E],
    ],
    "klDiv by batch without dims": [
      () =>
        F.klDiv(tensor(0), ones([2]).mul(Math.E), { reduction: "batchmean" }),
      [],
      [2 * Math.E],
    ],
    tripletMarginLoss: [
      () =>
        F.tripletMarginLoss(a, b, tensor([[0, 0]]), {
          eps: 0,
          reduction: "none",
        }),
      [2],
      [0, Math.max(0, 1 + Math.sqrt(8) - 5)],
    ],
  });
  const x = made([1, 2], [1, 2]).requiresGrad_();
  F.cosineSimilarity(a, x, { dim: 0 }).sum().backward();
  assertEquals(x.grad!.shape, [1, 2]);
  // both rows are the same number: the cosine does not change with it
  await assertClose(x.grad!, [0, 0], 1e-6);
  assertThrows(
    () => F.cosineEmbeddingLoss(a, b, ones([1, 1])),
    TypeError,
    "expected inputs [N, D] and targets [N], or [D] and []",
  );
});

Deno.test("cosineSimilarity() lets gradients through its bound, as PyTorch does", async () => {
  const x = tensor([[1e-9, 2e-9]], { requiresGrad: true });
  F.cosineSimilarity(x, ones([1, 2])).sum().backward();
  await assertClose(x.grad!, [68589357.7751, 66468037.43154], 1e-5);
});
