/**
 * Whether a library computes what it is timed at: small cases of each
 * operation against plain loops, losses and logits of models against PyTorch's
 * in double precision.
 *
 * @module
 */

import { type ModelName, product, random } from "../data.ts";
import type { Kind, Rule } from "../library.ts";
import * as reference from "../reference.ts";
import { relativeError } from "../statistics.ts";
import type { Timer } from "../timing.ts";
import { trainingJob } from "./models.ts";

/** Error of single operations, as a share of the largest result. */
const TOLERANCE = 1e-4;
/** The same of losses after some steps, where errors add up. */
const TRAINING_TOLERANCE = 1e-3;

/** The losses of the first four steps, each before its update. */
interface Losses {
  readonly model: ModelName;
  readonly batch: number;
  readonly rule: Rule;
  readonly lr: number;
  readonly losses: readonly number[];
}

/** What `python3 bench/libraries/torch.py expected` prints (PyTorch 1.13). */
const LOSSES: readonly Losses[] = [
  {
    model: "mlp",
    batch: 4,
    rule: "sgd",
    lr: 0.05,
    losses: [2.2566562, 2.0569351, 1.7246601, 1.2665172],
  },
  {
    model: "cnn",
    batch: 4,
    rule: "sgd",
    lr: 0.05,
    losses: [2.3117503, 1.9914629, 1.4267154, 1.0064539],
  },
  {
    model: "cnn",
    batch: 4,
    rule: "adam",
    lr: 0.001,
    losses: [2.3117503, 1.4544841, 0.81374553, 0.45935589],
  },
  {
    model: "lenet",
    batch: 4,
    rule: "sgd",
    lr: 0.05,
    losses: [2.3205421, 2.2939784, 2.2446947, 2.1779797],
  },
  {
    model: "resnet18-cifar",
    batch: 2,
    rule: "sgd",
    lr: 0.001,
    losses: [2.5189809, 1.9117651, 1.1935898, 0.65224523],
  },
];

/** The first logits of ResNet-18 for one image, from the same command. */
const LOGITS = [
  1.5585472,
  -2.7242408,
  2.4211931,
  -0.96187981,
  0.67775358,
  -1.4222186,
  -0.62612745,
  1.0687091,
];

/** Compares everything that the library can do. */
export async function verify<T>(timer: Timer<T>): Promise<void> {
  for (const check of [operations, attention, layerNorm, models]) {
    await check(timer);
  }
}

/** How results are compared. */
interface Comparison {
  readonly tolerance?: number;
  /** Calls, of which the last counts: what is compiled replays in the third. */
  readonly calls?: number;
}

