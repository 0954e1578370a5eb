/**
 * Tests of modules: members and their names, modes, states, hooks, printing.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";

import { noGrad } from "../../src/autograd/mode.ts";
import * as nn from "../../src/nn/mod.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Has every kind of member, and some that are none. */
class Zoo extends nn.Module {
  readonly label = "zoo";
  inner: nn.Linear = new nn.Linear(2, 3);
  scale: nn.Parameter = new nn.Parameter(ones([3]));
  mean: nn.Buffer = new nn.Buffer(zeros([3]));
  cache: nn.Buffer = new nn.Buffer(zeros([1]), { persistent: false });
  blocks: nn.Module[] = [new nn.Linear(3, 3), new nn.ReLU()];
  tail: nn.Sequential = new nn.Sequential(new nn.Linear(3, 1), new nn.Tanh());
  plain: Tensor = zeros([2]);
  bias: nn.Parameter | undefined;

  forward(x: Tensor): Tensor {
    let y = this.inner.call(x).mul(this.scale);
    for (const block of this.blocks) y = block.call(y);
    return this.tail.call(y);
  }
}

const STATE = [
  "scale",
  "mean",
  "inner.weight",
  "inner.bias",
  "blocks.0.weight",
  "blocks.0.bias",
  "tail.0.weight",
  "tail.0.bias",
];

Deno.test("a module finds its members in torch's order, by torch's names", () => {
  const zoo = new Zoo();
  assertEquals([...zoo.stateDict().keys()], STATE);
  assertEquals(
    zoo.namedParameters().map(([name]) => name),
    STATE.filter((name) => name !== "mean"),
  );
  assertEquals(zoo.namedBuffers().map(([name]) => name), ["mean", "cache"]);
  assertEquals(zoo.namedModules().map(([name]) => name), [
    "",
    "inner",
    "blocks.0",
    "blocks.1",
    "tail",
    "tail.0",
    "tail.1",
  ]);
  assertEquals(zoo.children().length, 4);
  assertEquals(zoo.parameters({ recurse: false }), [zoo.scale]);
});

Deno.test("a field that is assigned anew is the new member", () => {
  const zoo = new Zoo();
  zoo.inner = new nn.Linear(2, 3, { bias: false });
  assertEquals([...zoo.stateDict().keys()].filter((n) => n.includes("inner")), [
    "inner.weight",
  ]);
});

Deno.test("a shared parameter is listed once, and in the state under both names", () => {
  const model = new nn.Sequential(new nn.Linear(3, 3), new nn.Linear(3, 3));
  const [first, second] = model.children();
  assert(first instanceof nn.Linear && second instanceof nn.Linear);
  second.weight = first.weight;
  assertEquals(model.parameters().length, 3);
  assertEquals(model.stateDict().size, 4);
  model.to("float16");
  assert(first.weight === second.weight);
});

Deno.test("a field that points back does not send the walk in circles", () => {
  class Child extends nn.Module {
    parent: nn.Module | undefined;
    weight: nn.Parameter = new nn.Parameter(ones([1]));
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  class Parent extends nn.Module {
    child: Child = new Child();
    forward(x: Tensor): Tensor {
      return this.child.call(x);
    }
  }
  const parent = new Parent();
  parent.child.parent = parent;
  assertEquals([...parent.stateDict().keys()], ["child.weight"]);
  assertEquals(parent.modules().length, 2);
});

Deno.test("registerBuffer() and its kin add members, by names that are free", () => {
  const zoo = new Zoo();
  zoo.registerBuffer("running_var", ones([3]));
  zoo.registerParameter("extra", new nn.Parameter(zeros([1])));
  zoo.registerModule("last", new nn.Linear(1, 1));
  const names = [...zoo.stateDict().keys()];
  assertEquals(names.slice(0, 4), ["scale", "extra", "mean", "running_var"]);
  assert(names.includes("last.weight"));
  for (const name of ["scale", "forward", "a.b", ""]) {
    assertThrows(
      () => zoo.registerBuffer(name, ones([1])),
      RangeError,
      `Cannot register "${name}" in Zoo`,
    );
  }
});

Deno.test("parameters are made outside of every scope", async () => {
  const zoo = scope(() => {
    const made = new Zoo();
    made.registerBuffer("later", ones([2]));
    return [made];
  })[0]!;
  assertEquals(await zoo.scale.toArray(), [1, 1, 1]);
  assertEquals(zoo.inner.weight.isDisposed, false);
});

Deno.test("train() and eval() reach every module", () => {
  const zoo = new Zoo();
  assert(zoo.modules().every(({ training }) => training));
  assert(zoo.eval() === zoo);
  assert(zoo.modules().every(({ training }) => !training));
  zoo.train();
  assert(zoo.modules().every(({ training }) => training));
});

Deno.test("apply() visits inner modules first", () => {
  const visited: string[] = [];
  new nn.Sequential(new nn.ReLU()).apply((module) => {
    visited.push(module.constructor.name);
  });
  assertEquals(visited, ["ReLU", "Sequential"]);
});

Deno.test("requiresGrad_() and zeroGrad() act on all parameters", () => {
  const model = new nn.Linear(2, 1);
  model.call(ones([3, 2])).sum().backward();
  assert(model.weight.grad);
  model.zeroGrad();
  assertEquals(model.weight.grad, undefined);
  model.requiresGrad_(false);
  assertEquals(model.call(ones([3, 2])).requiresGrad, false);
});

Deno.test("to() changes float parameters and buffers, and keeps who is trained", () => {
  const zoo = new Zoo();
  zoo.scale.requiresGrad_(false);
  zoo.registerBuffer("count", tensor([1], { dtype: "int32" }));
  zoo.to("float16");
  const types = [...zoo.stateDict()].map(([name, { dtype }]) =>
    `${name} ${dtype}`
  );
  assertEquals(
    types.filter((each) => !each.endsWith("float16")),
    ["count int32"],
  );
  assert(nn.isParameter(zoo.scale) && !zoo.scale.requiresGrad);
  assert(zoo.inner.weight.requiresGrad);
  assertThrows(
    () => zoo.to("int32"),
    TypeError,
    'expected "float32" or "float16"',
  );
});

Deno.test("loadStateDict() writes a clone's values back", async () => {
  const zoo = new Zoo();
  const saved = zoo.stateDict().clone();
  const before = await zoo.inner.weight.data();
  noGrad(() => nn.init.zeros_(zoo.inner.weight));
  assertEquals(await saved.get("inner.weight")!.data(), before);
  const result = zoo.loadStateDict(saved);
  assertEquals(result, { missingKeys: [], unexpectedKeys: [] });
  assertEquals(await zoo.inner.weight.data(), before);
  assert(zoo.inner.weight.requiresGrad);
  saved.dispose();
});

Deno.test("loadStateDict() lists all that does not fit, and writes nothing", async () => {
  const model = new nn.Linear(2, 3);
  const before = await model.weight.data();
  const state = new Map<string, Tensor | HostArray>([
    ["weight", zeros([3, 3])],
    ["more", zeros([1])],
  ]);
  const error = assertThrows(() => model.loadStateDict(state), TypeError);
  assertEquals(
    error.message,
    `Cannot load a state dict into Linear: missing: "bias"; unexpected: ` +
      `"more"; size mismatch for "weight": [3, 3] in the state dict, [3, 2] ` +
      `in the module`,
  );
  assertThrows(
    () => model.loadStateDict(state, { strict: false }),
    TypeError,
    "size mismatch",
  );
  assertEquals(await model.weight.data(), before);
  state.set("weight", new HostArray(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]));
  const result = model.loadStateDict(state, { strict: false });
  assertEquals(result, { missingKeys: ["bias"], unexpectedKeys: ["more"] });
  assertEquals(await model.weight.toArray(), [[1, 2], [3, 4], [5, 6]]);
});

