/**
 * Dropout, without a stored mask: forward and backward draw the same numbers from
 * the same blocks of a generator (NOTE [random counter] in philox.ts). The
 * gradient is the op itself, applied to dy.
 *
 * @module
 */

import { loop } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import { foldGroups, type Plan } from "../../gpu/plan.ts";
import { checkOptionNames } from "../../tensor/arguments.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { ROUNDS } from "../../tensor/philox.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp, type Op } from "../define.ts";
import { areLarge } from "../launch/launch.ts";
import { makeHook } from "../kernel_hooks.ts";
import {
  type Draw,
  drawFrom,
  drawWords,
  liveDraw,
  type RandomSource,
  reserveDraw,
} from "./draw.ts";
import { declareInput, WORDS } from "../words.ts";

import philoxLib from "../../../shaders/lib/philox.wgsl" with { type: "text" };
import source from "../../../shaders/random/dropout.wgsl" with { type: "text" };

/** Options of `dropout`. */
export interface DropoutOptions extends RandomSource {
  /** Probability that an element is dropped. Default: 0.5. */
  readonly p?: number;
  /** Whether to drop at all. Default: true. */
  readonly training?: boolean;
}

interface DropoutParams {
  readonly p: number;
  readonly draw: Draw;
}

const GROUP = 64;

function planDropout(
  x: Tensor,
  y: Tensor,
  { p, draw }: DropoutParams,
): Plan {
  const { offset } = x.layout;
  const wide = offset % 4 === 0;
  const lanes = [0, 1, 2, 3].map((k) =>
    `load_x(params.offset + min(4u * q + ${k}u, params.size - 1u))`
  );
  const quad = wide ? "load_x(params.offset + q)" : `vec4f(${lanes})`;
  const input = declareInput("x", 0, x.dtype, wide);
  const put = "fn put(i: u32, x: vec4f) { y[i] = W(x); }";
  return {
    name: "dropout",
    source,
    header: `${philoxLib}
alias T = f32;
alias W = ${WORDS[y.dtype].quad};
${input}
fn quad_at(q: u32) -> vec4f { return ${quad}; }
${put}
`,
    buffers: [x.storage, y.storage],
    params: pack(philoxLib + source, {
      draw: drawWords(draw),
      size: y.size,
      offset: wide ? offset / 4 : offset,
      p,
      scale: 1 / (1 - p),
    }),
    live: liveDraw(draw),
    groups: foldGroups(Math.ceil(y.size / 4 / GROUP)),
    loops: loop(ROUNDS).passes,
    hooks: {
      ...(wide && {
        load: makeHook(
          { declaration: input, name: "x", binding: 0, lanes: 4 },
          "size",
        ),
      }),
      put: makeHook(
        { declaration: put, name: "y", binding: 1, lanes: 4 },
        "size",
      ),
    },
  };
}

const dropoutOp: Op<DropoutParams> = defineOp<DropoutParams>({
  name: "dropout",
  shape: ([x]) => x,
  kernel: ([x], [y], params) => planDropout(x.contiguous(), y, params),
  // the index of an element determines its block
  axes: ([x]) =>
    x.ndim !== 1 ? [] : [{
      dims: [0, 0],
      cut: (part, start) => ({
        ...part,
        params: { ...part.params, draw: drawFrom(part.params.draw, start) },
      }),
    }],
  grad: (dy, { params }) => [dropoutOp([dy], params)[0]],
});

/**
 * Zeroes each element with probability `p` and multiplies the others by
 * 1 / (1 - p). Outside of training, returns the tensor itself.
 *
 * Source: torch.nn.functional.dropout, with other bits; Hinton et al. 2012,
 * arXiv:1207.0580.
 *
 * @throws {TypeError} If the elements are not floats
 * @throws {RangeError} If `p` is not in [0, 1]
 */
export function dropout(
  x: Tensor,
  options: DropoutOptions = {},
): Tensor {
  const { p = 0.5, training = true, seed, generator } = checkOptionNames(
    "dropout",
    options,
    ["p", "training", "seed", "generator"],
  );
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(
      `Cannot dropout with probability ${p}: expected 0 to 1`,
    );
  }
  if (!isFloat(x.dtype)) {
    throw new TypeError(`Cannot dropout ${x.describe()}: expected floats`);
  }
  if (!training || p === 0) return x;
  if (p === 1) return x.mul(0);
  const draw = reserveDraw(x.size, { seed, generator });
  const params = { p, draw };
  if (!areLarge([x], [x])) return dropoutOp([x], params)[0];
  return dropoutOp([x.reshape([x.size])], params)[0].reshape(x.shape);
}
