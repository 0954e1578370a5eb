/**
 * The convolutional network of PyTorch's MNIST example.
 *
 * @module
 */

import { maxPool2d } from "../../ops/pool/max.ts";
import { Conv2d } from "../../nn/conv.ts";
import { Dropout } from "../../nn/dropout.ts";
import { Linear } from "../../nn/linear.ts";
import { Module } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Two convolutions, pooling, dropout, two linear layers: 1,199,882 parameters.
 *
 * Shapes: [N, 1, 28, 28] to logits [N, 10].
 *
 * Source: github.com/pytorch/examples, mnist/main.py. Difference: the result is
 * logits, for `F.crossEntropy`, which computes the logarithm of softmax.
 */
export class MnistCNN extends Module {
  conv1: Conv2d = new Conv2d(1, 32, 3);
  conv2: Conv2d = new Conv2d(32, 64, 3);
  dropout1: Dropout = new Dropout(0.25);
  dropout2: Dropout = new Dropout(0.5);
  fc1: Linear = new Linear(9216, 128);
  fc2: Linear = new Linear(128, 10);

  override forward(x: Tensor): Tensor {
    let y = this.conv1.call(x).relu(); // [N, 32, 26, 26]
    y = this.conv2.call(y).relu(); // [N, 64, 24, 24]
    y = this.dropout1.call(maxPool2d(y, 2)).flatten(1);
    y = this.dropout2.call(this.fc1.call(y).relu());
    return this.fc2.call(y);
  }
}
