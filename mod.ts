/**
 * Kindling: deep learning in TypeScript on WebGPU.
 *
 * @module
 */

export {
  arange,
  eye,
  fromHost,
  full,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from "./src/tensor/create.ts";
export { Tensor } from "./src/tensor/tensor.ts";
export { noGrad } from "./src/autograd/mode.ts";
export { grad } from "./src/autograd/backward.ts";
export { scope } from "./src/tensor/scope.ts";
export { memory } from "./src/gpu/pool.ts";
export * as F from "./src/nn/functional.ts";
export {
  bernoulli,
  rand,
  randint,
  randn,
  type RandomOptions,
  type RandomSource,
  randperm,
} from "./src/ops/random.ts";
