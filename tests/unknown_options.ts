/**
 * One test for each function that takes options: a name that it does not have
 * is refused, and told.
 *
 * @module
 */

import { assertRejects } from "@std/assert";

/** What the options are said to be of, and a call with such options. */
export type OptionsRow = readonly [
  what: string,
  call: (options: never) => unknown,
];

/** The tests; programs without types are what they stand for. */
export function testUnknownOptions(rows: readonly OptionsRow[]): void {
  for (const [what, call] of rows) {
    Deno.test(`${what} refuses an option that it does not have`, async () => {
      await assertRejects(
        async () => await call({ nonsense: 1 } as never), // see above
        TypeError,
        `Cannot use "nonsense" as an option of ${what}: expected `,
      );
    });
  }
}
