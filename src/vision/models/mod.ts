/**
 * The namespace `vision.models`.
 *
 * @module
 */

export { LeNet } from "./lenet.ts";
export { MLP } from "./mlp.ts";
export { MnistCNN } from "./mnist_cnn.ts";
export {
  BasicBlock,
  ResNet,
  resnet18,
  resnet34,
  type ResNetOptions,
} from "./resnet.ts";
