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
export { type NestedValues, type TensorOptions } from "./src/tensor/create.ts";
export { Tensor } from "./src/tensor/tensor.ts";
export type { NestedNumbers, ReduceOptions } from "./src/tensor/tensor.ts";
export type { DType, TypedArray } from "./src/tensor/dtype.ts";
export type { Shape } from "./src/tensor/shape.ts";
export { HostArray } from "./src/tensor/host_array.ts";
export {
  defaultGenerator,
  Generator,
  type GeneratorState,
  manualSeed,
} from "./src/tensor/generator.ts";
export {
  type Differentiable,
  gradcheck,
  type GradcheckOptions,
} from "./src/autograd/gradcheck.ts";
export { cat, stack } from "./src/ops/movement/join.ts";
export { einsum } from "./src/ops/matmul/einsum.ts";
export { where } from "./src/ops/elementwise/arithmetic.ts";
export type {
  AddOptions,
  DivOptions,
  NanToNumOptions,
} from "./src/ops/elementwise/arithmetic.ts";
export type { ValuesAndIndices } from "./src/ops/index/arg_extreme.ts";
export type { IndexItem } from "./src/ops/index/at.ts";
export type { Operand } from "./src/ops/map/map.ts";
export type { PadMode, PadOptions } from "./src/ops/index/padding.ts";
export type { Dims } from "./src/ops/reduce/reduce.ts";
export type { SortOptions, TopkOptions } from "./src/ops/index/sort.ts";
export { type VarianceOptions, varMean } from "./src/ops/reduce/statistics.ts";
export { noGrad } from "./src/autograd/mode.ts";
export { type BackwardOptions, grad } from "./src/autograd/backward.ts";
export { type KernelTime, Profile, profile } from "./src/gpu/profiler.ts";
export {
  compile,
  type CompileOptions,
  explain,
} from "./src/compile/compile.ts";
export { tune, type Tuned } from "./src/ops/tune.ts";
export { Scope, scope } from "./src/tensor/scope.ts";
export {
  adapter,
  type AdapterClass,
  type AdapterInfo,
} from "./src/gpu/device.ts";
export { memory, type MemoryUse } from "./src/gpu/pool.ts";
export * as data from "./src/data/mod.ts";
export * as F from "./src/nn/functional.ts";
export * as nn from "./src/nn/mod.ts";
export * as optim from "./src/optim/mod.ts";
export * as vision from "./src/vision/mod.ts";
export {
  bernoulli,
  rand,
  randint,
  randn,
  type RandomOptions,
  randperm,
} from "./src/ops/random/random.ts";
export type { RandomSource } from "./src/ops/random/draw.ts";
export {
  type CheckpointParts,
  load,
  type LoadCheckpointOptions,
  type Resumable,
  save,
  type Stateful,
} from "./src/io/checkpoint.ts";