Deno.test("forward hooks see inputs and output, and may replace them", async () => {
  const model = new nn.Identity();
  const seen: string[] = [];
  const before = model.registerForwardPreHook((_, [x]) => {
    seen.push(`in ${x.shape}`);
    return [x.mul(2)];
  });
  const after = model.registerForwardHook((_module, [x], y) => {
    seen.push(`out ${x.shape} ${y.shape}`);
    return y.add(1);
  });
  // what push returns is a number, and no output
  const watching = model.registerForwardHook((_m, _x, y) => seen.push(`${y}`));
  assertEquals(await model.call(ones([2])).toArray(), [3, 3]);
  assertEquals(seen, ["in 2", "out 2 2", "Tensor(float32 [2])"]);
  for (const handle of [before, after, watching]) handle.remove();
  after.remove();
  assertEquals(await model.call(ones([2])).toArray(), [1, 1]);
  assertEquals(seen.length, 3);
});

Deno.test("backward hooks get the gradients of one call", async () => {
  const layer = new nn.Linear(2, 2, { bias: false });
  layer.loadStateDict(new Map([["weight", tensor([[1, 2], [3, 4]])]]));
  const seen: (Tensor | undefined)[] = [];
  const hook = layer.registerBackwardHook((module, [dx], dy) => {
    assert(module === layer);
    seen.push(dx?.keep(), dy.keep());
  });
  const x = tensor([[1, 1]], { requiresGrad: true });
  // x is used outside of the layer, too: that gradient is not the layer's
  layer.call(x).sum().add(x.mul(10).sum()).backward();
  assertEquals(await seen[0]!.toArray(), [[4, 6]]); // column sums
  assertEquals(await seen[1]!.toArray(), [[1, 1]]);
  assertEquals(await x.grad!.toArray(), [[14, 16]]);

  layer.call(tensor([[1, 1]])).sum().backward(); // an input without a gradient
  assertEquals(seen[2], undefined);
  assertEquals(await seen[3]!.toArray(), [[1, 1]]);
  hook.remove();
  layer.call(x).sum().backward();
  assertEquals(seen.length, 4);
});

Deno.test("a backward hook replaces the gradient of the only input", async () => {
  const model = new nn.ReLU();
  model.registerBackwardHook((_module, [dx]) => [dx?.mul(3)]);
  const x = ones([2], { requiresGrad: true });
  model.call(x).sum().backward();
  assertEquals(await x.grad!.toArray(), [3, 3]);
});

Deno.test("toString() draws the tree of modules", () => {
  const model = new nn.Sequential({
    conv: new nn.Conv2d(1, 2, 3, { stride: [2, 1], bias: false }),
    head: new nn.Sequential(new nn.Flatten(), new nn.Linear(4, 2)),
    slope: new nn.LeakyReLU(0.2),
  });
  assertEquals(
    `${model}`,
    `Sequential(
  (conv): Conv2d(1, 2, kernelSize=[3, 3], stride=[2, 1], bias=false)
  (head): Sequential(
    (0): Flatten()
    (1): Linear(4, 2, bias=true)
  )
  (slope): LeakyReLU(negativeSlope=0.2)
)`,
  );
  assertEquals(Deno.inspect(new nn.ReLU()), "ReLU()");
});

Deno.test("call() names a class that has no forward", () => {
  class Headless extends nn.Sequential {}
  const module = new Headless();
  Object.defineProperty(module, "forward", { value: undefined });
  assertThrows(
    () => module.call(zeros([1])),
    TypeError,
    "Cannot call Headless: the class has no forward()",
  );
});
