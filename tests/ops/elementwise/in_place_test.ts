import { assert, assertEquals, assertThrows } from "@std/assert";

import { grad } from "../../../src/autograd/backward.ts";
import { noGrad } from "../../../src/autograd/mode.ts";
import { compile } from "../../../src/compile/compile.ts";
import { memory } from "../../../src/gpu/pool.ts";
import { full, tensor } from "../../../src/tensor/create.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertClose } from "../_gradients.ts";

const leaf = { requiresGrad: true };

Deno.test("in-place arithmetic writes into the same buffer", async () => {
  const x = tensor([1, 2, 3]);
  const { storage } = x;
  x.add_(1).mul_(tensor([1, 2, 3])).sub_(x, { alpha: 0.5 }).div_(2);
  assertEquals([...await x.data()], [0.5, 1.5, 3]);
  assertEquals(x.storage === storage, true);
  assertEquals([...await x.clamp_(1, 2).data()], [1, 1.5, 2]);
});

Deno.test("in-place ops write through views, of packed bytes too", async () => {
  for (const dtype of ["float32", "int32", "uint8", "float16"] as const) {
    const x = full([3, 5], 1, { dtype });
    x.select(0, 1).fill_(7);
    x.slice(1, 1, 5, 2).add_(1);
    x.t().select(0, 4).copy_(tensor([9, 8, 7], { dtype }));
    assertEquals(await x.toArray(), [
      [1, 2, 1, 2, 9],
      [7, 8, 7, 8, 8],
      [1, 2, 1, 2, 7],
    ]);
  }
});

Deno.test("in-place ops leave the neighbours of an odd part alone", async () => {
  for (const dtype of ["float32", "uint8"] as const) {
    const x = full([7], 1, { dtype });
    x.slice(0, 0, 5).fill_(3);
    assertEquals([...await x.data()], [3, 3, 3, 3, 3, 1, 1]);
  }
});

Deno.test("in-place ops take another view of their own buffer", async () => {
  const x = tensor([1, 2, 3, 4]);
  x.slice(0, 0, 3).copy_(x.slice(0, 1, 4));
  assertEquals([...await x.data()], [2, 3, 4, 4]);
  x.add_(x.flip([0]).mul(10));
  assertEquals([...await x.data()], [42, 43, 34, 24]);
  const square = tensor([[1, 2], [3, 4]]);
  square.add_(square.t());
  assertEquals(await square.toArray(), [[2, 5], [5, 8]]);
});

Deno.test("gradients go on through in-place ops", async () => {
  const x = tensor([1, 2, 3], leaf);
  const w = tensor([10, 20, 30], leaf);
  const y = x.mul(2);
  y.add_(w).mul_(3);
  y.sum().backward();
  assertEquals([...await x.grad!.data()], [6, 6, 6]);
  assertEquals([...await w.grad!.data()], [3, 3, 3]);
});

Deno.test("gradients go through in-place ops whose rules need what was there before", async () => {
  // d(xw)/dw = x
  const x = tensor([1, 2, 3]);
  const w = tensor([4, 5, 6], leaf);
  x.mul_(w);
  assertEquals([...await x.data()], [4, 10, 18]);
  x.sum().backward();
  assertEquals([...await w.grad!.data()], [1, 2, 3]);

  // min(max(x^2, 2), 5): only 4 lies between the bounds
  const a = tensor([1, 2, 3], leaf);
  const b = tensor([4, 5, 6], leaf);
  a.mul(a).mul_(b).div_(b).clamp_(2, 5).sum().backward();
  assertEquals([...await a.grad!.data()], [0, 4, 0]);
  assertEquals([...await b.grad!.data()], [0, 0, 0]);

  // what PyTorch answers for bounds that are tensors, and through views
  const c = tensor([1, 2, 3], leaf);
  const low = tensor([4, 5, 6], leaf);
  c.mul(1).clamp_(low.mul(0.5), tensor([9, 2.2, 3])).sum().backward();
  assertEquals([...await c.grad!.data()], [0, 0, 1]);
  assertEquals([...await low.grad!.data()], [0.5, 0, 0]);
  const d = tensor([[1, 2], [3, 4]], leaf);
  const v = tensor([4, 5], leaf);
  const y = d.mul(1);
  y.select(0, 0).mul_(v);
  y.select(1, 1).div_(v);
  y.square().sum().backward();
  await assertClose(d.grad!, [32, 6.25, 6, 0.32], 1e-6);
  await assertClose(v.grad!, [4.875, 2.244], 1e-6);
});

