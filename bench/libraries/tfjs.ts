/**
 * TensorFlow.js 4.22.0 as the bench drives it: the core API on its WebGPU
 * backend, NHWC, with filters and the first linear layer permuted on upload.
 *
 * @module
 */

import * as tf from "npm:@tensorflow/tfjs@4.22.0";
import "npm:@tensorflow/tfjs-backend-webgpu@4.22.0";

import { type ModelName, permuted, type Values } from "../data.ts";
import type { Library, Trainer, TrainingJob } from "../workloads.ts";

if (!await tf.setBackend("webgpu")) {
  throw new Error("TensorFlow.js has no WebGPU backend here");
}
await tf.ready();

type Weights = Record<string, tf.Variable>;

const NHWC = [0, 2, 3, 1];
const HWIO = [2, 3, 1, 0];

function put(
  data: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): tf.Tensor {
  return tf.tensor(data, [...shape]);
}

function putAs(axes: readonly number[]): Library<tf.Tensor>["put"] {
  return (data, shape) =>
    put(permuted(data, shape, axes), axes.map((axis) => shape[axis]!));
}

function conv(
  x: tf.Tensor,
  w: tf.Tensor | undefined,
  padding: "same" | "valid",
): tf.Tensor {
  // ranks are known here, not to the types
  return tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, padding);
}

function convRelu(
  x: tf.Tensor,
  w: tf.Variable | undefined,
  b: tf.Variable | undefined,
  padding: "same" | "valid",
): tf.Tensor {
  return tf.relu(tf.add(conv(x, w, padding), b!));
}

function pool(x: tf.Tensor): tf.Tensor {
  return tf.maxPool(x as tf.Tensor4D, 2, 2, "valid");
}

function linear(
  x: tf.Tensor,
  w: tf.Variable | undefined,
  b: tf.Variable | undefined,
): tf.Tensor {
  return tf.add(tf.matMul(x, w!), b!);
}

const MODELS: Readonly<
  Record<ModelName, (p: Weights, x: tf.Tensor) => tf.Tensor>
> = {
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
  mlp(p, x) {
    const h = tf.relu(linear(x, p.w1, p.b1));
    return linear(tf.relu(linear(h, p.w2, p.b2)), p.w3, p.b3);
  },
};

// Features that come out of a convolution are flattened as [H, W, C] here.
const FLATTENED: Readonly<Record<number, readonly number[]>> = {
  9216: [64, 12, 12],
  400: [16, 5, 5],
};

function upload({ data, shape }: Values): tf.Tensor {
  if (shape.length === 4) return putAs(HWIO)(data, shape);
  const features = shape.length === 2 ? FLATTENED[shape[0]!] : undefined;
  if (!features) return put(data, shape);
  const rows = permuted(data, [...features, shape[1]!], [1, 2, 0, 3]);
  return put(rows, shape);
}

function trainer(job: TrainingJob): Trainer {
  const weights: Weights = {};
  for (const [name, values] of Object.entries(job.parameters)) {
    weights[name] = tf.variable(upload(values));
  }
  const x = put(
    job.images,
    job.model === "mlp" ? [job.batch, 784] : [job.batch, 28, 28, 1],
  );
  const y = tf.oneHot(tf.tensor1d(job.labels, "int32"), 10);
  const optimizer = tf.train.momentum(job.lr, 0.9);
  const lossOf = (): tf.Scalar =>
    tf.losses.softmaxCrossEntropy(
      y,
      MODELS[job.model](weights, x),
    ) as tf.Scalar;
  return {
    step() {
      const loss = optimizer.minimize(lossOf, true)!;
      return {
        read: async () => {
          const [value] = await loss.data();
          loss.dispose();
          return value!;
        },
        drop: () => loss.dispose(),
      };
    },
  };
}

/** The adapter. */
export const library: Library<tf.Tensor> = {
  name: "tfjs",
  put,
  putImage: putAs(NHWC),
  putFilter: putAs(HWIO),
  get: async (tensor) => await tensor.data(),
  sync: async (tensor) => {
    const flat = tensor.flatten();
    const first = tf.slice(flat, 0, 1);
    await first.data();
    tf.dispose([flat, first]);
  },
  free: (...tensors) => tf.dispose(tensors),
  matmul: (a, b) => tf.matMul(a, b),
  conv: (x, w) => conv(x, w, "same"),
  convGrad: (x, w, dy) => {
    const both = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) =>
      conv(a, b, "same")
    );
    const { value, grads } = both([x, w], dy);
    return [value, ...grads];
  },
  chain: (x) => tf.tidy(() => tf.mul(tf.relu(tf.add(tf.mul(x, 2), 1)), 3)),
  sum: (x) => tf.sum(x),
  softmax: (x) => tf.softmax(x),
  add: (a, b) => tf.add(a, b),
  trainer,
};
