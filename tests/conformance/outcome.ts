/**
 * What came of a case.
 *
 * @module
 */

import type { Case, Category } from "./case.ts";

/**
 * Passed (perhaps with something to know about it), failed with what is wrong,
 * or not tried with the reason.
 */
export type Outcome =
  | { readonly kind: "passed"; readonly note?: string }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "unsupported"; readonly reason: string };

/** A case and what came of it. */
export interface Result {
  readonly category: string;
  readonly id: string;
  readonly op: string;
  readonly outcome: Outcome;
}

/** Runs the cases of a category. */
export type CategoryRunner = (
  category: Category,
) => Promise<readonly Outcome[]>;

/** Thrown where a case asks for what the library does not have. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}

/** Thrown where a composition of calls refuses what torch refuses. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** Nothing was wrong. */
export const PASSED: Outcome = { kind: "passed" };

/** The outcome of the first thing that is wrong, if anything is. */
export function judge(
  differences: readonly (string | undefined)[],
): Outcome {
  const found = differences.filter((each) => each !== undefined);
  if (found.length === 0) return PASSED;
  const more = found.length > 1 ? ` (and ${found.length - 1} more)` : "";
  return { kind: "failed", message: `${found[0]}${more}` };
}

/**
 * The outcome of an exception: what is unsupported is that in every case; a
 * case that expects a refusal has got it; in all others the case failed.
 */
export function judgeError(golden: Case, error: unknown): Outcome {
  if (error instanceof Unsupported) {
    return { kind: "unsupported", reason: error.message };
  }
  if (golden.expect.error !== undefined && isRefusal(error)) return PASSED;
  const message = error instanceof Error
    ? `${error.name}: ${error.message}`
    : String(error);
  return { kind: "failed", message: `threw ${message}` };
}

/** The library's files, whose errors are refusals. */
const LIBRARY = ["../../src/", "../../datasets/"]
  .map((path) => new URL(path, import.meta.url).href);

/** What V8 says where a program is wrong: nobody has refused anything. */
const CRASH =
  /^(Cannot (read|set) properties|Cannot destructure|Invalid array length|Maximum call stack)|is not (a function|iterable|a constructor|defined)/;

/**
 * Whether an error is a refusal: thrown by the library, with words of its own.
 * A mistake of the runner, or a crash, is none.
 */
export function isRefusal(error: unknown): boolean {
  if (error instanceof Refused) return true;
  if (!(error instanceof Error) || CRASH.test(error.message)) return false;
  const frames = error.stack?.match(/(?:file|https?):\/\/[^\s)]+/g) ?? [];
  const [innermost] = frames;
  return LIBRARY.some((folder) => innermost?.startsWith(folder));
}

/** @throws {Unsupported} If a case expects more than tensors and refusals */
export function refuseExpectations({ expect }: Case): void {
  const names = Object.keys(expect).filter((name) => name !== "error");
  if (names.length > 0) throw new Unsupported(`expect.${names[0]}`);
}

/** Runs cases one after the other, each by `body`. */
export async function eachCase(
  { cases }: Category,
  body: (golden: Case) => Outcome | Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const golden of cases) {
    try {
      outcomes.push(await body(golden));
    } catch (error) {
      outcomes.push(judgeError(golden, error));
    }
  }
  return outcomes;
}
