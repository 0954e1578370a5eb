/**
 * Clipping of gradients, in place and without waiting for the GPU.
 *
 * Neighbouring gradients in an optimizer's flat buffer are clipped as one
 * tensor, as the gaps between them are zeros: NOTE [flat parameters] in
 * src/optim/flat.ts.
 *
 * @module
 */

import { withGrad } from "../autograd/mode.ts";
import { amax } from "../ops/reduce/reduce.ts";
import { zeros } from "../tensor/create.ts";
import { isRowMajor, rowMajor } from "../tensor/layout.ts";
import { Scope, scope } from "../tensor/scope.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Maximum of elements in a gap between two gradients. */
const GAP = 127;
/** Added to the norm before the division, as in torch. */
const EPS = 1e-6;

/**
 * Scales all gradients so that their total norm is at most `maxNorm`, and
 * returns the norm before. `normType` is the power p of (sum of |g|^p)^(1/p);
 * Infinity means the largest |g|.
 *
 * Source: torch.nn.utils.clip_grad_norm_ with `error_if_nonfinite` false: a NaN
 * or infinite norm makes the gradients NaN or zero.
 *
 * @throws {RangeError} If `normType` is not positive
 *
 * @example A gradient of norm 5 gets norm 1
 * ```ts
 * import { nn, tensor } from "@kindling/kindling";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const p = tensor([3, 4], { requiresGrad: true });
 * p.square().sum().mul(0.5).backward();
 * const norm = nn.clipGradNorm_([p], 1);
 * assertAlmostEquals(await norm.item(), 5, 1e-5);
 * assertAlmostEquals((await p.grad!.data())[0]!, 0.6, 1e-5);
 * ```
 */
export function clipGradNorm_(
  parameters: Iterable<Tensor> | Tensor,
  maxNorm: number,
  normType = 2,
): Tensor {
  if (!(normType > 0)) {
    throw new RangeError(
      `Cannot clip gradients with normType ${normType}: expected a positive ` +
        `number`,
    );
  }
  return withGrad(false, () =>
    scope(() => {
      const runs = runsOf(parameters);
      const total = totalNorm(runs, normType);
      // NaN passes through rdiv and clamp
      const share = total.add(EPS).rdiv(maxNorm).clamp(undefined, 1);
      for (const run of runs) run.mul_(share);
      return total;
    }));
}

/**
 * Clamps each element of each gradient to [-clipValue, clipValue]; NaN stays.
 *
 * Source: torch.nn.utils.clip_grad_value_.
 */
export function clipGradValue_(
  parameters: Iterable<Tensor> | Tensor,
  clipValue: number,
): void {
  withGrad(false, () => {
    using _region = new Scope();
    for (const run of runsOf(parameters)) run.clamp_(-clipValue, clipValue);
  });
}

function totalNorm(runs: readonly Tensor[], normType: number): Tensor {
  if (runs.length === 0) return zeros([]);
  if (normType === Infinity) {
    return runs.map((run) => amax(run.abs()).to("float32"))
      .reduce((a, b) => a.maximum(b));
  }
  const sums = runs.map((run) => powers(run, normType).sum());
  const sum = sums.reduce((a, b) => a.add(b));
  if (normType === 2) return sum.sqrt();
  return normType === 1 ? sum : sum.pow(1 / normType);
}

function powers(run: Tensor, normType: number): Tensor {
  const wide = run.to("float32"); // squares of float16 overflow
  if (normType === 2) return wide.square();
  const sizes = wide.abs();
  return normType === 1 ? sizes : sizes.pow(normType);
}

/**
 * Returns the gradients as flat tensors; neighbours in a flat buffer are one.
 */
function runsOf(parameters: Iterable<Tensor> | Tensor): Tensor[] {
  const list = parameters instanceof Tensor ? [parameters] : [...parameters];
  const runs: Tensor[] = [];
  for (const { autograd } of list) {
    const { grad } = autograd;
    if (!grad || grad.size === 0) continue;
    if (!isRowMajor(grad.layout)) {
      runs.push(grad);
      continue;
    }
    const { offset } = grad.layout;
    const last = runs.at(-1);
    const end = last ? last.layout.offset + last.size : 0;
    const joins = last && autograd.slot === grad &&
      last.storage === grad.storage && offset >= end && offset <= end + GAP;
    const start = joins ? last.layout.offset : offset;
    const run = flatView(grad, start, offset + grad.size - start);
    if (joins) runs[runs.length - 1] = run;
    else runs.push(run);
  }
  return runs;
}

function flatView({ storage, dtype }: Tensor, start: number, size: number) {
  return new Tensor(storage, rowMajor([size], start), dtype, "gradients");
}
