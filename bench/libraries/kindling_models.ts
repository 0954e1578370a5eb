/**
 * The models of the bench, built as a Kindling user builds them.
 *
 * @module
 */

import {
  F,
  fromHost,
  HostArray,
  nn,
  noGrad,
  optim,
  type Tensor,
  vision,
} from "@kindling/kindling";

import type { ModelName, Values } from "../data.ts";
import type { InferenceJob, TrainingJob } from "../library.ts";

/** ResNet-18 for 32x32 images: a 3x3 convolution first, and no pooling. */
class SmallResNet extends vision.models.ResNet {
  constructor() {
    super([2, 2, 2, 2], { numClasses: 10 });
    this.conv1.weight.dispose(); // the collector would, at its own time
    this.conv1 = new nn.Conv2d(3, 64, 3, { padding: 1, bias: false });
  }

  override forward(x: Tensor): Tensor {
    let y = this.bn1.call(this.conv1.call(x)).relu();
    y = this.layer2.call(this.layer1.call(y));
    y = this.layer4.call(this.layer3.call(y));
    return this.fc.call(this.avgpool.call(y).flatten(1));
  }
}

const MODELS: Readonly<Record<ModelName, () => nn.Module>> = {
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
  lenet: () => new vision.models.LeNet(),
  mlp: () => new vision.models.MLP([784, 512, 512, 10]),
  "alexnet-head": () => new vision.models.MLP([9216, 4096, 4096, 1000]),
  resnet18: () => vision.models.resnet18(),
  "resnet18-cifar": () => new SmallResNet(),
};

/** Values on the GPU. */
export function put({ data, shape }: Values): Tensor {
  return fromHost(new HostArray(data, shape));
}

/** A model with the given parameters, which come in the order of its own. */
export function makeModel(
  { model: name, parameters }: Pick<InferenceJob, "model" | "parameters">,
): nn.Module {
  const model = MODELS[name]();
  const given = Object.values(parameters);
  noGrad(() => {
    [...model.parameters()].forEach((parameter, i) => {
      const value = put(given[i]!);
      // linear weights are handed over as [in, out]
      parameter.copy_(value.ndim === 2 ? value.transpose(0, 1) : value);
    });
  });
  return model;
}

/** A training step, its batch, and what it trains. */
export interface TrainingStep {
  readonly images: Tensor;
  readonly labels: Tensor;
  step(images: Tensor, labels: Tensor): Tensor;
}

/** A training step as tutorials write it, to be run as it is or compiled. */
export function makeStep(job: TrainingJob): TrainingStep {
  const model = makeModel(job);
  const optimizer = job.rule === "sgd"
    ? new optim.SGD(model.parameters(), { lr: job.lr, momentum: 0.9 })
    : new optim.Adam(model.parameters(), { lr: job.lr });
  return {
    images: put({ data: job.images, shape: job.shape }),
    labels: fromHost(new HostArray(job.labels)),
    step(images, labels) {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.call(images), labels);
      loss.backward();
      optimizer.step();
      return loss;
    },
  };
}
