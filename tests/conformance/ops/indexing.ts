/**
 * Picking and placing elements by index.
 *
 * @module
 */

import type { IndexItem } from "../../../src/ops/index/at.ts";
import type { SortOptions, TopkOptions } from "../../../src/ops/index/sort.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import type { Arguments } from "../arguments.ts";
import { asFields } from "../case.ts";
import { Unsupported } from "../outcome.ts";
import type { Rows } from "../row.ts";

/** The items of an index, which the goldens spell `{slice}`, `{int}`, … */
export function itemsOf(args: Arguments): IndexItem[] {
  return args.value<unknown[]>("index").map((described) => {
    const item = asFields(described, "an item of an index");
    if (typeof item.int === "number") return item.int;
    if (typeof item.tensor === "string") return args.tensor(item.tensor);
    if ("ellipsis" in item) return "...";
    if ("newaxis" in item) return "new";
    if (!Array.isArray(item.slice)) {
      throw new Unsupported(`an index of ${JSON.stringify(item)}`);
    }
    return item.slice.map((bound: number | null) => bound ?? undefined);
  });
}

function isMask(item: IndexItem): item is Tensor {
  return item instanceof Tensor && item.dtype === "bool";
}

/** Every call that takes indices. */
export const INDEXING: Rows = {
  "torch.Tensor.__getitem__": (args) => {
    const [input, items] = [args.tensor("input"), itemsOf(args)];
    const mask = items.find(isMask);
    if (!mask) return input.at(...items);
    if (items.length > 1 || mask.ndim !== input.ndim) {
      throw new Unsupported("an index of booleans among others");
    }
    return input.maskedSelect(mask);
  },
  "torch.argsort": (args) => {
    args.ignore("stable"); // ours always is
    const options = args.options<SortOptions>("dim", "descending");
    return args.tensor("input").argsort(options);
  },
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
  "torch.masked_select": (args) =>
    args.tensor("input").maskedSelect(args.tensor("mask")),
  "torch.nonzero": async (args) => {
    const asTuple = args.option<boolean>("as_tuple");
    const places = await args.tensor("input").nonzero();
    return asTuple ? places.unbind(1) : places;
  },
  "torch.sort": (args) => {
    args.ignore("stable"); // ours always is
    const input = args.tensor("input");
    return { ...input.sort(args.options<SortOptions>("dim", "descending")) };
  },
  "torch.topk": (args) => {
    const [input, k] = [args.tensor("input"), args.value<number>("k")];
    return { ...input.topk(k, args.options<TopkOptions>("dim", "largest")) };
  },
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
