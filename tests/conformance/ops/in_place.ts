/**
 * Calls that write into their first operand.
 *
 * Leaves that require gradients can't be written to, in torch as here, nor can
 * their views: cases with gradients write into a copy. Programs, which write
 * into what they have made, don't come here.
 *
 * @module
 */

import type { Operand } from "../../../src/ops/map/map.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import type { Arguments } from "../arguments.ts";
import { Unsupported } from "../outcome.ts";
import type { Row, Rows } from "../row.ts";
import { itemsOf } from "./indexing.ts";

type Scaled = { readonly alpha?: number };

function written(args: Arguments): Tensor {
  const input = args.tensor("input");
  return input.requiresGrad ? input.clone() : input;
}

function scaled(
  call: (x: Tensor, other: Operand, options: Scaled) => Tensor,
): Row {
  return (args) => {
    const [other, options] = [
      args.operand("other"),
      args.options<Scaled>("alpha"),
    ];
    return call(written(args), other, options);
  };
}

/** Every such call. */
export const IN_PLACE: Rows = {
  "torch.Tensor.__setitem__": (args) => {
    const [items, value] = [itemsOf(args), args.operand("value")];
    if (items.some((item) => item instanceof Tensor)) {
      throw new Unsupported("writing through indices");
    }
    return written(args).clone().setAt(items, value);
  },
  "torch.Tensor.add_": scaled((x, other, options) => x.add_(other, options)),
  "torch.Tensor.clamp_": (args) => {
    const min = args.maybe("min") ?? args.option<Operand>("min");
    const max = args.maybe("max") ?? args.option<Operand>("max");
    return written(args).clamp_(min, max);
  },
  "torch.Tensor.copy_": (args) => {
    const source = args.tensor("src");
    return written(args).copy_(source);
  },
  "torch.Tensor.div_": (args) => {
    const other = args.operand("other");
    return written(args).div_(other);
  },
  "torch.Tensor.fill_": (args) => {
    const value = args.operand("value");
    if (typeof value === "object") throw new Unsupported("fill_ of a tensor");
    return written(args).fill_(value);
  },
  "torch.Tensor.mul_": (args) => {
    const other = args.operand("other");
    return written(args).mul_(other);
  },
  "torch.Tensor.sub_": scaled((x, other, options) => x.sub_(other, options)),
  "torch.Tensor.zero_": (args) => written(args).zero_(),
};
