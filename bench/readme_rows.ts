/**
 * The rows of README.md's table: which workloads are in it, in which words.
 *
 * @module
 */

import type { GroupName } from "./groups.ts";
import type { PeerName } from "./libraries.ts";

/** A row of the table. */
export interface Row {
  /** What it says in the first column. */
  readonly work: string;
  readonly group: GroupName;
  readonly workload: string;
  /** Whether Kindling's GFLOP/s are said, too. */
  readonly hasRate?: boolean;
}

/** The rows, in their order; times first, then rates, then memory. */
export const README_ROWS: readonly Row[] = [
  {
    work: "MNIST CNN, training step, batch 64",
    group: "cnn64",
    workload: "mnistcnn-step-b64",
  },
  {
    work: "its first step, driver cache empty",
    group: "cold",
    workload: "mnistcnn-first-step-b64-cold",
  },
  {
    work: "the same, driver cache filled",
    group: "warm",
    workload: "mnistcnn-first-step-b64-warm",
  },
  {
    work: "LeNet, training step, batch 64",
    group: "lenet64",
    workload: "lenet-step-b64",
  },
  {
    work: "MLP 784-512-512-10, step, batch 128",
    group: "mlp128",
    workload: "mlp-step-b128",
  },
  {
    work: "AlexNet's dense layers, step, batch 16",
    group: "alexnethead",
    workload: "alexnethead-step-b16",
  },
  {
    work: "ResNet-18, 32x32, step, batch 32",
    group: "resnetcifar",
    workload: "resnet18cifar-step-b32",
  },
  {
    work: "ResNet-18, 224x224, one image",
    group: "resnet1",
    workload: "resnet18-inference-b1",
  },
  {
    work: "matmul 1024",
    group: "matmul",
    workload: "matmul1024",
    hasRate: true,
  },
  {
    work: "conv 32 to 64, 14x14, batch 64",
    group: "conv",
    workload: "conv32-64-14-fwd",
    hasRate: true,
  },
  {
    work: "the same with both gradients",
    group: "convbwd",
    workload: "conv32-64-14-bwd",
    hasRate: true,
  },
  {
    work: "conv 64 to 64, 56x56, batch 8",
    group: "conv",
    workload: "conv64-64-56-fwd",
    hasRate: true,
  },
  {
    work: "the same with both gradients",
    group: "convbwd",
    workload: "conv64-64-56-bwd",
    hasRate: true,
  },
  {
    work: "attention [4, 8, 256, 64], causal",
    group: "attention",
    workload: "attention256x64-causal-fwd",
    hasRate: true,
  },
  {
    work: "the same with its gradients",
    group: "attention",
    workload: "attention256x64-causal-bwd",
    hasRate: true,
  },
  {
    work: "layer norm 4096x512",
    group: "layernorm",
    workload: "layernorm4096x512-fwd",
  },
  {
    work: "the same with its gradients",
    group: "layernorm",
    workload: "layernorm4096x512-bwd",
  },
  {
    work: "softmax 4096x1000",
    group: "elem",
    workload: "softmax4096x1000",
  },
  { work: "sum of 16 Mi floats", group: "elem", workload: "sum16M" },
  {
    work: "relu(2x + 1) * 3 of 16 Mi floats",
    group: "elem",
    workload: "elementwise16M",
  },
  {
    work: "Adam, a step on 25 M parameters",
    group: "adam25m",
    workload: "adam25M",
  },
  {
    work: "1,000 small adds and a read",
    group: "dispatch",
    workload: "dispatch1000",
  },
  {
    work: "the same as one function, compiled",
    group: "dispatch",
    workload: "dispatch1000-one",
  },
  {
    work: "MNIST's loader, samples/s",
    group: "loader",
    workload: "loader-mnist-w0-b64",
  },
  {
    work: "the same with two workers",
    group: "loader",
    workload: "loader-mnist-w2-b64",
  },
  {
    work: "JPEG files to 224x224, samples/s",
    group: "jpeg",
    workload: "loader-jpeg-w0-b32",
  },
  {
    work: "the same with two workers",
    group: "jpeg",
    workload: "loader-jpeg-w2-b32",
  },
  {
    work: "32 images cut, scaled, normalised",
    group: "transforms",
    workload: "augment32x256",
  },
  {
    work: "memory in all, training the CNN, MB",
    group: "cnn64",
    workload: "mnistcnn-memory-b64",
  },
];

/** The groups that the rows need. */
export const README_GROUPS: readonly GroupName[] = [
  ...new Set(README_ROWS.map(({ group }) => group)),
];

/** What is left out of the table: a step of it takes them up to a minute. */
export const README_SKIPS: Readonly<
  Partial<Record<GroupName, readonly PeerName[]>>
> = {
  resnetcifar: ["jax", "tfjs"],
  alexnethead: ["jax", "tfjs"], // a weight is larger than what they bind
};

/** The columns of the libraries. */
export const README_COLUMNS: Readonly<Record<PeerName, string>> = {
  jax: "jax-js",
  tfjs: "TensorFlow.js",
  "tfjs-wasm": "TensorFlow.js, wasm",
  torch: "PyTorch, CPU",
};
