/**
 * Residual networks: ResNet-18 and ResNet-34.
 *
 * @module
 */

import { ReLU } from "../../nn/activation.ts";
import { BatchNorm2d } from "../../nn/batch_norm.ts";
import { Conv2d } from "../../nn/conv.ts";
import { kaimingNormal_, zeros_ } from "../../nn/init.ts";
import { Linear } from "../../nn/linear.ts";
import { Module } from "../../nn/module.ts";
import { AdaptiveAvgPool2d, MaxPool2d } from "../../nn/pool.ts";
import { Sequential } from "../../nn/sequential.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Options of residual networks. */
export interface ResNetOptions {
  /** Size of the output. Default: 1000. */
  readonly numClasses?: number;
  /**
   * Whether every block begins as the identity, with 0 as the scale of its last
   * norm. Default: false.
   */
  readonly zeroInitResidual?: boolean;
}

/**
 * Residual block: relu(body(x) + x). The body is two 3x3 convolutions with norms.
 * If the body changes the size, x goes through a 1x1 convolution and a norm.
 *
 * Shapes: [N, inChannels, H, W] to [N, outChannels, H / stride, W / stride].
 *
 * Source: He et al. 2015, arXiv:1512.03385, section 3;
 * torchvision.models.resnet.BasicBlock.
 */
export class BasicBlock extends Module {
  conv1: Conv2d;
  bn1: BatchNorm2d;
  relu: Module = new ReLU();
  conv2: Conv2d;
  bn2: BatchNorm2d;
  downsample: Sequential | undefined;

  /** Draws the parameters. */
  constructor(inChannels: number, outChannels: number, stride = 1) {
    super();
    const plain = { padding: 1, bias: false };
    this.conv1 = new Conv2d(inChannels, outChannels, 3, { ...plain, stride });
    this.bn1 = new BatchNorm2d(outChannels);
    this.conv2 = new Conv2d(outChannels, outChannels, 3, plain);
    this.bn2 = new BatchNorm2d(outChannels);
    if (stride !== 1 || inChannels !== outChannels) {
      this.downsample = new Sequential(
        new Conv2d(inChannels, outChannels, 1, { stride, bias: false }),
        new BatchNorm2d(outChannels),
      );
    }
  }

  override forward(x: Tensor): Tensor {
    const y = this.relu.call(this.bn1.call(this.conv1.call(x)));
    const shortcut = this.downsample?.call(x) ?? x;
    return this.relu.call(this.bn2.call(this.conv2.call(y)).add(shortcut));
  }
}

/**
 * Residual network of basic blocks, in four stages of 64, 128, 256 and 512
 * channels. Each stage halves the size of the one before.
 *
 * Shapes: [N, 3, H, W] to logits [N, numClasses]; images are usually 224 by
 * 224. State dicts have torchvision's names, so its weights load. To train on
 * other classes, replace `fc`.
 *
 * Source: He et al. 2015, arXiv:1512.03385; torchvision.models.ResNet.
 *
 * @example ResNet-18 with a head for two classes
 * ```ts
 * import { nn, vision, zeros } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const model = vision.models.resnet18().eval();
 * model.fc = new nn.Linear(model.fc.inFeatures, 2);
 * assertEquals(model.call(zeros([1, 3, 32, 32])).shape, [1, 2]);
 * ```
 */
export class ResNet extends Module {
  conv1: Conv2d = new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false });
  bn1: BatchNorm2d = new BatchNorm2d(64);
  relu: Module = new ReLU();
  maxpool: MaxPool2d = new MaxPool2d(3, { stride: 2, padding: 1 });
  layer1: Sequential;
  layer2: Sequential;
  layer3: Sequential;
  layer4: Sequential;
  avgpool: AdaptiveAvgPool2d = new AdaptiveAvgPool2d(1);
  fc: Linear;

  /**
   * Draws the parameters; `blocks` is the number of blocks in each stage.
   *
   * @throws {TypeError} If an option is unknown
   */
  constructor(
    blocks: readonly [number, number, number, number],
    options: ResNetOptions = {},
  ) {
    super();
    checkOptionNames("ResNet", options, ["numClasses", "zeroInitResidual"]);
    const { numClasses = 1000, zeroInitResidual = false } = options;
    this.layer1 = stage(64, 64, blocks[0], 1);
    this.layer2 = stage(64, 128, blocks[1], 2);
    this.layer3 = stage(128, 256, blocks[2], 2);
    this.layer4 = stage(256, 512, blocks[3], 2);
    this.fc = new Linear(512, numClasses);
    for (const module of this.modules()) {
      if (module instanceof Conv2d) {
        const he = { mode: "fanOut", nonlinearity: "relu" } as const;
        kaimingNormal_(module.weight, he);
      } else if (zeroInitResidual && module instanceof BasicBlock) {
        zeros_(module.bn2.weight!); // affine, as BasicBlock makes it
      }
    }
  }

  override forward(x: Tensor): Tensor {
    let y = this.relu.call(this.bn1.call(this.conv1.call(x))); // H / 2
    y = this.layer1.call(this.maxpool.call(y)); // [N, 64, H / 4, W / 4]
    y = this.layer4.call(this.layer3.call(this.layer2.call(y))); // H / 32
    return this.fc.call(this.avgpool.call(y).flatten(1));
  }
}

function stage(
  inChannels: number,
  outChannels: number,
  blocks: number,
  stride: number,
): Sequential {
  return new Sequential(
    ...Array.from(
      { length: blocks },
      (_, i) =>
        i === 0
          ? new BasicBlock(inChannels, outChannels, stride)
          : new BasicBlock(outChannels, outChannels),
    ),
  );
}

/**
 * Makes ResNet-18: 11,689,512 parameters for 1000 classes.
 *
 * Source: torchvision.models.resnet18, without pretrained weights.
 */
export function resnet18(options: ResNetOptions = {}): ResNet {
  return new ResNet([2, 2, 2, 2], options);
}

/**
 * Makes ResNet-34: 21,797,672 parameters for 1000 classes.
 *
 * Source: torchvision.models.resnet34, without pretrained weights.
 */
export function resnet34(options: ResNetOptions = {}): ResNet {
  return new ResNet([3, 4, 6, 3], options);
}
