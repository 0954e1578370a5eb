/**
 * ResNet-18 for libraries that bring none: its parameters and its forward pass,
 * in terms of what a library can do. Kindling and PyTorch use their own.
 *
 * "resnet18" takes images of 224 by 224 and has 1000 classes, "resnet18-cifar"
 * 32 by 32 and 10: its first convolution is 3x3 and there is no pooling.
 *
 * Source: He et al. 2015, arXiv:1512.03385; names are torchvision's.
 *
 * @module
 */

/** The two sizes. */
export type ResNetName = "resnet18" | "resnet18-cifar";

/** A parameter, uniform in [-scale, scale) or all ones. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly scale: number | "ones";
}

/** Stride and padding of a convolution. */
export interface Window {
  readonly stride: number;
  readonly padding: number;
}

/** What the forward pass needs of a library. */
export interface ResNetOps<T> {
  /** A second use of `x`, for libraries that count them. */
  again(x: T): T;
  conv(x: T, name: string, window: Window): T;
  norm(x: T, name: string): T;
  relu(x: T): T;
  add(a: T, b: T): T;
  /** The largest of 3 by 3, stride 2, padding 1. */
  pool(x: T): T;
  /** Over height and width: [N, C]. */
  mean(x: T): T;
  linear(x: T, name: string): T;
}

const CHANNELS = [64, 128, 256, 512] as const;

/** What all blocks are, in their order. */
function* blocks(): Generator<
  { name: string; inputs: number; outputs: number; stride: number }
> {
  let inputs = 64;
  for (const [stage, outputs] of CHANNELS.entries()) {
    for (const block of [0, 1]) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      yield { name: `layer${stage + 1}.${block}`, inputs, outputs, stride };
      inputs = outputs;
    }
  }
}

/** The parameters, in the order of torchvision's modules. */
export function resnetParameters(model: ResNetName): ParameterSpec[] {
  const isSmall = model === "resnet18-cifar";
  const specs: ParameterSpec[] = [];
  const conv = (name: string, o: number, i: number, k: number) => {
    const scale = Math.sqrt(6 / (o * k * k)); // He's, by the outputs
    specs.push({ name: `${name}.weight`, shape: [o, i, k, k], scale });
  };
  const norm = (name: string, size: number) => {
    specs.push({ name: `${name}.weight`, shape: [size], scale: "ones" });
    specs.push({ name: `${name}.bias`, shape: [size], scale: 0 });
  };
  conv("conv1", 64, 3, isSmall ? 3 : 7);
  norm("bn1", 64);
  for (const { name, inputs, outputs, stride } of blocks()) {
    conv(`${name}.conv1`, outputs, inputs, 3);
    norm(`${name}.bn1`, outputs);
    conv(`${name}.conv2`, outputs, outputs, 3);
    norm(`${name}.bn2`, outputs);
    if (stride === 1) continue;
    conv(`${name}.downsample.0`, outputs, inputs, 1);
    norm(`${name}.downsample.1`, outputs);
  }
  const classes = isSmall ? 10 : 1000;
  const scale = 1 / Math.sqrt(512);
  specs.push({ name: "fc.weight", shape: [512, classes], scale });
  specs.push({ name: "fc.bias", shape: [classes], scale });
  return specs;
}

/** Logits of images. */
export function resnet18<T>(model: ResNetName, ops: ResNetOps<T>, x: T): T {
  const { again, conv, norm, relu, add } = ops;
  const isSmall = model === "resnet18-cifar";
  const first = isSmall ? { stride: 1, padding: 1 } : { stride: 2, padding: 3 };
  let y = relu(norm(conv(x, "conv1", first), "bn1"));
  if (!isSmall) y = ops.pool(y);
  for (const { name, stride } of blocks()) {
    const shortcut = stride === 1 ? again(y) : norm(
      conv(again(y), `${name}.downsample.0`, { stride, padding: 0 }),
      `${name}.downsample.1`,
    );
    const inner = conv(y, `${name}.conv1`, { stride, padding: 1 });
    y = conv(relu(norm(inner, `${name}.bn1`)), `${name}.conv2`, {
      stride: 1,
      padding: 1,
    });
    y = relu(add(norm(y, `${name}.bn2`), shortcut));
  }
  return ops.linear(ops.mean(y), "fc");
}
