/**
 * LeNet-5, for images of one channel and 28 by 28 pixels.
 *
 * @module
 */

import { maxPool2d } from "../../ops/pool/max.ts";
import { Conv2d } from "../../nn/conv.ts";
import { Linear } from "../../nn/linear.ts";
import { Module } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * LeNet-5: two convolutions and three linear layers, 61,706 parameters for 10
 * classes.
 *
 * Shapes: [N, 1, 28, 28] to logits [N, numClasses].
 *
 * Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied
 * to document recognition". Differences, as in most tutorials: ReLU and max
 * pooling, full connections between the convolutions, and logits instead of
 * radial basis functions.
 *
 * @example The sizes of its output
 * ```ts
 * import { vision, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new vision.models.LeNet();
 * assertEquals(model.call(zeros([2, 1, 28, 28])).shape, [2, 10]);
 * ```
 */
export class LeNet extends Module {
  conv1: Conv2d = new Conv2d(1, 6, 5, { padding: 2 });
  conv2: Conv2d = new Conv2d(6, 16, 5);
  fc1: Linear = new Linear(400, 120);
  fc2: Linear = new Linear(120, 84);
  fc3: Linear;

  /** Draws the parameters. */
  constructor(numClasses = 10) {
    super();
    this.fc3 = new Linear(84, numClasses);
  }

  override forward(x: Tensor): Tensor {
    let y = maxPool2d(this.conv1.call(x).relu(), 2); // [N, 6, 14, 14]
    y = maxPool2d(this.conv2.call(y).relu(), 2); // [N, 16, 5, 5]
    y = this.fc1.call(y.flatten(1)).relu();
    return this.fc3.call(this.fc2.call(y).relu());
  }
}
