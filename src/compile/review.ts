/**
 * Reviews: when a program is compared with its function again.
 *
 * NOTE [stale]: nobody can look into a closure. What a function reads there (a
 * number, a variable with a model, a field of an object) is frozen in its
 * program until the function runs again. So a call that could replay now and
 * then runs the function instead and is recorded: if the recording equals that
 * of the program, the program stays, else it goes. Such a call does all that
 * any other does, once, and gives the same bits.
 *
 * It comes with the first call after an iteration over a loader has begun or
 * ended; after something has changed that changes now and then; and after 1, 8,
 * 16, 32 replays and so on. Such calls are by turns even and odd ones of all, so
 * that what changes with every second call does not escape them.
 *
 * @module
 */

import { outside } from "../outside.ts";

/** Replays before the second review that only their number asks for. */
const SECOND = 8;
/** The most replays before such a review: each has twice as many before it. */
const MOST = 512;
/**
 * Reviews that changes may ask for in a row, and replays that each one more is
 * to be earned by: steps that change something each time replay nevertheless.
 */
const CREDIT = 16;
const REPLAYS_PER_REVIEW = 64;

/** Decides for one program which calls review it. */
export class Review {
  readonly #followed: readonly (() => unknown)[];
  #seen: readonly unknown[] = [];
  #epochs = 0;
  #changes = 0;
  #replays = 0;
  /** Whether something has changed since the last review. */
  #isChanged = false;
  #most = 1;
  #credit = CREDIT;

  /** Of a new program; `followed` tell values that replays follow. */
  constructor(followed: readonly (() => unknown)[]) {
    this.#followed = followed;
    this.#begin();
  }

  /** Whether the call that begins reviews the program; else it is a replay. */
  isDue(): boolean {
    this.#isChanged ||= this.#hasChanged;
    return this.#isAsked || (this.#isChanged && this.#credit >= 1);
  }

  /** A call has been a replay. */
  replayed(): void {
    this.#look();
    this.#replays++;
    this.#credit = Math.min(CREDIT, this.#credit + 1 / REPLAYS_PER_REVIEW);
  }

  /** The program is as its function is now. */
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
