/**
 * Reviews: calls that compare a program with its function again.
 *
 * NOTE [stale]: JavaScript gives no access to a closure. A value that a
 * function reads there (a number, a variable with a model, a field of an
 * object) is frozen in the program until the function runs again. Now and then
 * a call therefore runs the function instead of the replay, and is recorded. If
 * the recording equals the program's, the program stays; otherwise it is
 * dropped. A review has the effects of an ordinary call, and computes the same
 * bits.
 *
 * Reviews are due at the first call after an iteration over a loader began or
 * ended, after a change of a mode, a seed, a rate or the like, and after 1, 8,
 * 16, 32 replays and so on. Their call numbers are alternately even and odd, so
 * that they notice a value that changes with every second call.
 *
 * @module
 */

import { outside } from "../outside.ts";

/** Replays between the first and the second review that a count makes due. */
const SECOND = 8;
/**
 * Maximum of replays between two such reviews; the number doubles each time.
 */
const MOST = 512;
/**
 * Reviews in a row that changes may make due, and the replays that earn one
 * more. A step that changes something each time still replays most of the time.
 */
const CREDIT = 16;
const REPLAYS_PER_REVIEW = 64;

/** Schedule of the reviews of one program. */
export class Review {
  readonly #followed: readonly (() => unknown)[];
  #seen: readonly unknown[] = [];
  #epochs = 0;
  #changes = 0;
  #replays = 0;
  /** Whether anything changed outside since the last review. */
  #isChanged = false;
  #most = 1;
  #credit = CREDIT;

  /** Begins with a new program; `followed` read values that replays follow. */
  constructor(followed: readonly (() => unknown)[]) {
    this.#followed = followed;
    this.#begin();
  }

  /** Whether the next call must be a review instead of a replay. */
  isDue(): boolean {
    this.#isChanged ||= this.#hasChanged;
    return this.#isAsked || (this.#isChanged && this.#credit >= 1);
  }

  /** Counts a replay. */
  replayed(): void {
    this.#look();
    this.#replays++;
    this.#credit = Math.min(CREDIT, this.#credit + 1 / REPLAYS_PER_REVIEW);
  }

  /** Counts a review that found the program up to date. */
  passed(): void {
    if (!this.#isAsked) this.#credit--;
    if (this.#isLong) {
      this.#most = Math.min(MOST, Math.max(SECOND, 2 * this.#most));
    }
    this.#begin();
  }

  get #isAsked(): boolean {
    return this.#isLong || outside.epochs !== this.#epochs;
  }

  get #isLong(): boolean {
    return this.#replays >= this.#most;
  }

  get #hasChanged(): boolean {
    return outside.changes !== this.#changes ||
      this.#followed.some((look, i) => !Object.is(look(), this.#seen[i]));
  }

  #begin(): void {
    this.#epochs = outside.epochs;
    this.#changes = outside.changes;
    this.#replays = 0;
    this.#isChanged = false;
    this.#look();
  }

  #look(): void {
    this.#seen = this.#followed.map((look) => look());
  }
}
