/**
 * A custom dataset of a folder of photos: labels from file names, random
 * transforms, skipped broken files, balanced classes, workers, and a picture of
 * one batch.
 *
 *     deno run -P examples/dogs_vs_cats_dataset.ts \
 *         [--data DIR] [--out FILE] [--workers N]
 *
 * DIR has files such as dog.1.jpg and cat.2.jpg. Without --data, the program
 * draws some.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- a command line program

import { parseArgs } from "node:util";

import { data, vision } from "@kindling/kindling";
import { drawDogsAndCats } from "./support/drawn_images.ts";

const T = vision.transforms;

/**
 * Photos in a folder. A name that starts with "dog" has label 1, any other 0.
 * Workers import the class: it is exported and has a `url`.
 */
export class DogCat extends data.Dataset<[vision.Image, number]> {
  static url: string = import.meta.url;
  readonly files: readonly string[];

  constructor(root: string) {
    super();
    this.files = [...Deno.readDirSync(root)]
      .filter(({ isFile }) => isFile)
      .map(({ name }) => `${root}/${name}`)
      .sort();
  }

  override get length(): number {
    return this.files.length;
  }

  override async get(index: number): Promise<[vision.Image, number]> {
    const path = this.files[index]!;
    return [await vision.readImage(path), labelOf(path)];
  }

  /** Returns the name of a sample in messages. */
  override sampleName(index: number): string | undefined {
    return this.files[index];
  }

  /** Returns the label of every photo, without reading files. */
  labels(): number[] {
    return this.files.map(labelOf);
  }
}

function labelOf(path: string): number {
  return path.split(/[/\\]/).at(-1)!.startsWith("dog") ? 1 : 0;
}

/** Parses the command line. */
function parseOptions() {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      out: { type: "string", default: "batch.png" },
      workers: { type: "string", default: "2" },
    },
  });
  const { data, out, workers } = values;
  if (!/^\d+$/.test(workers)) {
    throw new RangeError(
      `Cannot use "${workers}" as --workers: expected an integer of at least 0`,
    );
  }
  if (data !== undefined && !hasFiles(data)) {
    throw new RangeError(
      `Cannot use "${data}" as --data: expected a folder with files such as ` +
        `dog.1.jpg and cat.2.jpg`,
    );
  }
  return { data, out, workers: Number(workers) };
}

function hasFiles(path: string): boolean {
  try {
    return [...Deno.readDirSync(path)].some(({ isFile }) => isFile);
  } catch (error) {
    const { NotADirectory, NotFound } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotADirectory) {
      return false;
    }
    throw error;
  }
}

/** Returns the options, or ends the program with a message. */
function readOptions(): ReturnType<typeof parseOptions> {
  try {
    return parseOptions();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) {
      throw error;
    }
    console.error(error.message);
    Deno.exit(2);
  }
}

async function main(): Promise<void> {
  const values = readOptions();
  const folder = values.data ?? await Deno.makeTempDir();
  if (!values.data) {
    console.log(`No --data folder: drawing photos in ${folder}`);
    await drawDogsAndCats(folder);
  }

  const photos = new DogCat(folder);
  const labels = photos.labels();
  const dogs = labels.filter((label) => label === 1).length;
  console.log(`${photos.length} files, ${dogs} of them dogs`);

  // --- random crops, flips and brightness, then normalization ---
  const transform = T.compose([
    T.resize(72),
    T.randomResizedCrop(64),
    T.randomHorizontalFlip(),
    T.colorJitter({ brightness: 0.3 }),
    T.toFloat(),
    T.normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
  ]);

  // --- batches: balanced classes, broken files skipped ---
  const weights = labels.map((label) =>
    1 / (label ? dogs : labels.length - dogs)
  );
  const loader = new data.DataLoader(photos, {
    batchSize: 16,
    sampler: new data.WeightedRandomSampler(weights, {
      numSamples: 64,
      replacement: true,
      seed: 1,
    }),
    seed: 1, // same crops, flips and colours for any number of workers
    numWorkers: values.workers,
    transform,
    collate: data.skipBroken<[vision.Image, number]>(),
  });

  let [count, seenDogs] = [0, 0];
  for await (const [images, targets] of loader) {
    count += targets.shape[0]!;
    seenDogs += await targets.sum().item();
    console.log(String(images), "labels", [...await targets.data()].join(" "));
  }
  console.log(
    `64 samples, ${64 - count} of them broken files; ` +
      `${Math.round(100 * seenDogs / count)} % of the others are dogs`,
  );

  // --- a picture of one batch ---
  const [images] = await loader.first();
  const grid = vision.makeGrid(images, { nrow: 4, normalize: true });
  await vision.saveImage(values.out, grid);
  console.log(`Saved a picture of one batch in ${values.out}`);
  if (!values.data) await Deno.remove(folder, { recursive: true });
}

if (import.meta.main) await main(); // workers import this module, too
