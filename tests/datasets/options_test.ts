import { assertEquals, assertRejects } from "@std/assert";
import * as datasets from "../../datasets/mod.ts";
import { type OptionsRow, testUnknownOptions } from "../unknown_options.ts";

const NOWHERE = "/nowhere";

/** Datasets, by the name that they have in messages. */
const DATASETS: readonly OptionsRow[] = [
  ["MNIST", (options) => datasets.MNIST.open(options)],
  ["FashionMNIST", (options) => datasets.FashionMNIST.open(options)],
  ["KMNIST", (options) => datasets.KMNIST.open(options)],
  ["CIFAR10", (options) => datasets.CIFAR10.open(options)],
  ["CIFAR100", (options) => datasets.CIFAR100.open(options)],
  ["SyntheticDigits", (options) => new datasets.SyntheticDigits(options)],
  ["FakeData", (options) => new datasets.FakeData(options)],
  ["ImageFolder", (options) => new datasets.ImageFolder(NOWHERE, options)],
  [
    "DatasetFolder",
    (options) => new datasets.DatasetFolder(NOWHERE, String, options),
  ],
  ["Table", (options) => datasets.Table.open(NOWHERE, options)],
  [
    "VOCSegmentation",
    (options) => new datasets.VOCSegmentation(NOWHERE, options),
  ],
  ["VOCDetection", (options) => new datasets.VOCDetection(NOWHERE, options)],
];

testUnknownOptions([
  ...DATASETS,
  ["MultiHot", (options) => new datasets.MultiHot(options)],
  ["download", (options) => datasets.download(options)],
  ["extract", (options) => datasets.extract("a.zip", NOWHERE, options)],
  [
    "limits",
    (limits) => datasets.extract("a.zip", NOWHERE, { limits }),
  ],
]);

for (const [name, make] of DATASETS) {
  Deno.test(`${name} refuses a transform that can't be called`, async () => {
    const options = name === "DatasetFolder" ? { extensions: [".txt"] } : {};
    const error = await assertRejects(
      // what programs without types do
      async () => await make({ ...options, transform: 5 } as never),
      TypeError,
    );
    assertEquals(
      error.message,
      `Cannot use 5 as the option transform of ${name}: expected a function, ` +
        `or an object with call`,
    );
  });
}

const FLAGS: readonly [name: string, option: string][] = [
  ...["MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100"].flatMap((
    name,
  ): [string, string][] => [[name, "train"], [name, "download"]]),
  ["SyntheticDigits", "train"],
  ["ImageFolder", "allowEmpty"],
];

for (const [name, option] of FLAGS) {
  Deno.test(`${name} takes nothing but true and false for ${option}`, async () => {
    const [, make] = DATASETS.find((row) => row[0] === name)!;
    const error = await assertRejects(
      // what programs without types do
      async () => await make({ [option]: "no" } as never),
      TypeError,
    );
    assertEquals(
      error.message,
      `Cannot use "no" as the option ${option} of ${name}: expected true or ` +
        `false`,
    );
  });
}
