/**
 * Views of the inputs of norms as [outer, groups, channels, inner].
 *
 * NOTE [norms]: batch, layer and group norm are one function on three views.
 * For an x of [N, C, …] with L elements after C:
 *
 * | kind  | shape                | statistics over       | weights      |
 * | ----- | -------------------- | --------------------- | ------------ |
 * | batch | [N, C, 1, L]         | outer, channels, inner | [1, C, 1, 1] |
 * | layer | [rows, 1, 1, length] | channels, inner        | [1, 1, 1, L] |
 * | group | [N, G, C / G, L]     | channels, inner        | [1, G, C / G, 1] |
 *
 * Statistics are a [2, count]: means, then 1 / sqrt(variance + eps).
 *
 * @module
 */

/** Kind of a norm. */
export type NormKind = "batch" | "layer" | "group";

/** An input as a norm sees it. */
export interface NormView {
  readonly kind: NormKind;
  /** [outer, groups, channels, inner]. */
  readonly shape: readonly [number, number, number, number];
}

/** Returns the dims of the view over which a statistic is computed. */
export function dimsOf({ kind }: NormView): readonly number[] {
  return kind === "batch" ? [0, 2, 3] : [2, 3];
}

/** Returns the shape of weight and bias in the view. */
export function affineOf({ kind, shape }: NormView): readonly number[] {
  const [, groups, channels, inner] = shape;
  return kind === "layer" ? [1, 1, 1, inner] : [1, groups, channels, 1];
}

/** Returns the number of statistics. */
export function statCount({ kind, shape: [outer, groups] }: NormView): number {
  return kind === "batch" ? groups : outer * groups;
}

/** Returns the number of elements of a statistic. */
export function elementsOf({ kind, shape }: NormView): number {
  const [outer, , channels, inner] = shape;
  return channels * inner * (kind === "batch" ? outer : 1);
}
