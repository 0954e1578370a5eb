/**
 * Tests of layers as modules: shapes, parameters, options. What they compute is
 * tested with their ops.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";

import * as F from "../../src/nn/functional.ts";
import * as nn from "../../src/nn/mod.ts";
import { randn } from "../../src/ops/random/random.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { manualSeed } from "../../src/tensor/generator.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { LeNet } from "../../src/vision/models/lenet.ts";
import { MLP } from "../../src/vision/models/mlp.ts";
import { MnistCNN } from "../../src/vision/models/mnist_cnn.ts";

Deno.test("Linear and Conv2d draw parameters within 1 / sqrt(fan in)", async () => {
  manualSeed(1);
  const layers: [nn.Module, number][] = [
    [new nn.Linear(25, 40), 25],
    [new nn.Conv2d(4, 8, [3, 5], { groups: 2 }), 30],
  ];
  for (const [layer, fanIn] of layers) {
    const bound = 1 / Math.sqrt(fanIn);
    for (const parameter of layer.parameters()) {
      const values = [...await parameter.data()];
      assert(values.every((value) => Math.abs(value) <= bound));
      const largest = Math.max(...values.map(Math.abs));
      assert(largest > 0.7 * bound, `${largest} of ${bound}`);
    }
  }
});

Deno.test("the same seed draws the same parameters", async () => {
  manualSeed(8);
  const first = await new nn.Linear(3, 3).weight.data();
  manualSeed(8);
  assertEquals(await new nn.Linear(3, 3).weight.data(), first);
});

Deno.test("layers have torch's shapes", () => {
  const image = zeros([2, 4, 9, 9]);
  const cases: [nn.Module, number[]][] = [
    [new nn.Conv2d(4, 6, 3, { stride: 2, padding: 1 }), [2, 6, 5, 5]],
    [new nn.Conv2d(4, 6, [1, 3], { groups: 2 }), [2, 6, 9, 7]],
    [new nn.ConvTranspose2d(4, 6, 2, { stride: 2 }), [2, 6, 18, 18]],
    [new nn.MaxPool2d(3, { stride: 2 }), [2, 4, 4, 4]],
    [new nn.AvgPool2d(2), [2, 4, 4, 4]],
    [new nn.AdaptiveAvgPool2d(1), [2, 4, 1, 1]],
    [new nn.Flatten(), [2, 324]],
    [new nn.Flatten(0), [648]],
    [new nn.Flatten(1, 2), [2, 36, 9]],
    [new nn.Linear(9, 5), [2, 4, 9, 5]],
    [new nn.Softmax(1), [2, 4, 9, 9]],
    [new nn.LogSoftmax(-1), [2, 4, 9, 9]],
  ];
  for (const [layer, shape] of cases) {
    assertEquals(layer.call(image).shape, shape, `${layer}`);
  }
  assertEquals(new nn.Linear(9, 5).call(zeros([0, 9])).shape, [0, 5]);
});

Deno.test("activations compute their functions", async () => {
  const x = [-2, -0.5, 0, 1.5];
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
  const cases: [nn.Module, (v: number) => number][] = [
    [new nn.ReLU(), (v) => Math.max(v, 0)],
    [new nn.Sigmoid(), sigmoid],
    [new nn.Tanh(), Math.tanh],
    [new nn.SiLU(), (v) => v * sigmoid(v)],
    [new nn.LeakyReLU(), (v) => v > 0 ? v : 0.01 * v],
    [new nn.LeakyReLU(0.3), (v) => v > 0 ? v : 0.3 * v],
    [
      new nn.GELU("tanh"),
      (v) =>
        v / 2 * (1 +
          Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))),
    ],
    [new nn.Identity(), (v) => v],
  ];
  for (const [layer, compute] of cases) {
    const got = await layer.call(tensor(x)).data();
    x.forEach((v, i) => assertAlmostEquals(got[i]!, compute(v), 2e-6));
  }
  // x P(X <= x) of a normal X
  const gelu = await new nn.GELU().call(tensor([1])).item();
  assertAlmostEquals(gelu, 0.8413447460685429, 1e-6);
});

Deno.test("Dropout drops in training alone", async () => {
  const layer = new nn.Dropout(0.5);
  const dropped = await layer.call(ones([1000])).data();
  const zeroCount = dropped.filter((value) => value === 0).length;
  assert(zeroCount > 400 && zeroCount < 600, `${zeroCount} zeros`);
  assert(dropped.every((value) => value === 0 || value === 2));
  layer.eval();
  assertEquals(await layer.call(ones([3])).toArray(), [1, 1, 1]);
});

Deno.test("losses keep weights of classes in the state dict, as torch does", async () => {
  const logits = tensor([[0, 0], [0, 0]]);
  const target = tensor([0, 1], { dtype: "int32" });
  for (const Loss of [nn.CrossEntropyLoss, nn.NLLLoss]) {
    const loss = new Loss({ weight: tensor([1, 3]), reduction: "sum" });
    assertEquals([...loss.stateDict().keys()], ["weight"]);
    assertEquals(loss.parameters(), []);
    loss.loadStateDict(new Map([["weight", tensor([2, 0])]]));
    const heavy = await loss.call(logits, target).item();
    const bare = await new Loss({ reduction: "sum" })
      .call(logits.slice(0, 0, 1), target.slice(0, 0, 1)).item();
    assertAlmostEquals(heavy, 2 * bare, 1e-6); // 2 l_0 + 0 l_1
    assertEquals([...new Loss().stateDict().keys()], []);
  }
});

Deno.test("losses take their options from the constructor", async () => {
  const logits = tensor([[0, 0], [0, 0]]);
  const target = tensor([0, 1], { dtype: "int32" });
  const sum = new nn.CrossEntropyLoss({ reduction: "sum" });
  assertAlmostEquals(await sum.call(logits, target).item(), 2 * Math.LN2, 1e-6);
  const nll = new nn.NLLLoss();
  assertEquals(await nll.call(tensor([[-1, -3], [-2, -5]]), target).item(), 3);
  const mse = new nn.MSELoss();
  assertEquals(await mse.call(tensor([1, 3]), tensor([0, 0])).item(), 5);
  assertEquals(`${sum}`, `CrossEntropyLoss(reduction="sum")`);
  assertThrows(
    () =>
      Reflect.construct(nn.MSELoss, [{ reduction: "max" }])
        .call(logits, logits),
    RangeError,
    "max",
  );
});

Deno.test("convolutions of any number of dims are their functions", async () => {
  const options = { stride: 2, padding: 1, groups: 2 };
  const cases: [
    nn.Module & { weight: nn.Parameter; bias: nn.Parameter | undefined },
    (x: Tensor, w: Tensor, b: Tensor | undefined) => Tensor,
    number[],
    number[],
  ][] = [
    [
      new nn.Conv1d(4, 6, 3, options),
      (x, w, b) => F.conv1d(x, w, b, options),
      [2, 4, 9],
      [6, 2, 3],
    ],
    [
      new nn.Conv3d(4, 6, [1, 2, 3], options),
      (x, w, b) => F.conv3d(x, w, b, options),
      [2, 4, 5, 5, 5],
      [6, 2, 1, 2, 3],
    ],
    [
      new nn.ConvTranspose1d(4, 6, 3, { ...options, outputPadding: 1 }),
      (x, w, b) => F.convTranspose1d(x, w, b, { ...options, outputPadding: 1 }),
      [2, 4, 9],
      [4, 3, 3],
    ],
    [
      new nn.ConvTranspose2d(4, 6, 3, { ...options, bias: false }),
      (x, w, b) => F.convTranspose2d(x, w, b, options),
      [2, 4, 5, 5],
      [4, 3, 3, 3],
    ],
  ];
  for (const [layer, run, shape, weight] of cases) {
    assertEquals(layer.weight.shape, weight);
    const x = randn(shape, { seed: 3 });
    const expected = run(x, layer.weight, layer.bias);
    assertEquals(await layer.call(x).data(), await expected.data());
  }
  assertThrows(
    // what an untyped program may write
    () => Reflect.construct(nn.Conv3d, [1, 1, [2, 2]]),
    TypeError,
    "expected one number or three",
  );
});

Deno.test("layers refuse impossible sizes", () => {
  const cases: [() => nn.Module, string][] = [
    [() => new nn.Linear(-1, 2), "Cannot make Linear with inFeatures -1"],
    [() => new nn.Linear(1.5, 2), "inFeatures 1.5"],
    [() => new nn.Conv2d(0, 2, 3), "inChannels 0"],
    [() => new nn.Conv2d(1, 2, [3, 0]), "kernelSize 0"],
    [
      () => new nn.Conv2d(3, 2, 3, { groups: 2 }),
      "and groups 2: groups must divide both",
    ],
    [
      () => new nn.ConvTranspose1d(3, 2, 3, { groups: 2 }),
      "groups must divide both",
    ],
    [() => new nn.Dropout(1.5), "p 1.5"],
    [() => new MLP([3]), "expected two or more"],
  ];
  for (const [make, message] of cases) assertThrows(make, RangeError, message);
});

Deno.test("Sequential is a list of its modules", () => {
  const model = new nn.Sequential(new nn.ReLU());
  const last = new nn.Tanh();
  model.append(last);
  assertEquals([model.length, model.at(-1) === last], [2, true]);
  assertEquals([...model], model.children());
  assertEquals(new nn.Sequential().call(ones([2])).shape, [2]);
});

Deno.test("the MNIST models have the parameters of their sources", () => {
  const models: [nn.Module, number][] = [
    [new LeNet(), 61_706],
    [new MnistCNN(), 1_199_882],
    [new MLP(), 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10],
  ];
  for (const [model, count] of models) {
    const sizes = model.parameters().map(({ size }) => size);
    assertEquals(sizes.reduce((a, b) => a + b), count);
    assertEquals(model.call(zeros([3, 1, 28, 28])).shape, [3, 10]);
  }
});
