/**
 * The part of images.wgsl that comes from the table of actions: the function
 * `changed`, with a case for each action that has WGSL, and the codes of cases.
 *
 * @module
 */

import type { ActionName } from "../actions/action.ts";
import { COLOURS } from "../actions/colours.ts";
import type { ActionRow } from "../actions/row.ts";

/** Actions with WGSL, in the order of their codes. */
const CODED: readonly (readonly [string, ActionRow])[] = Object
  .entries<ActionRow>(COLOURS)
  .filter(([, { wgsl }]) => wgsl !== undefined);

// From 1: a program that is shorter than others of its batch ends with zeros.
const CODES: ReadonlyMap<string, number> = new Map(
  CODED.map(([name], place) => [name, place + 1]),
);

/** Returns the code of an action; undefined if kernels do not have it. */
export function codeOf(op: ActionName): number | undefined {
  return CODES.get(op);
}

/**
 * Constants that compile parts of `changed` in: COLOURS for all actions but
 * those on floats, and the rows' own ones for long expressions.
 */
export type Needs = Readonly<Record<string, boolean>>;

/** Returns the constants for a batch that goes through some actions. */
export function needsOf(ops: ReadonlySet<ActionName>): Needs {
  const used = CODED.filter(([name]) => ops.has(name as ActionName) // a key of the table
  );
  const needs: Record<string, boolean> = {
    COLOURS: used.some(([, { floats = false }]) => !floats),
  };
  for (const [, { constant }] of CODED) {
    if (constant === undefined) continue;
    needs[constant] = used.some(([, row]) => row.constant === constant);
  }
  return needs;
}

function caseOf([name, { wgsl, constant }]: readonly [string, ActionRow]) {
  const change = `y = ${wgsl};`;
  const body = constant ? `if (${constant}) { ${change} }` : change;
  return `case ${CODES.get(name)}u: { ${body} } // ${name}\n`;
}

const ON_FLOATS = CODED.filter(([, { floats }]) => floats).map(caseOf);
const ON_COLOURS = CODED.filter(([, { floats }]) => !floats).map(caseOf);

/** Text of `changed`: a pixel after the instruction at word `at`. */
export const CHANGED: string = `
fn changed(code: u32, at: u32, value: vec4f, mean: f32) -> vec4f {
  let bound = float_at(at + 1u);
  let a = float_at(at + 2u);
  let b = float_at(at + 3u);
  var y = value;
  switch code {
    ${ON_FLOATS.join("    ")}    default: {
      if (COLOURS) {
        switch code {
          ${ON_COLOURS.join("          ")}          default: {}
        }
      }
    }
  }
  return y;
}
`;
