/**
 * Tensors that share the memory of parameters, of gradients, or of both, while
 * optimizers lay them elsewhere.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import {
  compile,
  noGrad,
  ones,
  optim,
  type Tensor,
  tensor,
  zeros,
} from "@kindling/kindling";

/** A step by SGD with rate 1 and gradients of 1. */
function stepOf(w: Tensor, optimizer: optim.Optimizer): void {
  optimizer.zeroGrad();
  w.sum().backward();
  optimizer.step();
}

const sgd = (...params: Tensor[]) => new optim.SGD(params, { lr: 1 });

Deno.test("Optimizer takes views of a parameter along", async () => {
  const w = tensor([[1, 2], [3, 4]], { requiresGrad: true });
  const views = noGrad(() => [w.detach(), w.transpose(0, 1), w.at(1)]);
  stepOf(w, sgd(w));
  assertEquals(await views[0]!.toArray(), [[0, 1], [2, 3]]);
  assertEquals(await views[1]!.toArray(), [[0, 2], [1, 3]]);
  assertEquals(await views[2]!.toArray(), [2, 3]);
  noGrad(() => views[2]!.fill_(7));
  assertEquals(await w.toArray(), [[0, 1], [7, 7]]);
});

Deno.test("Optimizers in turns take views along, those of any time", async () => {
  const w = tensor([10, 20], { requiresGrad: true });
  const other = zeros([3], { requiresGrad: true });
  const views = [w.detach()];
  const first = sgd(other, w);
  views.push(w.detach());
  const second = sgd(w);
  views.push(w.detach());
  for (const [i, optimizer] of [second, first, first, second].entries()) {
    stepOf(w, optimizer);
    for (const view of [w, ...views]) {
      assertEquals(await view.toArray(), [9 - i, 19 - i]);
    }
  }
});

Deno.test("Optimizer steps parts of a tensor in their place", async () => {
  const whole = tensor([1, 2, 3, 4, 5, 6]);
  const part = whole.narrow(0, 1, 3).requiresGrad_();
  const turned = whole.reshape([2, 3]).transpose(0, 1).requiresGrad_();
  stepOf(part, sgd(part));
  assertEquals(await whole.toArray(), [1, 1, 2, 3, 5, 6]);
  stepOf(turned, sgd(turned));
  assertEquals(await whole.toArray(), [0, 0, 1, 2, 4, 5]);
  assertEquals(await part.toArray(), [0, 1, 2]);
  whole.fill_(8);
  stepOf(part, new optim.Adam([part], { lr: 1, eps: 0 }));
  assertEquals(await whole.toArray(), [8, 7, 7, 7, 8, 8]);
});

Deno.test("Optimizer steps two parts of one tensor", async () => {
  const whole = ones([4]);
  const [a, b] = [0, 2].map((at) => whole.narrow(0, at, 2).requiresGrad_());
  const optimizer = sgd(a!, b!);
  a!.sum().add(b!.mul(3).sum()).backward();
  optimizer.step();
  assertEquals(await whole.toArray(), [0, 0, -2, -2]);
});

Deno.test("Optimizer leaves a graph that is older than itself", async () => {
  const [v, w] = [3, 5].map((x) => tensor([x], { requiresGrad: true }));
  const product = v!.mul(w!);
  sgd(v!, w!);
  product.backward();
  assertEquals(await v!.grad!.toArray(), [5]);
  assertEquals(await w!.grad!.toArray(), [3]);
});

Deno.test("Optimizer takes a view along inside a compiled step", async () => {
  const w = tensor([10], { requiresGrad: true });
  const whole = zeros([2]);
  const part = whole.narrow(0, 1, 1).requiresGrad_();
  const view = w.detach();
  const read = compile((x: Tensor) => view.add(x));
  for (let i = 0; i < 4; i++) {
    assertEquals(await read(ones([1])).toArray(), [11]);
  }
  const optimizer = sgd(w, part);
  const step = compile((x: Tensor) => {
    optimizer.zeroGrad();
    w.mul(x).add(part).sum().backward();
    optimizer.step();
    return view.add(whole.sum());
  });
  for (let i = 1; i <= 6; i++) {
    assertEquals(await step(ones([1])).toArray(), [10 - 2 * i]);
    assertEquals(await read(ones([1])).toArray(), [11 - i]);
    assertEquals(await whole.toArray(), [0, -i]);
  }
});

Deno.test("Optimizer refuses a parameter with elements that are one", () => {
  const w = ones([1]).expand([3]).requiresGrad_();
  assertThrows(() => sgd(w), TypeError, "elements share memory");
});

Deno.test("Tensor.grad keeps its views' values when gradients are forgotten", async () => {
  const w = zeros([2], { requiresGrad: true });
  const optimizer = sgd(w);
  const kept: Tensor[] = [];
  for (const factor of [1, 2, 3]) {
    optimizer.zeroGrad();
    w.mul(factor).sum().backward();
    kept.push(w.grad!.detach(), w.grad!.narrow(0, 1, 1));
  }
  w.mul(4).sum().backward();
  const values = await Promise.all(kept.map((each) => each.toArray()));
  // 3 + 4: the last one was added to
  assertEquals(values, [[1, 1], [1], [2, 2], [2], [7, 7], [7]]);
});

Deno.test("Tensor.grad that was there before an optimizer goes on", async () => {
  const w = zeros([2], { requiresGrad: true });
  w.sum().backward();
  const grad = w.grad!;
  const optimizer = sgd(w);
  w.sum().backward();
  assertEquals(await grad.toArray(), [2, 2]);
  optimizer.zeroGrad();
  w.mul(5).sum().backward();
  assertEquals(await grad.toArray(), [2, 2]);
  assertEquals(await w.grad!.toArray(), [5, 5]);
});
