/**
 * What is known of an option that is a word, for its test.
 *
 * @module
 */

/** The option, the words that it has, and a call with one. */
export type WordRow = readonly [
  option: string,
  words: readonly string[],
  // programs without types are what the wrong words stand for
  call: (word: never) => unknown,
];
