/**
 * Mistakes that a compiler would find, made in programs that none has checked:
 * every one is refused where it is made, and named.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";

import { data, F, nn, optim, save, tensor, zeros } from "../../mod.ts";
import { checkOptionNames, formatValue } from "../../src/tensor/arguments.ts";

// Reflect calls without types.
const call = (target: CallableFunction, ...args: unknown[]) => () =>
  Reflect.apply(target, undefined, args);
const make = (target: NewableFunction, ...args: unknown[]) => () =>
  Reflect.construct(target, args);

const x = zeros([2, 3]);
const linear = new nn.Linear(3, 2);
const params = linear.parameters();

const MISTAKES: Readonly<Record<string, readonly [() => unknown, string]>> = {
  "sizes one by one": [call(zeros, 2, 3), "of shape 2: expected an array"],
  "reshape by numbers": [
    () => Reflect.apply(x.reshape, x, [3, 2]),
    "Cannot reshape [2, 3] to 3: expected an array",
  ],
  "permute by numbers": [
    () => Reflect.apply(x.permute, x, [1, 0]),
    "Cannot permute [2, 3] by 1: expected an array",
  ],
  "a device": [
    () => Reflect.apply(x.to, x, ["cuda"]),
    'Cannot make a tensor of type "cuda": expected "float32"',
  ],
  "a Float64Array": [
    call(tensor, new Float64Array(2)),
    "Cannot make a tensor of a Float64Array: expected a Float32Array",
  ],
  "strings": [call(tensor, ["a"]), 'Cannot make a tensor of "a"'],
  "no values": [call(tensor), "Cannot make a tensor of undefined"],
  "a sum with undefined": [
    () => Reflect.apply(x.add, x, []),
    "Cannot add undefined: expected a tensor",
  ],
  "a product with an array": [
    () => Reflect.apply(x.matmul, x, [[[1]]]),
    "Cannot matmul [2, 3] and an array: expected a tensor",
  ],
  "an array for a layer": [
    () => Reflect.apply(linear.call, linear, [[1, 2, 3]]),
    "Cannot linear an array: expected a tensor",
  ],
  "an array of targets": [
    call(F.crossEntropy, x, [0, 1]),
    "of [2, 3] with targets an array: expected a tensor",
  ],
  "a loss's unknown option": [
    call(F.crossEntropy, x, tensor([0, 1], { dtype: "int32" }), { weights: 1 }),
    '"weights" as an option of crossEntropy: expected weight, ignoreIndex',
  ],
  "a pool's stride in torch's place": [
    call(F.maxPool2d, zeros([1, 1, 4, 4]), 3, 2),
    "Cannot use 2 as the options of maxPool2d: expected a record of stride",
  ],
  "a convolution's stride in torch's place": [
    make(nn.Conv2d, 1, 8, 3, 2),
    "Cannot use 2 as the options of Conv2d: expected a record of stride",
  ],
  "a convolution's unknown option": [
    make(nn.Conv2d, 1, 8, 3, { pading: 1 }),
    '"pading" as an option of Conv2d: expected stride, padding',
  ],
  "a bias in torch's place": [
    make(nn.Linear, 3, 2, false),
    "Cannot use false as the options of Linear: expected a record of bias",
  ],
  "a function among modules": [
    make(nn.Sequential, linear, F.relu),
    'Cannot make Sequential with a function as "1": expected modules',
  ],
  "an array of modules": [
    make(nn.Sequential, [linear]),
    'Cannot make Sequential with an array as "0": expected modules',
  ],
  "a model instead of parameters": [
    make(optim.SGD, linear, { lr: 1 }),
    "Cannot train a Linear with SGD: expected parameters",
  ],
  "a rate in torch's place": [
    make(optim.SGD, params, 0.1),
    "Cannot use 0.1 as the options of SGD: expected a record of lr",
  ],
  "a hyperparameter of another optimizer": [
    make(optim.SGD, params, { lr: 1, betas: [0.9, 0.99] }),
    '"betas" as an option of SGD: expected lr, momentum',
  ],
  "a loader's unknown option": [
    make(data.DataLoader, new data.TensorDataset(x), { shufle: true }),
    '"shufle" as an option of DataLoader: expected batchSize, shuffle',
  ],
  "an array instead of a dataset": [
    make(data.DataLoader, [1, 2, 3]),
    "Cannot load samples of an array: expected a Dataset",
  ],
};

for (const [mistake, [run, message]] of Object.entries(MISTAKES)) {
  Deno.test(`${mistake}: refused with a TypeError`, () => {
    assertThrows(run, TypeError, message);
  });
}

Deno.test("save() asks for the file before the parts", async () => {
  const error = await Reflect.apply(save, undefined, [{}, "x"])
    .then(() => undefined, (error: unknown) => error);
  assertEquals(String(error).includes("Cannot use an object as a"), true);
});

Deno.test("checkOptionNames() takes records of known names", () => {
  checkOptionNames("Linear", {}, ["bias"]);
  checkOptionNames("Linear", { bias: undefined }, ["bias"]);
});

Deno.test("formatValue() names what it can't write", () => {
  const values = [3, "a", 1n, null, undefined, [1], {}, x, () => {}];
  assertEquals(values.map(formatValue), [
    "3",
    '"a"',
    "1n",
    "null",
    "undefined",
    "an array",
    "an object",
    "a Tensor",
    "a function",
  ]);
});