Deno.test("in-place ops have second derivatives, and none is lost in float16", async () => {
  const x = tensor([1, 2], leaf);
  const w = tensor(3, leaf);
  const y = x.mul(1);
  y.sub_(w, { alpha: 2 }).mul_(w);
  y.add_(y);
  // y = 2w(x - 2w); d(y^2)/dw, and of that d/dx: PyTorch's
  const [dw] = grad(y.square().sum(), [w], { createGraph: true });
  assertEquals(await dw!.item(), 2280);
  assertEquals(await grad(dw!, [x])[0]!.toArray(), [-384, -336]);
  const half = full([3], 2, { dtype: "float16" });
  const factor = tensor([4, 5, 6], leaf);
  half.mul_(factor).sum().backward();
  assertEquals(half.dtype, "float16");
  assertEquals(await factor.grad!.toArray(), [2, 2, 2]);
});

Deno.test("in-place ops take themselves as operand, and parts of themselves", async () => {
  // PyTorch refuses these in backward
  const cases: [(y: Tensor) => Tensor, number[]][] = [
    [(y) => y.mul_(y), [2, 4, 6]],
    [(y) => y.div_(y), [0, 0, 0]],
    [(y) => y.mul_(y.select(0, 0)), [7, 1, 1]], // x0^2 + x1 x0 + x2 x0
    [(y) => y.mul_(y.flip([0])), [6, 4, 2]],
    [(y) => y.clamp_(y.mul(0.5), y.flip([0])), [2, 1, 0]],
  ];
  for (const [write, wanted] of cases) {
    const x = tensor([1, 2, 3], leaf);
    write(x.mul(1)).sum().backward();
    assertEquals(await x.grad!.toArray(), wanted, `${write}`);
  }
});

Deno.test("clamp_() takes bounds that lie in its own buffer as they were", async () => {
  for (const requiresGrad of [false, true]) {
    const x = tensor([-5, 3, 1], { requiresGrad });
    const y = x.mul(1);
    y.clamp_(0, y.select(0, 0));
    assertEquals(await y.toArray(), [-5, -5, -5]);
    if (!requiresGrad) continue;
    y.sum().backward();
    assertEquals(await x.grad!.toArray(), [3, 0, 0]);
  }
  const y = tensor([-5, 3, 1]);
  y.clamp_(y.select(0, 1), 2);
  assertEquals(await y.toArray(), [2, 2, 2]);
});

Deno.test("in-place ops have the same gradients in compiled functions", async () => {
  const step = (x: Tensor, factor: Tensor): Tensor => {
    const w = factor.detach().requiresGrad_();
    const y = x.mul(1);
    y.mul_(w).clamp_(w, 9).div_(w);
    return grad(y.square().sum(), [w])[0]!;
  };
  const compiled = compile(step);
  for (let i = 1; i < 5; i++) {
    const [x, w] = [tensor([i, 2, 0.5]), tensor([1, i, 3])];
    const wanted = await step(x, w).toArray();
    assertEquals(await compiled(x, w).toArray(), wanted);
  }
});

Deno.test("in-place ops copy nothing that no rule needs", () => {
  const x = tensor([1, 2], leaf);
  const y = x.exp();
  y.mul_(2);
  // exp saved its result, as in PyTorch
  assertThrows(() => y.sum().backward(), Error, "changed in place");
  const z = full([256, 1024], 1).requiresGrad_().mul(1);
  const { live } = memory();
  z.mul_(2).add_(1).sub_(3).div_(2);
  assertEquals(memory().live, live);
  z.clamp_(0);
  assertEquals(memory().live, live + 2 ** 20);
});

Deno.test("gradients stop where a part is overwritten", async () => {
  const x = tensor([[1, 2], [3, 4]], leaf);
  const w = tensor([5, 6], leaf);
  const y = x.mul(2);
  y.setAt([0], w);
  y.select(1, 1).zero_();
  assertEquals(await y.toArray(), [[5, 0], [6, 0]]);
  y.sum().backward();
  assertEquals(await x.grad!.toArray(), [[0, 0], [2, 0]]);
  assertEquals(await w.grad!.toArray(), [1, 0]);
});

Deno.test("a view that was written to carries its own gradient", async () => {
  const x = tensor([1, 2, 3, 4], leaf);
  const y = x.mul(1);
  const view = y.slice(0, 1, 3);
  view.mul_(10);
  view.sum().backward();
  assertEquals([...await x.grad!.data()], [0, 10, 10, 0]);
});

