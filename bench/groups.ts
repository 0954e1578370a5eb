/**
 * The groups of workloads, by the names that the command line takes.
 *
 * @module
 */

import type { DriverCache } from "./driver_cache.ts";
import type { Timer } from "./timing.ts";
import { augment, loader } from "./workloads/loading.ts";
import { inference, training } from "./workloads/models.ts";
import {
  adam,
  attention,
  convolutions,
  dispatch,
  elementwise,
  layerNorm,
  matmul,
} from "./workloads/ops.ts";
import { verify } from "./workloads/verify.ts";

/** A group: what it times, and how. */
interface Group {
  /** What `--help` says. */
  readonly about: string;
  /** What its processes find in the driver's cache, if that is not left open. */
  readonly cache?: DriverCache;
  run<T>(timer: Timer<T>): Promise<void>;
}

/** All groups, in the order in which they run. */
export const GROUPS = {
  verify: {
    about: "not timed: results against plain loops and PyTorch's losses",
    run: (timer) => verify(timer),
  },
  matmul: {
    about: "products of 256, 512 and 1024 squared",
    run: (timer) => matmul(timer),
  },
  conv: {
    about: "3x3 convolutions",
    run: (timer) => convolutions(timer, false),
  },
  convbwd: {
    about: "the same with both gradients",
    run: (timer) => convolutions(timer, true),
  },
  elem: {
    about: "relu(2x + 1) * 3 and the sum of 16 Mi floats, softmax of 4096x1000",
    run: (timer) => elementwise(timer),
  },
  dispatch: {
    about: "1,000 small additions in a row and a read",
    run: (timer) => dispatch(timer),
  },
  attention: {
    about: "attention of [4, 8, 256, 64], causal and not, with gradients",
    run: (timer) => attention(timer),
  },
  layernorm: {
    about: "layer norm of 4096x512, with gradients",
    run: (timer) => layerNorm(timer),
  },
  adam25m: {
    about: "a step of Adam on 25 million parameters",
    run: (timer) => adam(timer),
  },
  mlp128: {
    about: "training step of a 784-512-512-10 MLP, batch 128",
    run: (timer) => training(timer, { model: "mlp", batch: 128 }),
  },
  alexnethead: {
    about: "training step of AlexNet's dense layers (235 MB), batch 16",
    run: (timer) => training(timer, { model: "alexnet-head", batch: 16 }),
  },
  lenet64: {
    about: "training step of LeNet, batch 64",
    run: (timer) => training(timer, { model: "lenet", batch: 64 }),
  },
  cnn64: {
    about: "training step of the MNIST CNN of pytorch/examples, batch 64",
    run: (timer) => training(timer, { model: "cnn", batch: 64 }),
  },
  cnn64adam: {
    about: "the same with Adam",
    run: (timer) => training(timer, { model: "cnn", batch: 64, rule: "adam" }),
  },
  cnn256: {
    about: "the same with SGD and batch 256",
    run: (timer) => training(timer, { model: "cnn", batch: 256 }),
  },
  cold: {
    about: "the MNIST CNN's first step in a new process, driver cache empty",
    cache: "empty",
    run: (timer) =>
      training(timer, { model: "cnn", batch: 64, firstStepOnly: "cold" }),
  },
  warm: {
    about: "the same, driver cache filled by a run before",
    cache: "filled",
    run: (timer) =>
      training(timer, { model: "cnn", batch: 64, firstStepOnly: "warm" }),
  },
  resnetcifar: {
    about: "training step of ResNet-18 on 32x32 images, batch 32",
    run: (timer) => training(timer, { model: "resnet18-cifar", batch: 32 }),
  },
  resnet1: {
    about: "ResNet-18 on one image of 224x224",
    run: (timer) => inference(timer, "resnet18", 1),
  },
  resnet16: {
    about: "ResNet-18 on 16 images of 224x224",
    run: (timer) => inference(timer, "resnet18", 16),
  },
  loader: {
    about: "grey images in memory to normalised batches, 0 and 2 workers",
    run: (timer) => loader(timer, "mnist"),
  },
  jpeg: {
    about: "JPEG files to normalised batches of 224x224, 0 and 2 workers",
    run: (timer) => loader(timer, "jpeg"),
  },
  transforms: {
    about: "32 images of 256x256 cut, scaled, mirrored and normalised",
    run: (timer) => augment(timer),
  },
} satisfies Record<string, Group>;

/** The name of a group. */
export type GroupName = keyof typeof GROUPS;

/** What a group's processes find in the driver's cache. */
export function cacheOf(group: GroupName): DriverCache | undefined {
  const { cache }: Group = GROUPS[group];
  return cache;
}

/** Whether a word names a group. */
export function isGroup(word: string): word is GroupName {
  return Object.hasOwn(GROUPS, word);
}
