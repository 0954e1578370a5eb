/**
 * Union of all tables of elementwise ops.
 *
 * @module
 */

import { ACTIVATIONS } from "./activation_rows.ts";
import { ARITHMETIC } from "./arithmetic_rows.ts";
import type { MapRows } from "./elementwise.ts";
import { FUNCTIONS } from "./function_rows.ts";
import { LOSSES } from "./loss_rows.ts";
import { BITS, COMPARISONS, LOGIC } from "./comparison_rows.ts";

/** Every elementwise op. */
export const ROWS: MapRows = {
  ...ARITHMETIC,
  ...FUNCTIONS,
  ...ACTIVATIONS,
  ...LOSSES,
  ...COMPARISONS,
  ...LOGIC,
  ...BITS,
};