Deno.test("copy_() casts and broadcasts, and its source gets the gradient", async () => {
  const x = full([2, 2], 0);
  const source = tensor([1, 2], leaf);
  x.copy_(source);
  assertEquals(await x.toArray(), [[1, 2], [1, 2]]);
  x.sum().backward();
  assertEquals([...await source.grad!.data()], [2, 2]);
  const y = full([2], 0, { dtype: "int32" });
  assertEquals([...await y.copy_(tensor([1.9, -1.9])).data()], [1, -1]);
  assertEquals([...await y.fill_(2.7).data()], [2, 2]);
});

Deno.test("a leaf that requires a gradient is only written to inside noGrad", async () => {
  const x = tensor([1, 2], leaf);
  assertThrows(() => x.add_(1), Error, "noGrad");
  assertThrows(() => x.select(0, 0).zero_(), Error, "noGrad");
  noGrad(() => x.add_(1));
  assertEquals([...await x.data()], [2, 3]);
  assertEquals(x.isLeaf, true);
});

Deno.test("backward() refuses a saved value that was written to since", () => {
  const x = tensor([1, 2], leaf);
  const y = x.mul(2);
  const z = y.mul(y).sum();
  noGrad(() => y.add_(1));
  assertThrows(() => z.backward(), Error, "changed in place");
});

Deno.test("in-place ops refuse what does not fit, before they write", async () => {
  const x = tensor([1, 2], { dtype: "int32" });
  assertThrows(() => x.add_(1.5), TypeError, "float32");
  assertThrows(() => x.div_(2), TypeError, "float32");
  assertThrows(() => x.add_(full([3, 2], 1)), TypeError, "float32");
  assertThrows(
    () => x.add_(full([3, 2], 1, { dtype: "int32" })),
    TypeError,
    "[3, 2]",
  );
  assertThrows(() => full([1], 1).expand([3]).add_(1), TypeError, "expanded");
  assertEquals([...await x.data()], [1, 2]);
});

Deno.test("in-place ops are called by their names in errors, with gradients and without", () => {
  const x = tensor([1, 2], leaf);
  for (
    const [name, write] of [
      ["fill_", () => x.fill_(1)],
      ["zero_", () => x.zero_()],
      ["copy_", () => x.copy_(x.detach())],
      ["setAt", () => x.setAt([0], 1)],
      ["clamp_", () => x.clamp_(0, 1)],
      ["sub_", () => x.sub_(1, { alpha: 2 })],
    ] as const
  ) assertThrows(write, Error, `Cannot ${name} into float32`);
  for (const requiresGrad of [false, true]) {
    const source = tensor([1, 2, 3], { requiresGrad });
    const y = full([2], 1);
    assertThrows(() => y.copy_(source), TypeError, "Cannot expand [3] to [2]");
    assertThrows(() => y.mul_(source), TypeError, "Cannot mul [2] and [3]");
    const column = source.unsqueeze(1).expand([3, 2]);
    assertThrows(() => y.div_(column), TypeError, "Cannot div_ into float32");
  }
});

Deno.test("in-place ops keep no copies", () => {
  const x = full([256, 1024], 1);
  const y = full([256, 1024], 2);
  const factor = tensor([2], leaf);
  const { live } = memory();
  x.copy_(x.t().reshape([256, 1024]).mul_(2)).add_(x).copy_(y);
  y.dispose();
  x.add_(factor);
  assertEquals(x.requiresGrad, true);
  assert(memory().live <= live + 2 ** 20, "only what the test has made");
  x.sum().backward();
});

Deno.test("in-place ops make views taken before them unusable where gradients flow", () => {
  const x = tensor([1, 2], { requiresGrad: true });
  const y = x.mul(1);
  const before = y.select(0, 0);
  const detached = before.detach();
  y.mul_(2);
  assertThrows(() => before.mul(3), Error, "take the view again");
  assertThrows(() => before.backward(), Error, "take the view again");
  assertThrows(() => before.add_(1), Error, "take the view again");
  assertEquals(detached.mul(3).shape, []);
  assertEquals(noGrad(() => before.mul(3)).shape, []);
});

Deno.test("in-place ops on a view leave this view and later ones usable", async () => {
  const x = tensor([1, 2], { requiresGrad: true });
  const y = x.mul(1);
  const view = y.select(0, 0);
  view.mul_(2);
  view.mul_(3);
  view.add(y.select(0, 0)).backward(); // 6x + 6x
  assertEquals(await x.grad?.toArray(), [12, 0]);
});
