/**
 * Multi-label classification with labels from a CSV file: a small network
 * learns the colours in a picture.
 *
 *     deno run -P examples/multilabel_csv.ts [--data DIR] [--epochs N]
 *
 * DIR has tiny_labels.csv (Filename, then a column of 0 and 1 for each label)
 * and the folders train, val and test. Without --data, the program draws
 * pictures.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- a command line program

import { parseArgs } from "node:util";

import {
  data,
  F,
  type HostArray,
  manualSeed,
  nn,
  noGrad,
  optim,
  scope,
  type Tensor,
  vision,
} from "@kindling/kindling";
import { Table } from "@kindling/kindling/datasets";
import { drawColours } from "./support/drawn_images.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    epochs: { type: "string", default: "12" },
  },
});
manualSeed(1);
const folder = values.data ?? await Deno.makeTempDir();
if (!values.data) {
  console.log(`No --data folder: drawing pictures in ${folder}`);
  await drawColours(folder);
}

// --- data: one CSV file for three folders; each uses the rows of its files ---
const T = vision.transforms;
const augment = T.compose<HostArray>([
  T.resize([32, 32]),
  T.randomHorizontalFlip(),
  T.toFloat(),
]);
const asIs = T.compose<HostArray>([T.resize([32, 32]), T.toFloat()]);

/** Opens the pictures of one folder. */
function open(setName: string): Promise<Table<HostArray>> {
  return Table.open(`${folder}/tiny_labels.csv`, {
    root: `${folder}/${setName}`,
    missing: "skip",
    transform: setName === "train" ? augment : asIs,
  });
}
const trainSet = await open("train");
console.log(String(trainSet));
const train = new data.DataLoader(trainSet, { batchSize: 16, shuffle: true });
const val = new data.DataLoader(await open("val"), { batchSize: 16 });
const test = new data.DataLoader(await open("test"), { batchSize: 16 });

// --- model: a logit for each label ---
class ColourNet extends nn.Module {
  conv1 = new nn.Conv2d(3, 8, 3, { padding: 1 });
  conv2 = new nn.Conv2d(8, 16, 3, { padding: 1 });
  head: nn.Linear;

  constructor(labels: number) {
    super();
    this.head = new nn.Linear(16, labels);
  }

  override forward(x: Tensor): Tensor {
    x = F.maxPool2d(this.conv1.call(x).relu(), 2); // [B, 8, 16, 16]
    x = F.maxPool2d(this.conv2.call(x).relu(), 2); // [B, 16, 8, 8]
    return this.head.call(x.amax([2, 3])); // is the colour anywhere?
  }
}
const model = new ColourNet(trainSet.classes.length);
const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });

// --- train ---
for (let epoch = 1; epoch <= Number(values.epochs); epoch++) {
  model.train();
  let lossSum = 0;
  for await (const [images, labels] of train) {
    using _ = scope();
    optimizer.zeroGrad();
    const loss = F.binaryCrossEntropyWithLogits(model.call(images), labels);
    loss.backward();
    optimizer.step();
    lossSum += await loss.item();
  }
  const loss = (lossSum / train.length).toFixed(3);
  const right = percents(await accuracy(val));
  console.log(`epoch ${epoch}: loss ${loss}, validation ${right}`);
}
console.log(`test ${percents(await accuracy(test))}`);
if (!values.data) await Deno.remove(folder, { recursive: true });

/** Returns the accuracy of each label, which a logit above 0 predicts. */
async function accuracy(loader: typeof val): Promise<number[]> {
  model.eval();
  const right = trainSet.classes.map(() => 0);
  let count = 0;
  for await (const [images, labels] of loader) {
    using _ = scope();
    const hits = noGrad(() => model.call(images).gt(0).eq(labels).sum(0));
    for (const [i, hit] of (await hits.data()).entries()) right[i]! += hit;
    count += images.shape[0]!;
  }
  return right.map((hits) => hits / count);
}

/** Formats accuracies with the names of their labels. */
function percents(shares: readonly number[]): string {
  return shares.map((share, i) =>
    `${trainSet.classes[i]} ${(100 * share).toFixed(0)} %`
  ).join(", ");
}
