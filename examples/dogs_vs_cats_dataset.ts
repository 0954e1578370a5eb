/**
 * A data set of one's own over a folder of photos: labels from file names,
 * random transforms, broken files left out, classes balanced, workers, and a
 * batch as a picture to look at.
 *
 *     deno run -P examples/dogs_vs_cats_dataset.ts \
 *         [--data DIR] [--out FILE] [--workers N]
 *
 * DIR holds files such as dog.1.jpg and cat.2.jpg; without it, some are drawn.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- a command line program

import { parseArgs } from "node:util";

import { data, vision } from "@kindling/kindling";
import { drawDogsAndCats } from "./support/drawn_images.ts";

const T = vision.transforms;

/**
 * The photos in a folder; a name that starts with "dog" is label 1, any other 0.
 * It is exported and says its url, so that workers find it.
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

  /** What messages call a sample. */
  override sampleName(index: number): string | undefined {
    return this.files[index];
  }

  /** The label of every photo, without opening one. */
  labels(): number[] {
    return this.files.map(labelOf);
  }
}

function labelOf(path: string): number {
  return path.split(/[/\\]/).at(-1)!.startsWith("dog") ? 1 : 0;
}

/** What the command line says. */
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
      `Cannot take "${workers}" for --workers: expected an integer from 0 on`,
    );
  }
  if (data !== undefined && !hasFiles(data)) {
    throw new RangeError(
      `Cannot take "${data}" for --data: expected a folder with files such as ` +
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

/** The options, or the end of the program with the reason on standard error. */
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
    console.log(`Nobody named a folder with --data: drawing one in ${folder}`);
    await drawDogsAndCats(folder);
  }

  const photos = new DogCat(folder);
  const labels = photos.labels();
  const dogs = labels.filter((label) => label === 1).length;
  console.log(`${photos.length} files, ${dogs} of them dogs`);

  // --- photos are cut, flipped and brightened by chance, then normalised ---
  const transform = T.compose([
    T.resize(72),
    T.randomResizedCrop(64),
    T.randomHorizontalFlip(),
    T.colorJitter({ brightness: 0.3 }),
    T.toFloat(),
    T.normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
  ]);

  // --- batches: each class as often as the other, broken files left out ---
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
    seed: 1, // with any number of workers the same cuts, flips and colours
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
    `64 drawn, ${64 - count} of them broken files; of the others ` +
      `${Math.round(100 * seenDogs / count)} % are dogs`,
  );

  // --- a batch to look at ---
  const [images] = await loader.first();
  const grid = vision.makeGrid(images, { nrow: 4, normalize: true });
  await vision.saveImage(values.out, grid);
  console.log(`A batch is in ${values.out}`);
  if (!values.data) await Deno.remove(folder, { recursive: true });
}

if (import.meta.main) await main(); // workers import this module, too
