/**
 * jax-js 0.1.25 as the bench drives it: NCHW; single operations are eager,
 * chains, gradients and whole training steps are jitted.
 *
 * @module
 */

import {
  defaultDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
  vjp,
} from "npm:@jax-js/jax@0.1.25";

import type { ModelName } from "../data.ts";
import type { Library, Trainer, TrainingJob } from "../workloads.ts";

type Array = np.Array;
type Weights = { [name: string]: Array };

if (!(await init("webgpu")).includes("webgpu")) {
  throw new Error("jax-js has no WebGPU device here");
}
defaultDevice("webgpu");

function put(
  data: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): Array {
  return np.array(data).reshape([...shape]);
}

function same(x: Array, w: Array): Array {
  return lax.conv(x, w, [1, 1], "SAME");
}

const chain = jit((x: Array) => nn.relu(x.mul(2).add(1)).mul(3));
const softmax = jit((x: Array) => nn.softmax(x, -1));
const convGrad = jit((x: Array, w: Array, dy: Array) => {
  const [y, back] = vjp(same, [x, w]);
  const [dx, dw] = back(dy);
  return [y, dx, dw];
});

function pool(x: Array): Array {
  return lax.reduceWindow(x, np.max, [2, 2], [2, 2]);
}

function convRelu(
  x: Array,
  w: Array | undefined,
  b: Array | undefined,
  padding: "SAME" | "VALID",
): Array {
  const y = lax.conv(x, w!, [1, 1], padding);
  return nn.relu(y.add(b!.reshape([-1, 1, 1])));
}

function linear(x: Array, w: Array | undefined, b: Array | undefined): Array {
  return np.dot(x, w!).add(b!);
}

const MODELS: Readonly<Record<ModelName, (p: Weights, x: Array) => Array>> = {
  cnn(p, x) {
    let h = convRelu(x, p.w1, p.b1, "VALID");
    h = pool(convRelu(h, p.w2, p.b2, "VALID")).reshape([-1, 9216]);
    return linear(nn.relu(linear(h, p.w3, p.b3)), p.w4, p.b4);
  },
  lenet(p, x) {
    let h = pool(convRelu(x, p.w1, p.b1, "SAME"));
    h = pool(convRelu(h, p.w2, p.b2, "VALID")).reshape([-1, 400]);
    h = nn.relu(linear(h, p.w3, p.b3));
    return linear(nn.relu(linear(h, p.w4, p.b4)), p.w5, p.b5);
  },
  mlp(p, x) {
    const h = nn.relu(linear(x, p.w1, p.b1));
    return linear(nn.relu(linear(h, p.w2, p.b2)), p.w3, p.b3);
  },
};

function trainer(job: TrainingJob): Trainer {
  const { batch, lr } = job;
  const model = MODELS[job.model];
  let weights: Weights = {};
  let momenta: Weights = {};
  for (const [name, { data, shape }] of Object.entries(job.parameters)) {
    weights[name] = put(data, shape);
    momenta[name] = np.zeros([...shape]);
  }
  const x = put(
    job.images,
    job.model === "mlp" ? [batch, 784] : [batch, 1, 28, 28],
  );
  const y = np.array(job.labels);
  const lossOf = (p: Weights, x: Array, y: Array): Array =>
    nn.logSoftmax(model(p, x)).mul(nn.oneHot(y, 10)).sum().mul(-1 / batch);
  const step = jit((p: Weights, m: Weights, x: Array, y: Array) => {
    const [loss, grads] = valueAndGrad(lossOf)(tree.ref(p), x, y) as [
      Array,
      Weights,
    ]; // its types know the gradients only as a tree
    const nextP: Weights = {};
    const nextM: Weights = {};
    for (const name in p) {
      nextM[name] = m[name]!.mul(0.9).add(grads[name]!);
      nextP[name] = p[name]!.sub(nextM[name]!.ref.mul(lr));
    }
    return [loss, nextP, nextM];
  });
  return {
    step() {
      const made = step(weights, momenta, x.ref, y.ref);
      const [loss, p, m] = made as [Array, Weights, Weights]; // as returned
      weights = p;
      momenta = m;
      return {
        read: async () => (await loss.data())[0]!,
        drop: () => loss.dispose(),
      };
    },
  };
}

/** The adapter. */
export const library: Library<Array> = {
  name: "jax",
  isLazy: true,
  put,
  putImage: put,
  putFilter: put,
  get: async (tensor) => await tensor.ref.data(),
  sync: async (tensor) => {
    await tensor.blockUntilReady();
  },
  free: (...tensors) => tensors.forEach((tensor) => tensor.dispose()),
  matmul: (a, b) => np.matmul(a.ref, b.ref),
  conv: (x, w) => same(x.ref, w.ref),
  convGrad: (x, w, dy) => convGrad(x.ref, w.ref, dy.ref) as Array[], // as returned
  chain: (x) => chain(x.ref),
  sum: (x) => np.sum(x.ref),
  softmax: (x) => softmax(x.ref),
  add: (a, b) => a.ref.add(b.ref),
  trainer,
};
