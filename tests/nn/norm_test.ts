/**
 * Tests of norms as modules: state, modes, options. What they compute is tested
 * with their ops.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";

import * as nn from "../../src/nn/mod.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";

Deno.test("BatchNorm2d has torch's names in its state dict, in torch's order", () => {
  assertEquals([...new nn.BatchNorm2d(3).stateDict().keys()], [
    "weight",
    "bias",
    "running_mean",
    "running_var",
    "num_batches_tracked",
  ]);
  const bare = { affine: false, trackRunningStats: false };
  assertEquals([...new nn.BatchNorm1d(3, bare).stateDict().keys()], []);
  assertEquals([...new nn.InstanceNorm2d(3).stateDict().keys()], []);
  assertEquals(new nn.BatchNorm2d(3).parameters().length, 2);
});

Deno.test("BatchNorm1d counts batches and moves statistics in training alone", async () => {
  const layer = new nn.BatchNorm1d(1, { momentum: 0.5 });
  layer.call(tensor([[1], [3]]));
  assertEquals(await layer.numBatchesTracked!.item(), 1);
  assertEquals(await layer.runningMean!.item(), 1);
  assertEquals(await layer.runningVar!.item(), 1.5);
  layer.eval();
  const y = await layer.call(tensor([[1]])).item(); // the running mean
  assertEquals(y, 0);
  assertEquals(await layer.numBatchesTracked!.item(), 1);
  layer.resetRunningStats();
  assertEquals(await layer.runningVar!.item(), 1);
});

Deno.test("BatchNorm1d with momentum null keeps the mean over all batches", async () => {
  const layer = new nn.BatchNorm1d(1, { momentum: null });
  layer.call(tensor([[1], [3]]));
  layer.call(tensor([[5], [9]]));
  assertEquals(await layer.runningMean!.item(), 4.5);
  assertEquals(await layer.runningVar!.item(), 5);
});

Deno.test("BatchNorm1d without statistics normalizes by the batch in evaluation", async () => {
  const layer = new nn.BatchNorm1d(1, { trackRunningStats: false, eps: 0 });
  layer.eval();
  assertEquals(await layer.call(tensor([[1], [3]])).toArray(), [[-1], [1]]);
});

Deno.test("BatchNorm2d goes into float16 with its statistics", () => {
  const layer = new nn.BatchNorm2d(2).to("float16");
  const x = zeros([2, 2, 3, 3], { dtype: "float16" });
  assertEquals(layer.call(x).dtype, "float16");
  assertEquals(layer.numBatchesTracked!.dtype, "int32");
});

Deno.test("InstanceNorm2d takes images without a batch", () => {
  const layer = new nn.InstanceNorm2d(2, { affine: true });
  assertEquals(layer.call(ones([2, 3, 4])).shape, [2, 3, 4]);
  assertEquals(layer.call(ones([1, 2, 3, 4])).shape, [1, 2, 3, 4]);
  const line = new nn.InstanceNorm1d(2, { trackRunningStats: true });
  assertEquals(line.call(ones([2, 3])).shape, [2, 3]);
  assertEquals(line.eval().call(ones([5, 2, 3])).shape, [5, 2, 3]);
});

Deno.test("LayerNorm and GroupNorm begin as the identity of normalized rows", async () => {
  const layer = new nn.LayerNorm([2], { eps: 0 });
  assertEquals(await layer.call(tensor([[1, 3]])).toArray(), [[-1, 1]]);
  const group = new nn.GroupNorm(1, 2, { eps: 0 });
  assertEquals(await group.call(tensor([[1, 3]])).toArray(), [[-1, 1]]);
  const bare = new nn.LayerNorm(2, { elementwiseAffine: false });
  assertEquals(bare.parameters().length, 0);
});

Deno.test("norm layers print their options", () => {
  assertEquals(
    `${new nn.BatchNorm2d(3)}`,
    "BatchNorm2d(3, eps=0.00001, momentum=0.1, affine=true, " +
      "trackRunningStats=true)",
  );
  assertEquals(
    `${new nn.LayerNorm(4)}`,
    "LayerNorm(normalizedShape=[4], eps=0.00001, elementwiseAffine=true)",
  );
  assert(`${new nn.GroupNorm(2, 4)}`.startsWith("GroupNorm(2, 4, eps="));
});

Deno.test("norm layers name what they reject", () => {
  assertThrows(
    () => new nn.BatchNorm2d(0),
    RangeError,
    "Cannot make BatchNorm2d with numFeatures 0",
  );
  assertThrows(
    () => new nn.GroupNorm(3, 4),
    RangeError,
    "numGroups must divide numChannels",
  );
  assertThrows(
    () => new nn.BatchNorm2d(2).call(zeros([2, 2])),
    TypeError,
    "expected shape [N, C, H, W]",
  );
  assertThrows(
    () => new nn.InstanceNorm1d(2).call(zeros([2])),
    TypeError,
    "expected shape [N, C, L] or [C, L]",
  );
  assertThrows(
    () => new nn.LayerNorm(3).call(zeros([2, 2])),
    TypeError,
    "over [3]",
  );
});
