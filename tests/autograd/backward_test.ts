import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";

import { grad } from "../../src/autograd/backward.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { memory } from "../../src/gpu/pool.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { full, tensor, zeros } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const leaf = { requiresGrad: true };

Deno.test("backward() adds gradients of several uses and several calls", async () => {
  const x = tensor([1, 2, 3], leaf);
  x.mul(x).add(x).sum().backward(); // 2x + 1
  assertEquals(await x.grad?.toArray(), [3, 5, 7]);
  x.sum().backward();
  assertEquals(await x.grad?.toArray(), [4, 6, 8]);
});

Deno.test("backward() sums over what broadcasting has repeated", async () => {
  const row = tensor([1, 2, 3], leaf);
  const column = tensor([[1], [10]], leaf);
  row.mul(column).sum().backward();
  assertEquals(await row.grad?.toArray(), [11, 11, 11]);
  assertEquals(await column.grad?.toArray(), [[6], [6]]);
});

Deno.test("backward() gives leaves that share a gradient their own copies", async () => {
  const a = tensor([1, 2], leaf);
  const b = tensor([3, 4], leaf);
  a.add(b).sum().backward();
  assert(a.grad && b.grad && a.grad.storage !== b.grad.storage);
  assertEquals(await b.grad.toArray(), [1, 1]);
});

Deno.test("backward() leaves a gradient alone that was kept and forgotten", async () => {
  const x = tensor([1, 2], leaf);
  const optimizers = [
    undefined,
    new SGD([x], { lr: 0 }),
    new SGD([x], { lr: 0 }),
  ];
  for (const optimizer of optimizers) {
    optimizer?.zeroGrad();
    x.mul(3).sum().backward();
    const kept = x.grad;
    x.mul(4).sum().backward(); // added to the same tensor
    assertStrictEquals(x.grad, kept);
    assertEquals(await kept?.toArray(), [7, 7]);
    zeroGrad(x);
    x.mul(5).sum().backward();
    optimizer?.step();
    assertEquals(await kept?.toArray(), [7, 7]);
    assertEquals(await x.grad?.toArray(), [5, 5]);
    zeroGrad(x);
  }
});

function zeroGrad(x: Tensor): void {
  x.grad = undefined;
}

Deno.test("backward() takes the gradient of a tensor with dims", async () => {
  const x = tensor([1, 2], leaf);
  x.square().backward(tensor([1, 10]));
  assertEquals(await x.grad?.toArray(), [2, 40]);
});

Deno.test("backward() goes through views", async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]], leaf);
  const view = x.transpose(0, 1).slice(0, 1).select(1, 1); // 5, 6
  view.mul(tensor([1, 10])).sum().backward();
  assertEquals(await x.grad?.toArray(), [[0, 0, 0], [0, 1, 10]]);
});

Deno.test("backward() frees what ops saved, and says so when it is missed", () => {
  const x = tensor([1, 2], leaf);
  const y = x.mul(x).sum();
  y.backward();
  assertThrows(() => y.backward(), Error, "a second time");
});

Deno.test("backward() goes twice with retainGraph", async () => {
  const x = tensor([1, 2], leaf);
  const y = x.mul(x).sum();
  y.backward(undefined, { retainGraph: true });
  y.backward();
  assertEquals(await x.grad?.toArray(), [4, 8]);
});

Deno.test("backward() leaves no buffers behind but gradients", () => {
  const x = full([256, 1024], 1, leaf);
  const before = memory().live;
  const y = x.mul(x);
  const z = y.exp();
  const loss = z.sum();
  loss.backward();
  for (const made of [y, z, loss]) made.dispose();
  assertEquals(memory().live - before, 2 ** 20); // x.grad
  x.grad?.dispose();
});

Deno.test("backward() refuses tensors without a graph, and missing gradients", () => {
  assertThrows(() => zeros([1]).backward(), TypeError, "it does not depend on");
  const x = tensor([1, 2], leaf);
  assertThrows(() => x.mul(2).backward(), TypeError, "without a gradient");
  assertThrows(
    () => x.mul(2).backward(zeros([3])),
    TypeError,
    "with a gradient of shape [3]",
  );
});

Deno.test("noGrad() records nothing and switches back, also when it throws", () => {
  const x = tensor([1], leaf);
  assert(!noGrad(() => x.mul(2)).requiresGrad);
  assertThrows(() =>
    noGrad(() => {
      throw new Error("stop");
    })
  );
  assert(x.mul(2).requiresGrad);
  assert(!x.detach().requiresGrad);
});

