/**
 * The models of the bench in TensorFlow.js's core API, NHWC.
 *
 * @module
 */

import * as tf from "npm:@tensorflow/tfjs@4.22.0";

import type { ModelName } from "../data.ts";
import { resnet18 } from "../resnet.ts";

/** Variables by the names of ../data.ts. */
export type Weights = Record<string, tf.Variable>;

type Model = (p: Weights, x: tf.Tensor, isTraining: boolean) => tf.Tensor;

function convRelu(
  x: tf.Tensor,
  w: tf.Variable | undefined,
  b: tf.Variable | undefined,
  padding: "same" | "valid",
): tf.Tensor {
  // ranks are known here, not to the types
  const y = tf.conv2d(
    x as tf.Tensor4D,
    w as unknown as tf.Tensor4D,
    1,
    padding,
  );
  return tf.relu(tf.add(y, b!));
}

function pool(x: tf.Tensor): tf.Tensor {
  return tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"); // as above
}

function linear(
  x: tf.Tensor,
  w: tf.Variable | undefined,
  b: tf.Variable | undefined,
): tf.Tensor {
  return tf.add(tf.matMul(x, w!), b!);
}

function residual(name: "resnet18" | "resnet18-cifar"): Model {
  return (p, x, isTraining) =>
    resnet18<tf.Tensor>(name, {
      again: (each) => each,
      conv: (each, weight, { stride, padding }) =>
        tf.conv2d(
          each as tf.Tensor4D, // as above
          p[`${weight}.weight`] as unknown as tf.Tensor4D,
          stride,
          padding,
        ),
      norm(each, norm) {
        const scale = p[`${norm}.weight`]!;
        const shift = p[`${norm}.bias`]!;
        const moments = isTraining
          ? tf.moments(each, [0, 1, 2])
          : { mean: tf.zerosLike(shift), variance: tf.onesLike(shift) };
        const factor = tf.mul(tf.rsqrt(tf.add(moments.variance, 1e-5)), scale);
        return tf.add(tf.mul(tf.sub(each, moments.mean), factor), shift);
      },
      relu: (each) => tf.relu(each),
      add: (a, b) => tf.add(a, b),
      pool: (each) => tf.maxPool(each as tf.Tensor4D, 3, 2, 1),
      mean: (each) => tf.mean(each, [1, 2]),
      linear: (each, head) =>
        linear(each, p[`${head}.weight`], p[`${head}.bias`]),
    }, x);
}

function perceptron(p: Weights, x: tf.Tensor): tf.Tensor {
  const h = tf.relu(linear(x, p.w1, p.b1));
  return linear(tf.relu(linear(h, p.w2, p.b2)), p.w3, p.b3);
}

/** Logits of images, by the model's name. */
export const models: Readonly<Record<ModelName, Model>> = {
  cnn(p, x) {
    const h = pool(
      convRelu(convRelu(x, p.w1, p.b1, "valid"), p.w2, p.b2, "valid"),
    ).reshape([-1, 9216]);
    return linear(tf.relu(linear(h, p.w3, p.b3)), p.w4, p.b4);
  },
  lenet(p, x) {
    let h = pool(convRelu(x, p.w1, p.b1, "same"));
    h = pool(convRelu(h, p.w2, p.b2, "valid")).reshape([-1, 400]);
    h = tf.relu(linear(h, p.w3, p.b3));
    return linear(tf.relu(linear(h, p.w4, p.b4)), p.w5, p.b5);
  },
  mlp: perceptron,
  "alexnet-head": perceptron,
  resnet18: residual("resnet18"),
  "resnet18-cifar": residual("resnet18-cifar"),
};
