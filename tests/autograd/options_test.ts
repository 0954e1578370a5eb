import { grad } from "../../src/autograd/backward.ts";
import { gradcheck } from "../../src/autograd/gradcheck.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { testUnknownOptions } from "../unknown_options.ts";

const leaf = (): Tensor => tensor([1, 2], { requiresGrad: true });

testUnknownOptions([
  ["backward", (options) => leaf().sum().backward(undefined, options)],
  ["grad", (options) => grad(leaf().sum(), [leaf()], options)],
  ["gradcheck", (options) => gradcheck((x) => x.square(), [leaf()], options)],
]);
