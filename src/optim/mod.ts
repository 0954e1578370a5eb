/**
 * The namespace `optim`: optimizers and learning rate schedulers.
 *
 * @module
 */

export {
  type GroupOptions,
  Optimizer,
  type ParamGroup,
  type Trainable,
  type ZeroGradOptions,
} from "./optimizer.ts";
export type { OptimizerOptions } from "./options.ts";
export type { Rule, Scalars } from "./rule.ts";
export type { BufferState, GroupState, OptimizerState } from "./state.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { Adadelta, type AdadeltaOptions } from "./adadelta.ts";
export { Adagrad, type AdagradOptions } from "./adagrad.ts";
export { Adamax, type AdamaxOptions } from "./adamax.ts";
export { ASGD, type ASGDOptions } from "./asgd.ts";
export { NAdam, type NAdamOptions } from "./nadam.ts";
export { RAdam, type RAdamOptions } from "./radam.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { Rprop, type RpropOptions } from "./rprop.ts";
export {
  LRScheduler,
  type Position,
  type Scheduled,
  type ScheduledGroup,
  type Scheduler,
  type SchedulerState,
} from "./scheduler.ts";
export {
  type EpochFactor,
  ExponentialLR,
  type ExponentialLROptions,
  LambdaLR,
  type LambdaLROptions,
  MultiplicativeLR,
  MultiStepLR,
  type MultiStepLROptions,
  StepLR,
  type StepLROptions,
} from "./step_schedules.ts";
export {
  ConstantLR,
  type ConstantLROptions,
  LinearLR,
  type LinearLROptions,
  PolynomialLR,
  type PolynomialLROptions,
} from "./ramp_schedules.ts";
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from "./cosine_schedules.ts";
export {
  CyclicLR,
  type CyclicLROptions,
  OneCycleLR,
  type OneCycleLROptions,
} from "./cyclic_schedules.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./plateau.ts";
export {
  ChainedScheduler,
  type ChainedSchedulerOptions,
  SequentialLR,
  type SequentialLROptions,
} from "./combined_schedules.ts";
