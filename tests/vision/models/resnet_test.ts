import { assertEquals, assertThrows } from "@std/assert";

import type * as nn from "../../../src/nn/mod.ts";
import { manualSeed } from "../../../src/tensor/generator.ts";
import { resnet18, resnet34 } from "../../../src/vision/models/resnet.ts";
import { made } from "../../ops/_gradients.ts";

function sizeOfAll(model: nn.Module): number {
  return model.parameters().reduce((sum, { size }) => sum + size, 0);
}

Deno.test("resnet18() and resnet34() have torchvision's parameters", () => {
  assertEquals(sizeOfAll(resnet18()), 11_689_512);
  assertEquals(sizeOfAll(resnet34()), 21_797_672);
  const names = [...resnet18().stateDict().keys()];
  assertEquals(names.length, 122);
  assertEquals(names[5], "bn1.num_batches_tracked");
  assertEquals(names.includes("layer2.0.downsample.1.running_var"), true);
});

Deno.test("resnet18() trains: the loss on one batch falls", async () => {
  manualSeed(1);
  const model = resnet18({ numClasses: 2, zeroInitResidual: true });
  const x = made([2, 3, 32, 32]);
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    model.zeroGrad();
    const [first, second] = model.call(x).logSoftmax(1).unbind(0);
    const loss = first!.select(0, 0).add(second!.select(0, 1)).neg();
    loss.backward();
    for (const parameter of [model.fc.weight, model.fc.bias!]) {
      parameter.requiresGrad_(false);
      parameter.sub_(parameter.grad!, { alpha: 0.05 });
      parameter.requiresGrad_();
    }
    losses.push(await loss.item());
  }
  assertEquals(losses[2]! < losses[0]!, true, `${losses}`);
  assertEquals(await model.bn1.numBatchesTracked!.item(), 3);
});

Deno.test("resnet18() refuses options that it does not have", () => {
  assertThrows(
    // what an untyped program may write
    () => Reflect.apply(resnet18, undefined, [{ weights: "IMAGENET1K_V1" }]),
    TypeError,
    'Cannot use "weights" as an option of ResNet',
  );
});
