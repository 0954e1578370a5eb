/**
 * Expectations that are no tensors: lists, lengths, and what holds for every
 * draw of something random.
 *
 * @module
 */

import { asFields, type Case } from "./case.ts";
import { numberDifference, type Tolerance } from "./compare.ts";
import { judge, type Outcome, Unsupported } from "./outcome.ts";

/** What was found out, by the names under which the goldens expect it. */
export type Facts = Readonly<Record<string, unknown>>;

/** Facts of something random: two epochs of indices. */
export interface Draws {
  readonly indices: readonly number[];
  readonly again: readonly number[];
}

/** Compares facts with `expect`, key by key. */
export function judgeFacts(
  golden: Case,
  facts: Facts,
  draws?: Draws,
): Outcome {
  const { share_tolerance: _, ...expected } = golden.expect;
  return judge(
    Object.entries(expected).map(([key, want]) => {
      const property = PROPERTIES[key];
      if (property && draws) return property(want, draws, golden);
      if (!(key in facts)) throw new Unsupported(`expect.${key}`);
      return unequal(key, facts[key], want, golden);
    }),
  );
}

/** Where two JSON values differ, in words. */
export function unequal(
  what: string,
  got: unknown,
  want: unknown,
  tolerance: Tolerance,
): string | undefined {
  if (typeof want === "number" && typeof got === "number") {
    return numberDifference(what, got, want, tolerance);
  }
  if (Array.isArray(want) && Array.isArray(got)) {
    if (got.length !== want.length) {
      return `${what}: got ${got.length} items, want ${want.length}`;
    }
    return want.map((item, i) =>
      unequal(`${what}[${i}]`, got[i], item, tolerance)
    ).find((found) => found !== undefined);
  }
  if (isObject(want) && isObject(got)) {
    return [...new Set([...Object.keys(want), ...Object.keys(got)])]
      .map((key) => unequal(`${what}.${key}`, got[key], want[key], tolerance))
      .find((found) => found !== undefined);
  }
  if (got === want) return undefined;
  return `${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Property = (
  want: unknown,
  draws: Draws,
  golden: Case,
) => string | undefined;

/** What must hold for every draw, by the key of `expect`. */
const PROPERTIES: Readonly<Record<string, Property>> = {
  range(want, { indices, again }) {
    const [low, high] = numbers(want);
    const outside = [...indices, ...again].find((index) =>
      index < low! || index > high!
    );
    return outside === undefined
      ? undefined
      : `an index of ${outside}, want ${low} to ${high}`;
  },

  permutations(want, { indices, again }, { kwargs }) {
    const { whole, rest } = asFields(want, "permutations");
    const length = Number(kwargs.data_source_length);
    const stretches: number[][] = [];
    for (let at = 0; at < indices.length; at += length) {
      stretches.push(indices.slice(at, at + length));
    }
    const full = stretches.filter((stretch) => stretch.length === length);
    const repeated = stretches.find((each) => new Set(each).size < each.length);
    if (repeated) return `an index came twice in ${repeated}`;
    if (full.length !== whole || indices.length % length !== rest) {
      return `got ${full.length} permutations, want ${whole}`;
    }
    // equal by chance with probability 1 / length!
    const same = length > 4 && indices.every((index, i) => index === again[i]);
    return same ? "two epochs have the same order" : undefined;
  },

  shares(want, { indices }, { expect }) {
    const tolerance = Number(expect.share_tolerance);
    return numbers(want).map((share, index) => {
      const got = indices.filter((each) => each === index).length /
        indices.length;
      if (share === 0 && got > 0) return `${index} came, its weight is 0`;
      return Math.abs(got - share) <= tolerance
        ? undefined
        : `share of ${index}: got ${got}, want ${share} by ${tolerance}`;
    }).find((found) => found !== undefined);
  },

  sorted(want, { indices }, golden) {
    const sorted = indices.toSorted((a, b) => a - b);
    return unequal("sorted", sorted, want, golden);
  },
};

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
