/**
 * Kindling as the bench drives it: ops, modules and optimizers as a user
 * writes them. Single operations are eager; chains, gradients, inference and
 * whole training steps are compiled, unless it is told not to.
 *
 * @module
 */

import {
  compile,
  data,
  F,
  fromHost,
  grad,
  HostArray,
  nn,
  noGrad,
  optim,
  type Tensor,
  vision,
} from "@kindling/kindling";
import { ImageFolder, SyntheticDigits } from "@kindling/kindling/datasets";

import type { Values } from "../data.ts";
import type { Library, LibraryOptions } from "../library.ts";
import { augment, photo } from "./kindling_images.ts";
import { makeModel, makeStep, put } from "./kindling_models.ts";

/** Makes of a function of tensors what is run: itself, or it compiled. */
export type Prepare = <Args extends Tensor[], Result extends Tensor | Tensor[]>(
  run: (...args: Args) => Result,
) => (...args: Args) => Result;

/** How steps are run: op by op, or compiled. */
export function prepareSteps(isEager: boolean): Prepare {
  return (run) => isEager ? run : compile(run);
}

/** The adapter. */
export function open(
  { isEager, images: folder }: LibraryOptions,
): Promise<Library<Tensor>> {
  const prepare = prepareSteps(isEager);
  const chain = prepare((x: Tensor) => x.mul(2).add(1).relu().mul(3));
  const adds = prepare((a: Tensor, b: Tensor) => {
    let x = a;
    for (let i = 0; i < 1000; i++) x = x.add(b);
    return x;
  });
  const convGrad = prepare(withGradients((x, w) => conv(x, w)));
  const attentionGrad = [false, true].map((isCausal) =>
    prepare(withGradients((q, k, v) => attention(q, k, v, isCausal)))
  );
  const layerNormGrad = prepare(withGradients(layerNorm));
  return Promise.resolve({
    name: "kindling",
    put: (data, shape) => put({ data, shape }),
    get: (tensor) => tensor.data(),
    sync: async (tensor) => {
      await tensor.flatten().slice(0, 0, 1).data();
    },
    free: (...tensors) => tensors.forEach((tensor) => tensor.dispose()),
    matmul: (a, b) => a.matmul(b),
    conv,
    convGrad: (x, w, dy) => convGrad(dy, x, w),
    chain,
    sum: (x) => x.sum(),
    softmax: (x) => x.softmax(-1),
    add: (a, b) => a.add(b),
    adds,
    attention,
    attentionGrad: (q, k, v, dy, isCausal) =>
      attentionGrad[Number(isCausal)]!(dy, q, k, v),
    layerNorm,
    layerNormGrad: (x, scale, shift, dy) => layerNormGrad(dy, x, scale, shift),
    adam: (values, gradients) => prepare(adamStep(values, gradients)),
    trainer(job) {
      const { images, labels, ...made } = makeStep(job);
      const step = prepare(made.step);
      return {
        step() {
          const loss = step(images, labels);
          return { read: () => loss.item(), drop: () => {} };
        },
      };
    },
    classifier(job) {
      const model = makeModel(job).eval();
      const images = put({ data: job.images, shape: job.shape });
      const run = prepare((x: Tensor) => noGrad(() => model.call(x)));
      return () => run(images);
    },
    augment(data, shape) {
      const images = fromHost(new HostArray(data, shape));
      return () => augment.call(images); // draws on the host: not compiled
    },
    async loader({ kind, workers, batchSize }) {
      const options = { batchSize, shuffle: true, numWorkers: workers };
      if (kind === "mnist") {
        digits ??= new SyntheticDigits({ length: 60_000 });
        const batchTransform = standardised;
        return await rateOf(
          new data.DataLoader(digits, { ...options, batchTransform }),
          digits.length,
        );
      }
      if (!folder) return undefined;
      const photos = repeated(new ImageFolder(folder), IMAGES);
      return await rateOf(
        new data.DataLoader(photos, { ...options, transform: photo }),
        photos.length,
      );
    },
  });
}

function conv(x: Tensor, w: Tensor): Tensor {
  return F.conv2d(x, w, undefined, { padding: 1 });
}

function attention(q: Tensor, k: Tensor, v: Tensor, isCausal: boolean): Tensor {
  return F.scaledDotProductAttention(q, k, v, { isCausal });
}

function layerNorm(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  return F.layerNorm(x, [x.shape.at(-1)!], { weight, bias });
}

/** The result of `run` and its gradients, from dy and the inputs. */
function withGradients<Inputs extends Tensor[]>(
  run: (...inputs: Inputs) => Tensor,
): (dy: Tensor, ...inputs: Inputs) => Tensor[] {
  return (gradient, ...inputs) => {
    const leaves = inputs.map((x) => x.detach().requiresGrad_());
    const y = run(...leaves as Inputs); // as many as there were
    return [y, ...grad(y, leaves, { gradient })];
  };
}

function adamStep(values: Values[], gradients: Values[]): () => Tensor {
  const parameters = values.map((each) => new nn.Parameter(put(each)));
  const optimizer = new optim.Adam(parameters);
  parameters.forEach((parameter, i) => parameter.grad = put(gradients[i]!));
  return () => {
    optimizer.step();
    return parameters[0]!.detach();
  };
}

const T = vision.transforms;
/** What is done to a batch of digits, on the GPU. */
const standardised = T.compose([T.toFloat(), T.normalize([0.1307], [0.3081])]);
/** Samples of an epoch of JPEG files, at least. */
const IMAGES = 1600;
let digits: SyntheticDigits | undefined;

/** A dataset so often that it has `length` samples. */
function repeated<Sample>(
  dataset: data.Dataset<Sample>,
  length: number,
): data.Dataset<Sample> {
  const times = Math.ceil(length / dataset.length);
  return new data.ConcatDataset(Array.from({ length: times }, () => dataset));
}

/** Samples a second of an epoch, until the last batch is on the GPU. */
async function rateOf(
  batches: AsyncIterable<Tensor[]>,
  length: number,
): Promise<number> {
  const start = performance.now();
  let last: Tensor | undefined;
  for await (const [images] of batches) last = images;
  await last?.flatten().slice(0, 0, 1).data();
  return length * 1000 / (performance.now() - start);
}
