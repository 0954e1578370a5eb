/**
 * Trains a network on handwritten digits, from the download to the test.
 *
 *     deno run -P examples/mnist.ts [--help]
 *
 * This file is the training program. support/ has the rest of a command line
 * program: options, the source of the digits, and output.
 *
 * @module
 */

import {
  compile,
  data,
  F,
  load,
  manualSeed,
  type nn,
  noGrad,
  optim,
  save,
  type Tensor,
  vision,
} from "@kindling/kindling";
import { chooseModel, openDigits, readOptions } from "./support/mnist_setup.ts";
import { Progress, Report } from "./support/mnist_report.ts";

const options = readOptions(Deno.args);
manualSeed(options.seed);
const report = new Report(options);

// --- data: shuffled batches of images, normalized on the GPU ---
const { trainSet, testSet } = await openDigits(options, report);
const T = vision.transforms;
const batchTransform = T.compose([
  T.toFloat(),
  T.normalize([0.1307], [0.3081]),
]);
const { batchSize, workers: numWorkers, seed } = options;
const train = new data.DataLoader(trainSet, {
  batchSize,
  shuffle: true,
  seed,
  numWorkers,
  batchTransform,
});
const test = new data.DataLoader(testSet, { batchSize: 500, batchTransform });

// --- model and optimizer ---
const model: nn.Module = chooseModel(options.model);
const optimizer = new optim.Adadelta(model.parameters(), { lr: options.lr });
const scheduler = new optim.StepLR(optimizer, { stepSize: 1, gamma: 0.7 });
const run = { model, optimizer, scheduler, loader: train };
if (options.resume) await load(options.resume, run);

// --- training and test steps, compiled unless --eager ---
const fast: typeof compile = options.eager ? (fn) => fn : compile;
const trainStep = fast((images: Tensor, labels: Tensor) => {
  optimizer.zeroGrad();
  const loss = F.crossEntropy(model.call(images), labels);
  loss.backward();
  optimizer.step();
  return loss;
});
const testStep = fast((images: Tensor, labels: Tensor) =>
  noGrad(() => {
    const logits = model.call(images);
    const loss = F.crossEntropy(logits, labels, { reduction: "sum" });
    return { logits, loss };
  })
);

// --- train ---
if (train.epoch >= options.epochs) await evaluate(train.epoch); // all trained
for (let epoch = train.epoch + 1; epoch <= options.epochs; epoch++) {
  model.train();
  const progress = new Progress(report, epoch, { loader: train, batchSize });
  for await (const [images, labels] of train) {
    progress.step(() => trainStep(images, labels));
  }
  scheduler.step();
  await progress.end();
  await evaluate(epoch);
  if (options.save) await save(options.save, run);
}
report.end();

// --- test ---
async function evaluate(epoch: number): Promise<void> {
  model.eval();
  const isLast = epoch >= options.epochs;
  for await (const [images, labels] of test) {
    const { logits, loss } = testStep(images, labels);
    await report.tested({ images, labels, logits, loss });
  }
  report.epochEnd(epoch, isLast);
}
