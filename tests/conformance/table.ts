/**
 * The table: every call that the goldens name and the library has.
 *
 * Rows stand by family in ops/. An op without a row is unsupported.
 *
 * @module
 */

import type { Case } from "./case.ts";
import { hasModule } from "./modules.ts";
import { Unsupported } from "./outcome.ts";
import { runProgram } from "./python/evaluate.ts";
import type { Row, Rows } from "./row.ts";
import { spellings } from "./signatures.ts";
import { ALIASES } from "./ops/aliases.ts";
import { ATTENTION } from "./ops/attention.ts";
import { COMPOSED } from "./ops/composed.ts";
import { CREATION } from "./ops/creation.ts";
import { ELEMENTWISE } from "./ops/elementwise.ts";
import { FUNCTIONAL } from "./ops/functional.ts";
import { INDEXING } from "./ops/indexing.ts";
import { IN_PLACE } from "./ops/in_place.ts";
import { LOSSES } from "./ops/losses.ts";
import { moduleRow, MODULES } from "./ops/modules.ts";
import { MOVEMENT } from "./ops/movement.ts";
import { NORMS } from "./ops/norms.ts";
import { OWN } from "./ops/own.ts";
import { PRODUCTS } from "./ops/products.ts";
import { REDUCTIONS } from "./ops/reductions.ts";
import { RESAMPLING } from "./ops/resampling.ts";
import { TRANSFORMS } from "./ops/transforms.ts";
import { VISION_UTILS } from "./ops/vision_utils.ts";

/** Every row; programs and modules come besides. */
export const TABLE: Rows = {
  ...ELEMENTWISE,
  ...IN_PLACE,
  ...REDUCTIONS,
  ...PRODUCTS,
  ...MOVEMENT,
  ...CREATION,
  ...INDEXING,
  ...COMPOSED,
  ...FUNCTIONAL,
  ...NORMS,
  ...ATTENTION,
  ...RESAMPLING,
  ...TRANSFORMS,
  ...VISION_UTILS,
  ...LOSSES,
  ...MODULES,
  ...OWN,
};

/** The row of a call, if there is one. */
export function findRow(op: string): Row | undefined {
  for (const name of spellings(op)) {
    for (const each of spellings(ALIASES[name] ?? name)) {
      if (TABLE[each]) return TABLE[each];
    }
  }
  return hasModule(op) ? moduleRow(op) : undefined;
}

/**
 * The row of a case: that of its op, or one that runs its program.
 *
 * @throws {Unsupported} If there is none
 */
export function rowOf({ op }: Pick<Case, "op">): Row {
  if (op === "program") {
    return (args) => runProgram(args.value("program"), args, findRow);
  }
  const row = findRow(op);
  if (!row) throw new Unsupported(`no ${op}`);
  return row;
}
