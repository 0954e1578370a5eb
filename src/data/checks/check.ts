/**
 * Checks of counts and of sample indices; kinds.ts checks the other arguments.
 *
 * NOTE [indices]: the loader, samplers and `getBatch` take indices from 0 to
 * `length - 1`. The `get` of the datasets here also takes -1 for the last
 * sample, -2 for the one before, as PyTorch's do.
 *
 * @module
 */

/**
 * Returns `value`, a count.
 *
 * @param name The use of the value in messages: `a batch size`
 * @throws {RangeError} If the value is not an integer of at least `least`
 */
export function checkCount(name: string, value: number, least: 0 | 1): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(
      `Cannot use ${value} as ${name}: expected ` +
        (least === 1 ? "a positive integer" : "an integer of 0 or more"),
    );
  }
  return value;
}

/** The error of an index for which a dataset has no sample. */
export class MissingSampleError extends RangeError {
  readonly index: number;
  /** The message without its first half: the indices that the dataset has. */
  readonly reason: string;

  constructor(index: number, reason: string) {
    super(`Cannot load sample ${index}: ${reason}`);
    this.index = index;
    this.reason = reason;
  }
}

/**
 * Returns `index`, the index of one of `length` samples.
 *
 * @param name The dataset in messages
 * @throws {MissingSampleError} If it is not an integer from 0 to `length - 1`
 */
export function checkIndex(
  index: number,
  length: number,
  name = "the dataset",
): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  const samples = length === 0 ? "no samples" : `samples 0 to ${length - 1}`;
  throw new MissingSampleError(index, `${name} has ${samples}`);
}

/**
 * Returns the index from 0 of a sample; a negative `index` counts from the end.
 *
 * @param name The dataset in messages
 * @throws {MissingSampleError} If it is not an integer from `-length` to
 * `length - 1`
 */
export function wrapIndex(
  index: number,
  length: number,
  name?: string,
): number {
  const isFromEnd = Number.isInteger(index) && index < 0 && index >= -length;
  return isFromEnd ? index + length : checkIndex(index, length, name);
}
