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
import type { Row, Rows } from "./row.ts";
import { ATTENTION } from "./ops/attention.ts";
import { ELEMENTWISE } from "./ops/elementwise.ts";
import { FUNCTIONAL } from "./ops/functional.ts";
import { INDEXING } from "./ops/indexing.ts";
import { LOSSES } from "./ops/losses.ts";
import { moduleRow, MODULES } from "./ops/modules.ts";
import { MOVEMENT } from "./ops/movement.ts";
import { PRODUCTS } from "./ops/products.ts";
import { NORMS } from "./ops/norms.ts";
import { OWN, PROGRAMS } from "./ops/programs.ts";
import { RECURRENT } from "./ops/recurrent.ts";
import { REDUCTIONS } from "./ops/reductions.ts";
import { RESAMPLING } from "./ops/resampling.ts";
import { TRANSFORMER } from "./ops/transformer.ts";
import { TRANSFORMS } from "./ops/transforms.ts";
import { VISION_UTILS } from "./ops/vision_utils.ts";

const TABLE: Rows = {
  ...ELEMENTWISE,
  ...REDUCTIONS,
  ...PRODUCTS,
  ...MOVEMENT,
  ...INDEXING,
  ...FUNCTIONAL,
  ...NORMS,
  ...ATTENTION,
  ...RECURRENT,
  ...RESAMPLING,
  ...TRANSFORMER,
  ...TRANSFORMS,
  ...VISION_UTILS,
  ...LOSSES,
  ...MODULES,
  ...OWN,
};

/**
 * The row of a case: that of its op, or of its program.
 *
 * @throws {Unsupported} If there is none
 */
export function rowOf({ op, kwargs }: Pick<Case, "op" | "kwargs">): Row {
  if (op === "program") {
    const program = PROGRAMS[String(kwargs.program)];
    if (!program) throw new Unsupported(`no program "${kwargs.program}"`);
    return (args) => {
      args.ignore("program");
      return program(args);
    };
  }
  const row = spellings(op).map((name) => TABLE[name]).find((row) => row);
  if (!row && hasModule(op)) return moduleRow(op);
  if (!row) throw new Unsupported(`no ${op}`);
  return row;
}

/** The names under which torch has the same call: methods are functions, too. */
function spellings(op: string): string[] {
  const name = op.replace(/^torch\.Tensor\./, "torch.");
  return [op, name, name.replace("torch.", "torch.Tensor.")];
}
