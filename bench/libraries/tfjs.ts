/**
 * TensorFlow.js 4.22.0 as the bench drives it: the core API on its WebGPU or
 * its WebAssembly backend, NHWC, with filters and the first linear layer
 * permuted on upload.
 *
 * The WebAssembly backend has no gradients of convolutions: with it, only
 * inference is timed, and it computes as it is called. Norms in training use
 * the batch's statistics and keep no running ones.
 *
 * @module
 */

import * as tf from "npm:@tensorflow/tfjs@4.22.0";

import { permuted, type Values } from "../data.ts";
import type {
  InferenceJob,
  Kind,
  Library,
  LibraryOptions,
  Trainer,
  TrainingJob,
} from "../library.ts";
import { models, type Weights } from "./tfjs_models.ts";

/** Where the axes of each kind go; what is not named keeps its order. */
const AXES: Readonly<Partial<Record<Kind, readonly number[]>>> = {
  image: [0, 2, 3, 1],
  filter: [2, 3, 1, 0],
};
/** And where they come from. */
const BACK: typeof AXES = { image: [0, 3, 1, 2], filter: [3, 2, 0, 1] };

function put(
  data: Float32Array<ArrayBuffer>,
  shape: readonly number[],
  kind: Kind = "plain",
): tf.Tensor {
  const axes = AXES[kind];
  return axes
    ? tf.tensor(
      permuted(data, shape, axes),
      axes.map((axis) => shape[axis]!),
    )
    : tf.tensor(data, [...shape]);
}

async function get(
  tensor: tf.Tensor,
  kind: Kind = "plain",
): Promise<ArrayLike<number>> {
  const data = await tensor.data();
  const axes = BACK[kind];
  // floats: nothing else is put
  return axes ? permuted(data as Float32Array, tensor.shape, axes) : data;
}

// Features that come out of a convolution are flattened as [H, W, C] here.
const FLATTENED: Readonly<Record<number, readonly number[]>> = {
  9216: [64, 12, 12],
  400: [16, 5, 5],
};

function putWeight({ data, shape }: Values): tf.Tensor {
  if (shape.length === 4) return put(data, shape, "filter");
  const features = shape.length === 2 ? FLATTENED[shape[0]!] : undefined;
  if (!features) return put(data, shape);
  const rows = permuted(data, [...features, shape[1]!], [1, 2, 0, 3]);
  return put(rows, shape);
}

function upload(values: Record<string, Values>): Weights {
  return Object.fromEntries(
    Object.entries(values).map(([name, each]) => [
      name,
      tf.variable(putWeight(each)),
    ]),
  );
}

function putImages({ images, shape }: InferenceJob): tf.Tensor {
  return put(images, shape, shape.length === 4 ? "image" : "plain");
}

function trainer(job: TrainingJob): Trainer {
  const weights = upload(job.parameters);
  const x = putImages(job);
  const y = tf.oneHot(tf.tensor1d(job.labels, "int32"), 10);
  const optimizer = job.rule === "sgd"
    ? tf.train.momentum(job.lr, 0.9)
    : tf.train.adam(job.lr, 0.9, 0.999, 1e-8);
  const lossOf = (): tf.Scalar => {
    const logits = models[job.model](weights, x, true);
    return tf.losses.softmaxCrossEntropy(y, logits) as tf.Scalar; // a mean
  };
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

function classifier(job: InferenceJob): () => tf.Tensor {
  const weights = upload(job.parameters);
  const x = putImages(job);
  return () => tf.tidy(() => models[job.model](weights, x, false));
}

function adam(values: Values[], gradients: Values[]): () => tf.Tensor {
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const variables = values.map((each, i) =>
    tf.variable(putWeight(each), true, `p${i}`)
  );
  const grads = gradients.map((each, i) => ({
    name: `p${i}`,
    tensor: putWeight(each),
  }));
  return () => {
    optimizer.applyGradients(grads);
    return variables[0]!.clone();
  };
}

function conv(x: tf.Tensor, w: tf.Tensor): tf.Tensor {
  // ranks are known here, not to the types
  return tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
}

function attention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  isCausal: boolean,
): tf.Tensor {
  const [length, width] = q.shape.slice(-2) as [number, number]; // of rank 4
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width));
  if (!isCausal) return tf.matMul(tf.softmax(scores), v);
  const places = tf.range(0, length);
  const hidden = tf.less(places.expandDims(1), places);
  const masked = tf.where(hidden, tf.fill(scores.shape, -Infinity), scores);
  return tf.matMul(tf.softmax(masked), v);
}

function layerNorm(
  x: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(normal, scale), shift);
}

/** The result of `run` and its gradients. */
function withGradients(
  run: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  dy: tf.Tensor,
): tf.Tensor[] {
  const { value, grads } = tf.valueAndGrads(run)(inputs, dy);
  return [value, ...grads];
}

/** The adapter. */
export async function open(
  { backend = "webgpu" }: LibraryOptions,
): Promise<Library<tf.Tensor>> {
  if (backend === "wasm") {
    await import("npm:@tensorflow/tfjs-backend-wasm@4.22.0");
  } else await import("npm:@tensorflow/tfjs-backend-webgpu@4.22.0");
  if (!await tf.setBackend(backend)) {
    throw new Error(`TensorFlow.js has no ${backend} backend here`);
  }
  await tf.ready();
  const common = {
    name: "tfjs",
    put,
    get,
    free: (...tensors: tf.Tensor[]) => tf.dispose(tensors),
    matmul: (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b),
    conv,
    chain: (x: tf.Tensor) =>
      tf.tidy(() => tf.mul(tf.relu(tf.add(tf.mul(x, 2), 1)), 3)),
    sum: (x: tf.Tensor) => tf.sum(x),
    softmax: (x: tf.Tensor) => tf.softmax(x),
    add: (a: tf.Tensor, b: tf.Tensor) => tf.add(a, b),
    attention: (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, isCausal: boolean) =>
      tf.tidy(() => attention(q, k, v, isCausal)),
    layerNorm: (x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) =>
      tf.tidy(() => layerNorm(x, scale, shift)),
    classifier,
  };
  if (backend === "wasm") return { ...common, sync: async () => {} };
  return {
    ...common,
    sync: async (tensor) => {
      const flat = tensor.flatten();
      const first = tf.slice(flat, 0, 1);
      await first.data();
      tf.dispose([flat, first]);
    },
    convGrad: (x, w, dy) => withGradients((a, b) => conv(a!, b!), [x, w], dy),
    attentionGrad: (q, k, v, dy, isCausal) =>
      withGradients(
        (a, b, c) => attention(a!, b!, c!, isCausal),
        [q, k, v],
        dy,
      ),
    layerNormGrad: (x, scale, shift, dy) =>
      withGradients((a, b, c) => layerNorm(a!, b!, c!), [x, scale, shift], dy),
    adam,
    trainer,
  };
}
