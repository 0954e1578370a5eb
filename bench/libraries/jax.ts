/**
 * jax-js 0.1.25 as the bench drives it: NCHW; single operations are eager,
 * chains, gradients, inference and whole training steps are jitted.
 *
 * Arrays are counted: an operation uses its operands up, and `ref` is one more
 * use. Norms in training use the batch's statistics and keep no running ones.
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

import { type ModelName, permuted, type Values } from "../data.ts";
import type {
  Floats,
  InferenceJob,
  Library,
  Trainer,
  TrainingJob,
} from "../library.ts";
import { resnet18 } from "../resnet.ts";

type Array = np.Array;
type Weights = { [name: string]: Array };
type Model = (p: Weights, x: Array, isTraining: boolean) => Array;

function put(data: Floats, shape: readonly number[]): Array {
  return np.array(data).reshape([...shape]);
}

// Heads come after positions here.
const HEADS = [0, 2, 1, 3];

function same(x: Array, w: Array): Array {
  return lax.conv(x, w, [1, 1], "SAME");
}

/** `run` with its gradients, jitted: from dy and the inputs. */
function withGradients(
  run: (...inputs: Array[]) => Array,
): (...inputs: Array[]) => Array[] {
  return jit((dy: Array, ...inputs: Array[]) => {
    const [y, back] = vjp(run, inputs);
    return [y, ...back(dy)];
  }) as (...inputs: Array[]) => Array[]; // as returned
}

function layerNorm(x: Array, scale: Array, shift: Array): Array {
  return nn.standardize(x, -1, { epsilon: 1e-5 }).mul(scale).add(shift);
}

function attention(q: Array, k: Array, v: Array, isCausal: boolean): Array {
  return nn.dotProductAttention(q, k, v, { isCausal });
}

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

function residual(name: "resnet18" | "resnet18-cifar"): Model {
  return (p, x, isTraining) =>
    resnet18<Array>(name, {
      again: (each) => each.ref,
      conv: (each, weight, { stride, padding }) =>
        lax.conv(each, p[`${weight}.weight`]!, [stride, stride], [
          [padding, padding],
          [padding, padding],
        ]),
      norm(each, norm) {
        const scale = p[`${norm}.weight`]!.reshape([-1, 1, 1]);
        const shift = p[`${norm}.bias`]!.reshape([-1, 1, 1]);
        if (!isTraining) { // mean 0, variance 1
          return each.mul(1 / Math.sqrt(1 + 1e-5)).mul(scale).add(shift);
        }
        const normal = nn.standardize(each, [0, 2, 3], { epsilon: 1e-5 });
        return normal.mul(scale).add(shift);
      },
      relu: (each) => nn.relu(each),
      add: (a, b) => a.add(b),
      pool(each) {
        // nothing is below 0 after relu, so zeros stand for no pixels
        const padded = np.pad(each, [[0, 0], [0, 0], [1, 1], [1, 1]]);
        return lax.reduceWindow(padded, np.max, [3, 3], [2, 2]);
      },
      mean: (each) => np.mean(each, [2, 3]),
      linear: (each, head) =>
        linear(each, p[`${head}.weight`], p[`${head}.bias`]),
    }, x);
}

function perceptron(p: Weights, x: Array): Array {
  const h = nn.relu(linear(x, p.w1, p.b1));
  return linear(nn.relu(linear(h, p.w2, p.b2)), p.w3, p.b3);
}

const MODELS: Readonly<Record<ModelName, Model>> = {
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
  mlp: perceptron,
  "alexnet-head": perceptron,
  resnet18: residual("resnet18"),
  "resnet18-cifar": residual("resnet18-cifar"),
};

function upload(values: Record<string, Values>): Weights {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data, shape }]) => [
      name,
      put(data, shape),
    ]),
  );
}

function zerosLike(values: Record<string, Values>): Weights {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape }]) => [
      name,
      np.zeros([...shape]),
    ]),
  );
}

/** What an optimizer keeps: parameters and two states of their shapes. */
type State = [weights: Weights, first: Weights, second: Weights];

/** Adam's bias corrections for a step. */
function corrections(step: number): [Array, Array] {
  return [np.array(1 / (1 - 0.9 ** step)), np.array(1 / (1 - 0.999 ** step))];
}

function adamUpdate(
  [p, m, v]: State,
  g: Weights,
  [c1, c2]: [Array, Array],
  lr: number,
): State {
  const next: State = [{}, {}, {}];
  for (const name in p) {
    const mean = m[name]!.mul(0.9).add(g[name]!.ref.mul(0.1));
    const square = v[name]!.mul(0.999).add(np.square(g[name]!).mul(0.001));
    const root = np.sqrt(square.ref.mul(c2.ref)).add(1e-8);
    next[0][name] = p[name]!.sub(mean.ref.mul(c1.ref).mul(lr).div(root));
    next[1][name] = mean;
    next[2][name] = square;
  }
  c1.dispose();
  c2.dispose();
  return next;
}

function sgdUpdate([p, m]: State, g: Weights, lr: number): State {
  const next: State = [{}, {}, {}];
  for (const name in p) {
    next[1][name] = m[name]!.mul(0.9).add(g[name]!);
    next[0][name] = p[name]!.sub(next[1][name]!.ref.mul(lr));
  }
  return next;
}

