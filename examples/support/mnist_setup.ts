/**
 * Setup of examples/mnist.ts: options, digits and model.
 *
 * @module
 */

import { dirname } from "node:path";
import { parseArgs } from "node:util";

import { adapter, data, nn, vision } from "@kindling/kindling";
import {
  DownloadError,
  type LabelledImage,
  MNIST,
  SyntheticDigits,
} from "@kindling/kindling/datasets";
import type { Report } from "./mnist_report.ts";

/** The options of the command line. */
export interface Options {
  readonly dataset: "auto" | "mnist" | "synthetic";
  readonly mirrors: readonly string[];
  readonly model: ModelName;
  readonly epochs: number;
  /** Maximum of training images, and of test images; undefined means all. */
  readonly limit: number | undefined;
  readonly batchSize: number;
  readonly lr: number;
  readonly workers: number;
  readonly seed: number;
  readonly save: string | undefined;
  readonly resume: string | undefined;
  readonly json: boolean;
  readonly eager: boolean;
}

/** Names of the models. */
export type ModelName = "lenet" | "cnn" | "mlp";

const USAGE = `deno run -P examples/mnist.ts [options]

  --dataset auto|mnist|synthetic  default: auto, MNIST if it is available
  --mirror URL     folder to download MNIST from; may be repeated
  --model lenet|cnn|mlp           default: cnn on a GPU, lenet on a CPU adapter
  --epochs N       default: 3
  --limit N        trains and tests on the first N images
  --batch-size N   default: 64
  --lr X           learning rate of Adadelta; default: 1
  --workers N      DataLoader workers; default: 0
  --seed N         default: 1
  --save FILE      writes a checkpoint after each epoch
  --resume FILE    continues from a checkpoint
  --eager          runs steps op by op, not compiled
  --json           ends with a line of JSON`;

/** Returns the options, or ends the program with a message. */
export function readOptions(words: readonly string[]): Options {
  try {
    return parse([...words]);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) {
      throw error;
    }
    stop(`${error.message}\n\n${USAGE}`, 2);
  }
}

function stop(text: string, status: number): never {
  const out = status === 0 ? Deno.stdout : Deno.stderr;
  out.writeSync(new TextEncoder().encode(`${text}\n`));
  Deno.exit(status);
}

function parse(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      dataset: { type: "string", default: "auto" },
      mirror: { type: "string", multiple: true, default: [] },
      model: { type: "string" },
      epochs: { type: "string", default: "3" },
      limit: { type: "string" },
      "batch-size": { type: "string", default: "64" },
      lr: { type: "string", default: "1" },
      workers: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      save: { type: "string" },
      resume: { type: "string" },
      eager: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) stop(USAGE, 0);
  const usual = adapter().kind === "gpu" ? "cnn" : "lenet";
  const { dataset, model = usual } = values;
  return {
    dataset: oneOf("--dataset", dataset, ["auto", "mnist", "synthetic"]),
    mirrors: values.mirror,
    model: oneOf("--model", model, ["lenet", "cnn", "mlp"]),
    epochs: whole("--epochs", values.epochs, 1),
    limit: values.limit === undefined
      ? undefined
      : whole("--limit", values.limit, 1),
    batchSize: whole("--batch-size", values["batch-size"], 1),
    lr: positive("--lr", values.lr),
    workers: whole("--workers", values.workers, 0),
    seed: whole("--seed", values.seed, 0),
    save: fileToWrite("--save", values.save),
    resume: values.resume,
    json: values.json,
    eager: values.eager,
  };
}

function oneOf<Word extends string>(
  flag: string,
  value: string,
  words: readonly Word[],
): Word {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new RangeError(
    `Cannot use "${value}" as ${flag}: expected ${words.join(", ")}`,
  );
}

function whole(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && text.trim() !== "") {
    return value;
  }
  throw new RangeError(
    `Cannot use "${text}" as ${flag}: expected an integer of at least ${least}`,
  );
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(
    `Cannot use "${text}" as ${flag}: expected a positive number`,
  );
}

// Checks the path before the training, which would be lost otherwise.
function fileToWrite(
  flag: string,
  path: string | undefined,
): string | undefined {
  if (path === undefined) return undefined;
  const folder = dirname(path);
  const reason = kindOf(path) === "folder"
    ? "it is a folder"
    : kindOf(folder) === "none"
    ? `there is no folder "${folder}"`
    : undefined;
  if (reason === undefined) return path;
  throw new RangeError(
    `Cannot use "${path}" as ${flag}: expected a file, but ${reason}`,
  );
}

function kindOf(path: string): "file" | "folder" | "none" | "unknown" {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "none" : "unknown";
  }
}

/** Training and test digits. */
export interface Digits {
  readonly trainSet: data.Dataset<LabelledImage>;
  readonly testSet: data.Dataset<LabelledImage>;
}

/**
 * Opens the digits of `--dataset`. If MNIST is not available, `auto` warns and
 * uses synthetic digits; `mnist` ends the program.
 */
export async function openDigits(
  options: Options,
  report: Report,
): Promise<Digits> {
  const digits = await openMNIST(options, report) ?? {
    name: "synthetic",
    trainSet: new SyntheticDigits({ train: true }),
    testSet: new SyntheticDigits({ train: false }),
  };
  const trainSet = firstOf(digits.trainSet, options.limit);
  report.begin(digits.name, trainSet.length);
  return { trainSet, testSet: firstOf(digits.testSet, options.limit) };
}

function firstOf<Sample>(
  dataset: data.Dataset<Sample>,
  limit = Infinity,
): data.Dataset<Sample> {
  if (limit >= dataset.length) return dataset;
  return new data.Subset(dataset, Array.from({ length: limit }, (_, i) => i));
}

async function openMNIST(
  { dataset, mirrors }: Options,
  report: Report,
): Promise<Digits & { name: string } | undefined> {
  if (dataset === "synthetic") return undefined;
  const source = mirrors.length > 0 ? { mirrors } : {};
  try {
    return {
      name: "mnist",
      trainSet: await MNIST.open({ train: true, ...source }),
      testSet: await MNIST.open({ train: false, ...source }),
    };
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (dataset === "mnist") stop(error.message, 1);
    report.warn(
      `${error.message}\n\n` +
        `MNIST IS NOT AVAILABLE (see above): TRAINING ON SYNTHETIC DIGITS INSTEAD`,
    );
    return undefined;
  }
}

// True without a network, or without a folder to save the files.
function isMissing(error: unknown): error is Error {
  return error instanceof DownloadError ||
    error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotADirectory;
}

/** Makes a model with random weights. */
export function chooseModel(name: ModelName): nn.Module {
  switch (name) {
    case "lenet":
      return new vision.models.LeNet();
    case "cnn":
      return new vision.models.MnistCNN();
    case "mlp":
      return new nn.Sequential(
        new nn.Flatten(),
        new nn.Linear(784, 512),
        new nn.ReLU(),
        new nn.Linear(512, 512),
        new nn.ReLU(),
        new nn.Linear(512, 10),
      );
    default:
      throw new RangeError(`Cannot make a model "${name satisfies never}"`);
  }
}