/** Hands out a line that says how far results are off. */
async function compare<T>(
  timer: Timer<T>,
  what: string,
  got: () => Promise<ArrayLike<number>>,
  want: ArrayLike<number>,
  { tolerance = TOLERANCE, calls = 3 }: Comparison = {},
): Promise<void> {
  try {
    for (let call = 1; call < calls; call++) await got();
    const error = relativeError(await got(), want);
    timer.emit(`verify-${what}`, {
      ok: error < tolerance,
      relative_error: Number(error.toPrecision(3)),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    timer.emit(`verify-${what}`, { error: reason.slice(0, 300) });
  }
}

async function operations<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  const { matmul, conv, convGrad, chain, sum, softmax } = library;
  if (matmul) {
    for (const [m, k, n] of [[17, 33, 29], [64, 64, 64]] as const) {
      const [a, b] = [random(m * k, 1), random(k * n, 2)];
      await compare(
        timer,
        `matmul${m}x${k}x${n}`,
        async () =>
          await library.get(
            matmul(library.put(a, [m, k]), library.put(b, [k, n])),
          ),
        reference.matmul(a, b, [m, k, n]),
      );
    }
  }
  for (
    const sizes of [
      { batch: 2, inputs: 3, outputs: 5, height: 9, width: 8 },
      { batch: 2, inputs: 8, outputs: 16, height: 12, width: 12 },
    ]
  ) {
    const { batch, inputs, outputs, height, width } = sizes;
    const image = [batch, inputs, height, width];
    const filter = [outputs, inputs, 3, 3];
    const result = [batch, outputs, height, width];
    const [x, w, dy] = [image, filter, result].map((shape, i) =>
      random(product(shape), 3 + i)
    ) as [Data, Data, Data]; // as many as shapes
    const upload = (): [T, T] => [
      library.put(x, image, "image"),
      library.put(w, filter, "filter"),
    ];
    if (conv) {
      await compare(
        timer,
        `conv${inputs}-${outputs}`,
        async () => await library.get(conv(...upload()), "image"),
        reference.conv(x, w, sizes),
      );
    }
    if (!convGrad) continue;
    const want = reference.convGrad(x, w, dy, sizes);
    for (const [i, kind] of (["image", "filter"] as const).entries()) {
      await compare(
        timer,
        `conv${inputs}-${outputs}-${kind}-gradient`,
        async () => {
          const grads = convGrad(...upload(), library.put(dy, result, "image"));
          return await library.get(grads.at(i - 2)!, kind);
        },
        want[i]!,
      );
    }
  }
  const x = random(100_003, 6, 3);
  const onRow = (run: (x: T) => T, data: Data, shape: readonly number[]) => {
    return async () => await library.get(run(library.put(data, shape)));
  };
  if (chain) {
    const want = x.map((v) => Math.max(2 * v + 1, 0) * 3);
    await compare(timer, "elementwise", onRow(chain, x, [x.length]), want);
  }
  if (sum) {
    const positive = x.map(Math.abs);
    const want = [positive.reduce((total, v) => total + v, 0)];
    await compare(timer, "sum", onRow(sum, positive, [x.length]), want);
  }
  if (softmax) {
    const logits = random(7000, 7, 5);
    const want = reference.softmax(logits, 1000);
    await compare(timer, "softmax", onRow(softmax, logits, [7, 1000]), want);
  }
}

type Data = Float32Array<ArrayBuffer>;

async function attention<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  const [length, width] = [33, 16];
  const shape = [1, 1, length, width];
  const inputs = [11, 12, 13, 14].map((seed) =>
    random(length * width, seed)
  ) as [Data, Data, Data, Data]; // as many as seeds
  for (const isCausal of [false, true]) {
    const want = reference.attentionGrad(inputs, [length, width], isCausal);
    const name = `attention${isCausal ? "-causal" : ""}`;
    const upload = (): T[] =>
      inputs.map((data) => library.put(data, shape, "heads"));
    await compareAll(timer, name, "heads", want, {
      forward: library.attention && (() => {
        const [q, k, v] = upload();
        return library.attention!(q!, k!, v!, isCausal);
      }),
      backward: library.attentionGrad && (() => {
        const [q, k, v, dy] = upload();
        return library.attentionGrad!(q!, k!, v!, dy!, isCausal);
      }),
    });
  }
}

async function layerNorm<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  const [rows, columns] = [5, 300];
  const [x, dy] = [random(rows * columns, 15), random(rows * columns, 16)];
  const [scale, shift] = [random(columns, 17), random(columns, 18)];
  const want = reference.layerNormGrad([x, scale, shift, dy], columns);
  const upload = (): [T, T, T] => [
    library.put(x, [rows, columns]),
    library.put(scale, [columns]),
    library.put(shift, [columns]),
  ];
  await compareAll(timer, "layernorm", "plain", want, {
    forward: library.layerNorm && (() => library.layerNorm!(...upload())),
    backward: library.layerNormGrad &&
      (() =>
        library.layerNormGrad!(...upload(), library.put(dy, [rows, columns]))),
  });
}

/** A result and the gradients that follow it. */
async function compareAll<T>(
  timer: Timer<T>,
  name: string,
  kind: Kind,
  [y, ...gradients]: readonly ArrayLike<number>[],
  run: {
    readonly forward: (() => T) | undefined;
    readonly backward: (() => T[]) | undefined;
  },
): Promise<void> {
  const { library } = timer;
  const { forward, backward } = run;
  if (forward) {
    const got = async () => await library.get(forward(), kind);
    await compare(timer, name, got, y!);
  }
  if (!backward) return;
  for (const [i, want] of gradients.entries()) {
    const got = async () =>
      await library.get(backward().at(i - gradients.length)!, kind);
    await compare(timer, `${name}-gradient${i}`, got, want);
  }
}

async function models<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  for (const { model, batch, rule, lr, losses } of LOSSES) {
    const job = trainingJob(model, batch, rule, lr);
    if (!library.trainer) break;
    const got = async (): Promise<number[]> => {
      const trainer = library.trainer!(job);
      const read: number[] = [];
      for (const _ of losses) read.push(await trainer.step().read());
      return read;
    };
    const name = `train-${model}-${rule}`;
    const training = { tolerance: TRAINING_TOLERANCE, calls: 1 };
    await compare(timer, name, got, losses, training);
  }
  if (!library.classifier) return;
  const run = library.classifier(trainingJob("resnet18", 1, "sgd", 0));
  const got = async () => Array.from(await library.get(run())).slice(0, 8);
  const tolerance = TRAINING_TOLERANCE;
  await compare(timer, "resnet18", got, LOGITS, { tolerance });
}
