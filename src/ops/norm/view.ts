/**
 * How norms see their inputs: as [outer, groups, channels, inner], over some of
 * whose dims mean and variance are taken.
 *
 * NOTE [norms]: batch, layer and group norm are one function seen in three
 * ways. Where x is [N, C, …] with L elements after C:
 *
 * | kind  | shape                | statistics over       | weights      |
 * | ----- | -------------------- | --------------------- | ------------ |
 * | batch | [N, C, 1, L]         | outer, channels, inner | [1, C, 1, 1] |
 * | layer | [rows, 1, 1, length] | channels, inner        | [1, 1, 1, L] |
 * | group | [N, G, C / G, L]     | channels, inner        | [1, G, C / G, 1] |
 *
 * Statistics lie as [2, count]: means, then 1 / sqrt(variance + eps).
 *
 * @module
 */

/** Which of the three. */
export type NormKind = "batch" | "layer" | "group";

/** An input as a norm sees it. */
export interface NormView {
  readonly kind: NormKind;
  /** [outer, groups, channels, inner]. */
  readonly shape: readonly [number, number, number, number];
}

/** The dims of the view that a statistic is taken over. */
export function dimsOf({ kind }: NormView): readonly number[] {
  return kind === "batch" ? [0, 2, 3] : [2, 3];
}

/** The shape of weight and bias in the view. */
export function affineOf({ kind, shape }: NormView): readonly number[] {
  const [, groups, channels, inner] = shape;
  return kind === "layer" ? [1, 1, 1, inner] : [1, groups, channels, 1];
}

/** How many statistics there are. */
export function statCount({ kind, shape: [outer, groups] }: NormView): number {
  return kind === "batch" ? groups : outer * groups;
}

/** How many elements a statistic is taken over. */
export function elementsOf({ kind, shape }: NormView): number {
  const [outer, , channels, inner] = shape;
  return channels * inner * (kind === "batch" ? outer : 1);
}
