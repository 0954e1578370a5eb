/**
 * Elementwise calls.
 *
 * @module
 */

import type { Rows } from "../row.ts";
import { binary, unary } from "./_shared.ts";

/** Arithmetic and comparisons of two. */
const BINARY: Rows = {
  "torch.Tensor.add": binary((a, b) => a.add(b)),
  "torch.Tensor.div": binary((a, b) => a.div(b)),
  "torch.Tensor.mul": binary((a, b) => a.mul(b)),
  "torch.add": binary((a, b) => a.add(b)),
  "torch.eq": binary((a, b) => a.eq(b)),
  "torch.ge": binary((a, b) => a.ge(b)),
  "torch.gt": binary((a, b) => a.gt(b)),
  "torch.le": binary((a, b) => a.le(b)),
  "torch.lt": binary((a, b) => a.lt(b)),
  "torch.maximum": binary((a, b) => a.maximum(b)),
  "torch.minimum": binary((a, b) => a.minimum(b)),
  "torch.mul": binary((a, b) => a.mul(b)),
  "torch.ne": binary((a, b) => a.ne(b)),
  "torch.sub": binary((a, b) => a.sub(b)),
};

/** Functions of one. */
const UNARY: Rows = {
  "torch.exp": unary((x) => x.exp()),
  "torch.log": unary((x) => x.log()),
  "torch.neg": unary((x) => x.neg()),
  "torch.nn.functional.relu": unary((x) => x.relu()),
  "torch.relu": unary((x) => x.relu()),
  "torch.sqrt": unary((x) => x.sqrt()),
  "torch.square": unary((x) => x.square()),
};

/** Every elementwise row. */
export const ELEMENTWISE: Rows = { ...BINARY, ...UNARY };
