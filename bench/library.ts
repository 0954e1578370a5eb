/**
 * A library as the bench sees it: what its adapter offers, and the line of
 * output that comes of a workload. Adapters are in libraries/, workloads in
 * workloads/; neither is here.
 *
 * Times are in milliseconds. Images are handed over as [N, C, H, W], filters as
 * [O, C, H, W], heads of attention as [N, heads, length, width], weights of
 * linear layers as [in, out]; an adapter permutes on upload.
 *
 * @module
 */

// deno-lint-ignore-file camelcase -- the fields of a line, by the names that
// other benches of these workloads use

import type { ModelName, Values } from "./data.ts";

/** How a trained model is updated: SGD with momentum 0.9, or Adam. */
export type Rule = "sgd" | "adam";

/** What a tensor is, for libraries that lay it out in another order. */
export type Kind = "plain" | "image" | "filter" | "heads";

/** What a loader loads: grey images in memory, or a folder of JPEG files. */
export type LoaderKind = "mnist" | "jpeg";

/** Typed arrays that are handed over. */
export type Floats = Float32Array<ArrayBuffer>;

/**
 * What a library can do. A workload whose methods are missing is not timed with
 * it.
 */
export interface Library<T> {
  readonly name: string;
  /** Whether results are only computed when waited for one by one. */
  readonly isLazy?: boolean;
  put(data: Floats, shape: readonly number[], kind?: Kind): T;
  /** The elements, in the order in which they were handed over. */
  get(tensor: T, kind?: Kind): Promise<ArrayLike<number>>;
  /** Waits until everything queued up to `tensor` has run. */
  sync(tensor: T): Promise<void>;
  free(...tensors: T[]): void;

  matmul?(a: T, b: T): T;
  /** Size-preserving convolution with 3x3 filters. */
  conv?(x: T, w: T): T;
  /** Its gradients [dx, dw] after `y`, which may be left out. */
  convGrad?(x: T, w: T, dy: T): T[];
  /** relu(2x + 1) * 3. */
  chain?(x: T): T;
  /** a plus b, a thousand times over, as one function. */
  adds?(a: T, b: T): T;
  sum?(x: T): T;
  softmax?(x: T): T;
  add?(a: T, b: T): T;
  /** softmax(q k' / sqrt(width)) v; each query sees keys up to its own. */
  attention?(q: T, k: T, v: T, isCausal: boolean): T;
  /** Its result and its gradients [y, dq, dk, dv]; `y` may be left out. */
  attentionGrad?(q: T, k: T, v: T, dy: T, isCausal: boolean): T[];
  /** Over the last dim, with eps 1e-5. */
  layerNorm?(x: T, scale: T, shift: T): T;
  /** Its result and its gradients [y, dx, dscale, dshift]. */
  layerNormGrad?(x: T, scale: T, shift: T, dy: T): T[];
  /** A step of Adam on parameters with these gradients. */
  adam?(values: Values[], gradients: Values[]): () => T;
  trainer?(job: TrainingJob): Trainer;
  /** Logits of a model in evaluation. */
  classifier?(job: InferenceJob): () => T;
  /**
   * A batch of bytes, [N, 3, 256, 256]: a random square of 0.7 of its area,
   * scaled to 224 by 224, mirrored or not, as normalised floats.
   */
  augment?(images: Uint8Array<ArrayBuffer>, shape: readonly number[]): () => T;
  /** Samples a second of an epoch to normalised batches, if it can say so. */
  loader?(job: LoadingJob): Promise<number | undefined>;
}

/** What a trainer needs to know. */
export interface TrainingJob {
  readonly model: ModelName;
  readonly parameters: Record<string, Values>;
  readonly rule: Rule;
  readonly lr: number;
  readonly images: Floats;
  /** Of the images. */
  readonly shape: readonly number[];
  readonly labels: Int32Array<ArrayBuffer>;
}

/** What a classifier needs to know. */
export type InferenceJob = Pick<
  TrainingJob,
  "model" | "parameters" | "images" | "shape"
>;

/** What a loader needs to know. */
export interface LoadingJob {
  readonly kind: LoaderKind;
  readonly workers: number;
  readonly batchSize: number;
}

/** A model in training. */
export interface Trainer {
  /** One step; its loss can be read or dropped. */
  step(): Loss;
}

/** The loss of a step, still on the device. */
export interface Loss {
  read(): Promise<number>;
  drop(): void;
}

/** What an adapter is opened with. */
export interface LibraryOptions {
  /** Whether Kindling's steps run op by op instead of compiled. */
  readonly isEager: boolean;
  /** A folder of JPEG files, in a folder for each class. */
  readonly images?: string | undefined;
  /** The backend, for libraries that have several. */
  readonly backend?: string;
}

/** What every adapter exports. */
export interface LibraryModule<T> {
  open(options: LibraryOptions): Promise<Library<T>>;
}

/** One line of the output. */
export interface Line {
  readonly peer: string;
  readonly workload: string;
  readonly median_ms?: number;
  readonly min_ms?: number;
  readonly gflops?: number;
  readonly gbps?: number;
  readonly samples_per_s?: number;
  readonly rss_mb?: number;
  /** Why there are no figures. */
  readonly error?: string;
  /** Why the library can't run at all. */
  readonly absent?: string;
  readonly [field: string]: string | number | boolean | undefined;
}
