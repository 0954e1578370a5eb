/**
 * Multilayer perceptrons.
 *
 * @module
 */

import { Flatten, ReLU } from "../../nn/activation.ts";
import { Linear } from "../../nn/linear.ts";
import { Module } from "../../nn/module.ts";
import { Sequential } from "../../nn/sequential.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Multilayer perceptron: linear layers with ReLU between them, on flattened
 * images.
 *
 * Shapes: [N, ...] with sizes[0] elements each to logits [N, last of sizes].
 *
 * @example Three layers for MNIST
 * ```ts
 * import { vision, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new vision.models.MLP([784, 128, 64, 10]);
 * assertEquals(model.call(zeros([2, 1, 28, 28])).shape, [2, 10]);
 * ```
 */
export class MLP extends Module {
  layers: Sequential = new Sequential(new Flatten());

  /**
   * Takes the number of inputs, of each hidden layer and of outputs.
   *
   * @throws {RangeError} If there are fewer than two sizes
   */
  constructor(sizes: readonly number[] = [784, 512, 512, 10]) {
    super();
    if (sizes.length < 2) {
      throw new RangeError(
        `Cannot make MLP of sizes [${sizes.join(", ")}]: expected two or more`,
      );
    }
    for (let i = 1; i < sizes.length; i++) {
      if (i > 1) this.layers.append(new ReLU());
      this.layers.append(new Linear(sizes[i - 1]!, sizes[i]!));
    }
  }

  override forward(x: Tensor): Tensor {
    return this.layers.call(x);
  }
}
