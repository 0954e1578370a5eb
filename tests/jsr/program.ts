/**
 * What a user's first program does with the package, imported from JSR. In the
 * repository the specifiers resolve to the sources; `jsr_test.ts` copies this
 * file to an empty folder, where they do not.
 *
 * Prints one line of JSON: what each entry point exports, a gradient, the
 * losses of a few steps of training, what DataLoader workers have loaded, and a
 * pixel that was in an image file.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- a program that prints

import * as kindling from "jsr:@kindling/kindling@^0.1.0";
import * as datasets from "jsr:@kindling/kindling@^0.1.0/datasets";

const { data, F, manualSeed, optim, tensor, vision } = kindling;

const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
x.mul(x).sum().backward();

manualSeed(1);
const T = vision.transforms;
const digits = new datasets.SyntheticDigits({ length: 320 });
const loader = new data.DataLoader(digits, {
  batchSize: 32,
  shuffle: true,
  numWorkers: 2,
  batchTransform: T.compose([T.toFloat(), T.normalize([0.1307], [0.3081])]),
});
const model = new vision.models.LeNet();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.002 });
const losses: number[] = [];
let loaded = 0;
for await (const [images, labels] of loader) {
  optimizer.zeroGrad();
  const loss = F.crossEntropy(model.call(images), labels);
  loss.backward();
  optimizer.step();
  losses.push(await loss.item());
  loaded += labels.size;
}

const dot = new vision.Image(Uint8Array.of(255, 0, 0), 1, 1);
const png = await vision.encodeImage(dot, { format: "png" });

console.log(JSON.stringify({
  kindling: Object.keys(kindling),
  datasets: Object.keys(datasets),
  gradient: await x.grad?.toArray(),
  losses,
  loaded,
  pixel: [...(await vision.decodeImage(png)).data],
}));
