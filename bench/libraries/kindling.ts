/**
 * Kindling as the bench drives it: eager ops, modules and optimizers as a user
 * writes them.
 *
 * @module
 */

import {
  data,
  F,
  fromHost,
  grad,
  HostArray,
  nn,
  noGrad,
  optim,
  type Tensor,
  vision,
} from "@kindling/kindling";
import { SyntheticDigits } from "@kindling/kindling/datasets";

import type { ModelName } from "../data.ts";
import type { Library, Trainer, TrainingJob } from "../workloads.ts";

function put(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): Tensor {
  return fromHost(new HostArray(values, shape));
}

const MODELS: Readonly<Record<ModelName, () => nn.Sequential>> = {
  cnn: () =>
    new nn.Sequential(
      new nn.Conv2d(1, 32, 3),
      new nn.ReLU(),
      new nn.Conv2d(32, 64, 3),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(9216, 128),
      new nn.ReLU(),
      new nn.Linear(128, 10),
    ),
  lenet: () =>
    new nn.Sequential(
      new nn.Conv2d(1, 6, 5, { padding: 2 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(6, 16, 5),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(400, 120),
      new nn.ReLU(),
      new nn.Linear(120, 84),
      new nn.ReLU(),
      new nn.Linear(84, 10),
    ),
  mlp: () =>
    new nn.Sequential(
      new nn.Linear(784, 512),
      new nn.ReLU(),
      new nn.Linear(512, 512),
      new nn.ReLU(),
      new nn.Linear(512, 10),
    ),
};

function trainer(job: TrainingJob): Trainer {
  const model = MODELS[job.model]();
  const given = Object.values(job.parameters);
  noGrad(() => {
    [...model.parameters()].forEach((parameter, i) => {
      const { data: values, shape } = given[i]!;
      const value = put(values, shape);
      // linear weights are handed over as [in, out]
      parameter.copy_(shape.length === 2 ? value.transpose(0, 1) : value);
    });
  });
  const optimizer = job.rule === "sgd"
    ? new optim.SGD(model.parameters(), { lr: job.lr, momentum: 0.9 })
    : new optim.Adam(model.parameters(), { lr: job.lr });
  const shape = job.model === "mlp" ? [job.batch, 784] : [job.batch, 1, 28, 28];
  const images = put(job.images, shape);
  const labels = fromHost(new HostArray(job.labels));
  return {
    step() {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.call(images), labels);
      loss.backward();
      optimizer.step();
      return { read: () => loss.item(), drop: () => {} };
    },
  };
}

let digits: SyntheticDigits | undefined;

async function loader(workers: number): Promise<number> {
  digits ??= new SyntheticDigits({ length: 30_000 });
  const T = vision.transforms;
  const batches = new data.DataLoader(digits, {
    batchSize: 64,
    shuffle: true,
    numWorkers: workers,
    batchTransform: T.compose([T.toFloat(), T.normalize([0.1307], [0.3081])]),
  });
  const start = performance.now();
  let last: Tensor | undefined;
  for await (const [images] of batches) last = images;
  await last?.slice(0, 0, 1).data();
  return digits.length * 1000 / (performance.now() - start);
}

/** The adapter. */
export const library: Library<Tensor> = {
  name: "kindling",
  put,
  putImage: put,
  putFilter: put,
  get: (tensor) => tensor.data(),
  sync: async (tensor) => {
    await tensor.flatten().slice(0, 0, 1).data();
  },
  free: (...tensors) => tensors.forEach((tensor) => tensor.dispose()),
  matmul: (a, b) => a.matmul(b),
  conv: (x, w) => F.conv2d(x, w, undefined, { padding: 1 }),
  convGrad: (x, w, dy) => {
    const inputs = [x.detach().requiresGrad_(), w.detach().requiresGrad_()];
    const y = F.conv2d(inputs[0]!, inputs[1]!, undefined, { padding: 1 });
    const grads = grad(y, inputs, { gradient: dy });
    return [y, ...grads];
  },
  chain: (x) => x.mul(2).add(1).relu().mul(3),
  sum: (x) => x.sum(),
  softmax: (x) => x.softmax(-1),
  add: (a, b) => a.add(b),
  trainer,
  loader,
};