function trainer(job: TrainingJob): Trainer {
  const { lr, shape, rule } = job;
  const model = MODELS[job.model];
  const isAdam = rule === "adam";
  let state: State = [
    upload(job.parameters),
    zerosLike(job.parameters),
    isAdam ? zerosLike(job.parameters) : {},
  ];
  const x = put(job.images, shape);
  const y = np.array(job.labels);
  const lossOf = (p: Weights, x: Array, y: Array): Array =>
    nn.logSoftmax(model(p, x, true)).mul(nn.oneHot(y, 10)).sum()
      .mul(-1 / shape[0]!);
  const step = jit(
    (p: Weights, m: Weights, v: Weights, x: Array, y: Array, ...c: Array[]) => {
      const [loss, grads] = valueAndGrad(lossOf)(tree.ref(p), x, y) as [
        Array,
        Weights,
      ]; // its types know the gradients only as a tree
      const next = isAdam
        ? adamUpdate([p, m, v], grads, c as [Array, Array], lr) // both given
        : sgdUpdate([p, m, v], grads, lr);
      return [loss, ...next];
    },
  );
  let count = 0;
  return {
    step() {
      const given = isAdam ? corrections(++count) : [];
      const made = step(...state, x.ref, y.ref, ...given);
      const [loss, ...next] = made as [Array, ...State]; // as returned
      state = next;
      return {
        read: async () => (await loss.data())[0]!,
        drop: () => loss.dispose(),
      };
    },
  };
}

function adam(values: Values[], gradients: Values[]): () => Array {
  const named = (list: Values[]) =>
    Object.fromEntries(list.map((each, i) => [`p${i}`, each]));
  let state: State = [
    upload(named(values)),
    zerosLike(named(values)),
    zerosLike(named(values)),
  ];
  const grads = upload(named(gradients));
  const step = jit(
    (p: Weights, m: Weights, v: Weights, g: Weights, c1: Array, c2: Array) =>
      adamUpdate([p, m, v], g, [c1, c2], 1e-3),
  );
  let count = 0;
  return () => {
    const made = step(...state, tree.ref(grads), ...corrections(++count));
    state = made as State; // as returned
    return state[0].p0!.ref;
  };
}

function classifier(job: InferenceJob): () => Array {
  const weights = upload(job.parameters);
  const x = put(job.images, job.shape);
  const run = jit((p: Weights, x: Array) => MODELS[job.model](p, x, false));
  return () => run(tree.ref(weights), x.ref) as Array; // as returned
}

/** The adapter. */
export async function open(): Promise<Library<Array>> {
  if (!(await init("webgpu")).includes("webgpu")) {
    throw new Error("jax-js has no WebGPU device here");
  }
  defaultDevice("webgpu");
  const chain = jit((x: Array) => nn.relu(x.mul(2).add(1)).mul(3));
  const adds = jit((a: Array, b: Array) => {
    let x = a;
    for (let i = 0; i < 1000; i++) x = x.add(b.ref);
    b.dispose();
    return x;
  });
  const softmax = jit((x: Array) => nn.softmax(x, -1));
  const convGrad = withGradients(same);
  const normalise = jit(layerNorm);
  const layerNormGrad = withGradients(layerNorm);
  const attend = [false, true].map((isCausal) => {
    const run = (q: Array, k: Array, v: Array) => attention(q, k, v, isCausal);
    return { forward: jit(run), backward: withGradients(run) };
  });
  return {
    name: "jax",
    isLazy: true,
    put: (data, shape, kind) =>
      kind === "heads"
        ? put(permuted(data, shape, HEADS), HEADS.map((axis) => shape[axis]!))
        : put(data, shape),
    get: async (tensor, kind) => {
      const data = await tensor.ref.data();
      return kind === "heads" // HEADS undoes itself
        ? permuted(data as Float32Array, tensor.shape, HEADS) // float32 all
        : data;
    },
    sync: async (tensor) => {
      await tensor.blockUntilReady();
    },
    free: (...tensors) => tensors.forEach((tensor) => tensor.dispose()),
    matmul: (a, b) => np.matmul(a.ref, b.ref),
    conv: (x, w) => same(x.ref, w.ref),
    convGrad: (x, w, dy) => convGrad(dy.ref, x.ref, w.ref),
    chain: (x) => chain(x.ref),
    sum: (x) => np.sum(x.ref),
    softmax: (x) => softmax(x.ref),
    add: (a, b) => a.ref.add(b.ref),
    adds: (a, b) => adds(a.ref, b.ref),
    attention: (q, k, v, isCausal) =>
      attend[Number(isCausal)]!.forward(q.ref, k.ref, v.ref),
    attentionGrad: (q, k, v, dy, isCausal) =>
      attend[Number(isCausal)]!.backward(dy.ref, q.ref, k.ref, v.ref),
    layerNorm: (x, scale, shift) => normalise(x.ref, scale.ref, shift.ref),
    layerNormGrad: (x, scale, shift, dy) =>
      layerNormGrad(dy.ref, x.ref, scale.ref, shift.ref),
    adam,
    trainer,
    classifier,
  };
}
