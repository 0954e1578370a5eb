/**
 * Programs: short computations that the goldens describe in words, by these
 * words.
 *
 * @module
 */

import { conv2d } from "../../../src/ops/conv.ts";
import { matmul } from "../../../src/ops/matmul.ts";
import { fromHost } from "../../../src/tensor/create.ts";
import { hashUniform } from "../hash.ts";
import type { Rows } from "../row.ts";

/** What has a name of the goldens' own. */
export const OWN: Rows = {
  "hash_uniform": (args) =>
    fromHost(hashUniform({
      salt: args.value("salt"),
      ["tensor_index"]: args.value("tensor_index"),
      shape: args.value("shape"),
      lo: args.value("lo"),
      hi: args.value("hi"),
    })),
};

/** Every program. */
export const PROGRAMS: Rows = {
  "out = ((x + w) * x).mean(dim=1) / (w * w + 1).sum()": (args) => {
    const [x, w] = [args.tensor("x"), args.tensor("w")];
    return x.add(w).mul(x).mean(1).div(w.mul(w).add(1).sum());
  },
  "out = x[0] * x[:, 1:2] + x.T[:1]": (args) => {
    const x = args.tensor("x");
    return x.select(0, 0).mul(x.slice(1, 1, 2)).add(
      x.transpose(0, 1).slice(0, 0, 1),
    );
  },
  "backward through out = 2 * x and then through out = x^2, grads accumulating; stored as out = 2 * x + x^2":
    (args) => {
      const x = args.tensor("x");
      return x.mul(2).add(x.square());
    },
  "out = sqrt(x + 1) * norm(y, p=2, dim=1)": (args) => {
    const [x, y] = [args.tensor("x"), args.tensor("y")];
    return x.add(1).sqrt().mul(y.norm(2, 1));
  },
  "y = 2 * x; y += w; y *= 3; y[0] = 0; out = y": (args) => {
    const y = args.tensor("x").mul(2);
    return y.add_(args.tensor("w")).mul_(3).setAt([0], 0);
  },
  "out = sqrt(abs(input))": (args) => args.tensor("input").abs().sqrt(),
  "grad.w of mean((x @ w.T)^2)": (args) => {
    const [x, w] = [args.tensor("x"), args.tensor("w").requiresGrad_()];
    matmul(x, w.transpose(0, 1)).square().mean().backward();
    return { "grad.w": w.grad! };
  },
  "grad.x and grad.w of mean(conv2d(x, w, padding 1)^2)": (args) => {
    const x = args.tensor("x").requiresGrad_();
    const w = args.tensor("w").requiresGrad_();
    conv2d(x, w, undefined, { padding: 1 }).square().mean().backward();
    return { "grad.x": x.grad!, "grad.w": w.grad! };
  },
};
