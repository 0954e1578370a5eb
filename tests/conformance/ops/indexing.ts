/**
 * Picking and placing elements by index.
 *
 * @module
 */

import type { Rows } from "../row.ts";

/** Every call that takes indices. */
export const INDEXING: Rows = {
  "torch.gather": (args) =>
    args.tensor("input").gather(args.value("dim"), args.tensor("index")),
  "torch.index_add": (args) =>
    args.tensor("input").indexAdd(
      args.value("dim"),
      args.tensor("index"),
      args.tensor("source"),
      args.options<{ readonly alpha?: number }>("alpha"),
    ),
  "torch.index_select": (args) =>
    args.tensor("input").indexSelect(args.value("dim"), args.tensor("index")),
  "torch.scatter": (args) =>
    args.tensor("input").scatter(
      args.value("dim"),
      args.tensor("index"),
      args.maybe("src") ?? args.value<number>("value"),
    ),
  "torch.scatter_add": (args) =>
    args.tensor("input").scatterAdd(
      args.value("dim"),
      args.tensor("index"),
      args.tensor("src"),
    ),
  "torch.take_along_dim": (args) =>
    args.tensor("input").takeAlongDim(
      args.tensor("indices"),
      args.option("dim"),
    ),
};