Deno.test("noGrad() without a body lasts to the end of its block, awaits included", async () => {
  const x = tensor([1], { requiresGrad: true });
  {
    using _ = noGrad();
    assert(!x.mul(2).requiresGrad);
    await x.mul(2).data();
    assert(!x.mul(2).requiresGrad);
    assert(!noGrad(() => x.mul(2)).requiresGrad);
    assert(!x.mul(2).requiresGrad);
  }
  assert(x.mul(2).requiresGrad);
  assertThrows(() => {
    using _ = noGrad();
    throw new Error("stop");
  }, Error);
  assert(x.mul(2).requiresGrad);
});

Deno.test("noGrad() blocks may end in any order, and twice", () => {
  const x = tensor([1], { requiresGrad: true });
  const [first, second] = [noGrad(), noGrad()];
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert(!x.mul(2).requiresGrad);
  const late = noGrad(() => noGrad());
  second[Symbol.dispose]();
  assert(x.mul(2).requiresGrad);
  late[Symbol.dispose]();
  assert(x.mul(2).requiresGrad);
});

Deno.test("requiresGrad_() refuses integers and computed tensors", () => {
  const whole = tensor([1], { dtype: "int32" });
  assertThrows(() => whole.requiresGrad_(), TypeError, "only float tensors");
  const computed = tensor([1], leaf).mul(2);
  assertThrows(() => computed.requiresGrad_(), TypeError, "it is not a leaf");
});

Deno.test("grad() with createGraph gives second derivatives", async () => {
  const x = tensor([1, 2, 3], leaf);
  const [first] = grad(x.mul(x).mul(x).sum(), [x], { createGraph: true });
  assertEquals(await first?.toArray(), [3, 12, 27]); // 3x^2
  const [second] = grad(first!.sum(), [x]);
  assertEquals(await second?.toArray(), [6, 12, 18]); // 6x
  assertEquals(x.grad, undefined);
});

Deno.test("grad() gives zeros where nothing flows, and names what can't have any", async () => {
  const x = tensor([1, 2], leaf);
  const other = tensor([5], leaf);
  const [dx, none] = grad(x.sum(), [x, other]);
  assertEquals(await dx?.toArray(), [1, 1]);
  assertEquals(await none?.toArray(), [0]);
  assertThrows(
    () => grad(x.sum(), [zeros([2])]),
    TypeError,
    "it does not require one",
  );
});

Deno.test("grad() with createGraph differentiates constants, too: to 0", async () => {
  const x = tensor([1, 2], leaf);
  const other = tensor([5], leaf);
  const [first, none] = grad(x.mul(3).sum(), [x, other], { createGraph: true });
  const [second] = grad(first!.sum(), [x], { createGraph: true });
  const [third] = grad(second!.sum(), [x]);
  assertEquals(await first?.toArray(), [3, 3]);
  for (const zeros of [second, third]) {
    assertEquals(await zeros?.toArray(), [0, 0]);
  }
  assertEquals(await grad(none!.sum(), [other])[0]!.toArray(), [0]);
  // a penalty of it alone leaves gradients alone
  first!.square().sum().backward();
  assertEquals(x.grad, undefined);
  // beside others it is a number
  first!.mul(x).sum().backward();
  assertEquals(await x.grad!.toArray(), [3, 3]);
});

Deno.test("backward() with createGraph leaves gradients that can be differentiated", async () => {
  const x = tensor([1, 2], leaf);
  x.mul(3).sum().backward(undefined, { createGraph: true });
  assertEquals(await grad(x.grad!.sum(), [x])[0]!.toArray(), [0, 0]);
  x.mul(x).sum().backward(undefined, { createGraph: true });
  assertEquals(await x.grad!.toArray(), [5, 7]);
  assertEquals(await grad(x.grad!.sum(), [x])[0]!.toArray(), [2, 2]);
});

Deno.test("grad() without createGraph gives gradients that nothing is behind", () => {
  const x = tensor([1, 2], leaf);
  for (const y of [x.mul(3).sum(), x.mul(x).sum()]) {
    const [dx] = grad(y, [x]);
    assertThrows(
      () => dx!.sum().backward(),
      TypeError,
      "it does not depend on",
    );
  }
});

Deno.test("grad() with createGraph leaves the given gradient as it is, and no memory", () => {
  const x = full([256, 1024], 1, leaf);
  const given = full([256, 1024], 2);
  const { live } = memory();
  {
    using _ = scope();
    const options = { createGraph: true, gradient: given };
    const found = grad(x.alias(), [x], options)[0]!; // the gradient itself
    assert(found.requiresGrad && !given.requiresGrad);
    const other = grad(x.mul(3), [x], options)[0]!;
    assertEquals(memory().live, live + 2 ** 20 * 2);
    for (const each of [found, other]) each.dispose();
  }
  assertEquals(memory().live, live);
});
