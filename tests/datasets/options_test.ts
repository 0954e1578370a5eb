import * as datasets from "../../datasets/mod.ts";
import { testUnknownOptions } from "../unknown_options.ts";

const NOWHERE = "/nowhere";

testUnknownOptions([
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
  ["MultiHot", (options) => new datasets.MultiHot(options)],
  ["download", (options) => datasets.download(options)],
  ["extract", (options) => datasets.extract("a.zip", NOWHERE, options)],
  [
    "limits",
    (limits) => datasets.extract("a.zip", NOWHERE, { limits }),
  ],
]);
