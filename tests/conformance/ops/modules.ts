/**
 * Modules, called once with the parameters of the case.
 *
 * @module
 */

import type { Arguments } from "../arguments.ts";
import { asFields } from "../case.ts";
import { loadParameters, moduleOf } from "../modules.ts";
import type { Results, Row, Rows } from "../row.ts";

/** The row of a module that computes one tensor from one. */
export function moduleRow(op: string): Row {
  return (args): Results => {
    const module = moduleOf(op, args.rest());
    loadParameters(module, args);
    const input = args.maybe("input"); // what must be refused has none
    return input ? module.call(input) : {};
  };
}

/** What modules can do besides being called. */
export const MODULES: Rows = {
  "torch.nn.Module.load_state_dict": (args: Arguments): Results => {
    const { op, kwargs } = asFields(args.value("module"), "a module");
    const strict = args.option<boolean>("strict");
    const state = new Map(args.prefixed("state."));
    moduleOf(String(op), kwargs).loadStateDict(state, { strict });
    return {};
  },
};
