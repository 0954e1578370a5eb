import * as optim from "../../src/optim/mod.ts";
import { tensor } from "../../src/tensor/create.ts";
import { type OptionsRow, testUnknownOptions } from "../unknown_options.ts";

const params = () => [tensor([1], { requiresGrad: true })];
const optimizer = () => new optim.SGD(params(), { lr: 0.1, momentum: 0.9 });

const OPTIMIZERS = [
  "SGD",
  "Adam",
  "AdamW",
  "Adadelta",
  "Adagrad",
  "Adamax",
  "ASGD",
  "NAdam",
  "RAdam",
  "RMSprop",
  "Rprop",
] as const;

const SCHEDULERS = [
  "StepLR",
  "MultiStepLR",
  "ExponentialLR",
  "LambdaLR",
  "MultiplicativeLR",
  "ConstantLR",
  "LinearLR",
  "PolynomialLR",
  "CosineAnnealingLR",
  "CosineAnnealingWarmRestarts",
  "CyclicLR",
  "OneCycleLR",
  "ReduceLROnPlateau",
  "SequentialLR",
  "ChainedScheduler",
] as const;

testUnknownOptions([
  ...OPTIMIZERS.map((name): OptionsRow => [
    name,
    (options) => new optim[name](params(), options),
  ]),
  ...SCHEDULERS.map((name): OptionsRow => [
    name,
    (options) => new optim[name](optimizer(), options),
  ]),
  ["zeroGrad", (options) => optimizer().zeroGrad(options)],
]);
