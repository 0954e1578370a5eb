/**
 * Products of vectors, matrices and stacks of them.
 *
 * @module
 */

import {
  addmm,
  type AddProductOptions,
  baddbmm,
  bmm,
  dot,
  linear,
  matmul,
  mm,
  mv,
  outer,
} from "../../../src/ops/matmul/matmul.ts";
import { bilinear } from "../../../src/ops/matmul/bilinear.ts";
import { einsum } from "../../../src/ops/matmul/einsum.ts";
import type { Rows } from "../row.ts";

/** Every product. */
export const PRODUCTS: Rows = {
  "torch.addmm": (args) =>
    addmm(
      args.tensor("input"),
      args.tensor("mat1"),
      args.tensor("mat2"),
      args.options<AddProductOptions>("beta", "alpha"),
    ),
  "torch.baddbmm": (args) =>
    baddbmm(
      args.tensor("input"),
      args.tensor("batch1"),
      args.tensor("batch2"),
      args.options<AddProductOptions>("beta", "alpha"),
    ),
  "torch.bmm": (args) => bmm(args.tensor("input"), args.tensor("mat2")),
  "torch.dot": (args) => dot(args.tensor("input"), args.tensor("other")),
  "torch.matmul": (args) => matmul(args.tensor("input"), args.tensor("other")),
  "torch.mm": (args) => mm(args.tensor("input"), args.tensor("mat2")),
  "torch.mv": (args) => mv(args.tensor("input"), args.tensor("vec")),
  "torch.nn.functional.linear": (args) =>
    linear(args.tensor("input"), args.tensor("weight"), args.maybe("bias")),
  "torch.nn.functional.bilinear": (args) =>
    bilinear(
      args.tensor("input1"),
      args.tensor("input2"),
      args.tensor("weight"),
      args.maybe("bias"),
    ),
  "torch.einsum": (args) =>
    einsum(args.value("equation"), ...args.list("operands")),
  "torch.outer": (args) => outer(args.tensor("input"), args.tensor("vec2")),
};
