/**
 * What is done to samples where they are made, on main or in a worker: the
 * options `transform`, `targetTransform` and `transforms` of datasets.
 *
 * A transform is a function, or an object with `call` of a class that workers
 * find. All of a sample's transforms draw from the sample's own generator, the
 * image's before the target's. They are not waited for: datasets in memory give
 * their samples at once.
 *
 * @module
 */

import {
  type Callable,
  invoke,
  isCallable,
} from "../../src/data/checks/callable.ts";
import { checkMade } from "../../src/data/images/transform.ts";
import { formatValue } from "../../src/tensor/arguments.ts";
import { Generator } from "../../src/tensor/generator.ts";

/** One step: a value of a sample, as it is loaded, becomes another, at once. */
export type SampleTransform<From, To> = Callable<
  [value: From, generator: Generator],
  To
>;

/** What is done to the image (or whatever it is) and to the target. */
export interface SampleTransforms<X, Y, ToX = X, ToY = Y> {
  /** Applied to the image. */
  readonly transform?: SampleTransform<X, ToX> | undefined;
  /** Applied to the target. */
  readonly targetTransform?: SampleTransform<Y, ToY> | undefined;
}

/** Names of the options of `SampleTransforms`. */
export const TRANSFORM_OPTIONS = ["transform", "targetTransform"];

/** The same, or one step for both at once. */
export interface JointTransforms<X, Y, ToX = X, ToY = Y>
  extends SampleTransforms<X, Y, ToX, ToY> {
  /**
   * Applied to image and target together, in place of the other two: what moves
   * one moves the other.
   */
  readonly transforms?: SampleTransform<[X, Y], [ToX, ToY]> | undefined;
}

/** Transforms of any types, for what only looks at which there are. */
export interface AnyTransforms {
  readonly transform?: unknown;
  readonly targetTransform?: unknown;
  readonly transforms?: unknown;
}

/**
 * Refuses what can't be called, and a joint transform beside separate ones.
 *
 * @throws {TypeError} If a transform is no function and has no `call`, or there
 * are both kinds
 */
export function checkTransforms(
  name: string,
  { transform, targetTransform, transforms }: AnyTransforms,
): void {
  const given = { transform, targetTransform, transforms };
  for (const [option, step] of Object.entries(given)) {
    if (step === undefined || isCallable(step)) continue;
    throw new TypeError(
      `Cannot use ${formatValue(step)} as the option ${option} of ${name}: ` +
        `expected a function, or an object with call`,
    );
  }
  if (transforms && (transform || targetTransform)) {
    throw new TypeError(
      `Cannot make ${name} with transforms and ` +
        `${transform ? "transform" : "targetTransform"}: expected a joint ` +
        `transform or separate ones, not both`,
    );
  }
}

/**
 * What a transform makes of a value.
 *
 * @throws {TypeError} If that is a promise, or another transform
 * @throws What the transform throws
 */
export function applied<From, To>(
  option: keyof AnyTransforms,
  transform: SampleTransform<From, To>,
  value: From,
  generator: Generator,
): To {
  const made = invoke(transform, value, generator);
  if (!(made instanceof Promise)) return checkMade(made, "transform");
  made.catch(() => {}); // nobody waits for it
  throw new TypeError(
    `Cannot transform a sample: the dataset's option ${option} made a Promise, ` +
      `expected a value at once; the transform of a DataLoader and the ` +
      `function of data.map are waited for`,
  );
}

/**
 * A sample as its transforms make it. Without a generator the random numbers
 * are those of seed 0.
 */
export function transformed<X, Y, ToX, ToY>(
  { transform, targetTransform, transforms }: JointTransforms<X, Y, ToX, ToY>,
  index: number,
  [x, y]: [X, Y],
  generator: Generator = Generator.ofSample(0, 0, index),
): [ToX, ToY] {
  if (transforms) return applied("transforms", transforms, [x, y], generator);
  // the types are the same where there is no transform
  const image = transform
    ? applied("transform", transform, x, generator)
    : x as unknown;
  const target = targetTransform
    ? applied("targetTransform", targetTransform, y, generator)
    : y as unknown;
  return [image as ToX, target as ToY];
}

/** What a dataset says of itself: torchvision's lines, and its own. */
export function describeDataset(
  name: string,
  facts: readonly string[],
  { transform, targetTransform, transforms }: AnyTransforms = {},
): string {
  const lines = [`Dataset ${name}`, ...facts.map((fact) => `    ${fact}`)];
  if (transforms) lines.push(`    ${describe(transforms)}`);
  else if (transform || targetTransform) {
    lines.push("    StandardTransform");
    if (transform) lines.push(under("Transform: ", transform));
    if (targetTransform) {
      lines.push(under("Target transform: ", targetTransform));
    }
  }
  return lines.join("\n");
}

function under(head: string, transform: unknown): string {
  const indent = `\n${" ".repeat(head.length)}`;
  return head + describe(transform).replaceAll("\n", indent);
}

function describe(transform: unknown): string {
  if (typeof transform !== "function") return String(transform);
  return `function ${transform.name || "(anonymous)"}`;
}
