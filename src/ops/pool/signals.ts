/**
 * Pooling of signals, as images of one row. windows.ts describes windows.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import { type Pair, perDim, type Single } from "../per_dim.ts";
import type { WindowOptions } from "./windows.ts";

/** Places of windows of a fixed size. */
export interface SignalOptions {
  /** Step from one window to the next. Default: the kernel's size. */
  readonly stride?: Single;
  /** Elements added on each side, up to half a kernel. Default: 0. */
  readonly padding?: Single;
  /** Whether a last window may reach beyond the signal. Default: false. */
  readonly ceilMode?: boolean;
}

/**
 * Runs `pool` on a signal [C, L] or [N, C, L], seen as an image of one row.
 *
 * @throws {TypeError} If `x` has another rank
 */
export function asImage(
  op: string,
  x: Tensor,
  pool: (image: Tensor) => Tensor,
): Tensor {
  if (x.ndim !== 2 && x.ndim !== 3) {
    throw new TypeError(
      `Cannot ${op} ${x.describe()}: expected floats of shape [C, L] or ` +
        `[N, C, L]`,
    );
  }
  const image = x.unsqueeze(-2);
  const y = pool(image);
  return y.reshape(y.shape.toSpliced(-2, 1));
}

/**
 * Pools a signal with windows of a fixed size: `pool` gets the image, and the
 * kernel size and options of its windows.
 *
 * @throws {TypeError} If `x` has another rank
 */
export function poolSignal(
  op: string,
  x: Tensor,
  kernelSize: Single,
  { stride = kernelSize, padding = 0, ceilMode = false }: SignalOptions,
  pool: (image: Tensor, kernelSize: Pair, options: WindowOptions) => Tensor,
): Tensor {
  const single = (option: string, value: Single, least: number): number =>
    perDim(op, option, value, least, 1)[0]!;
  const options: WindowOptions = {
    stride: [1, single("stride", stride, 1)],
    padding: [0, single("padding", padding, 0)],
    ceilMode,
  };
  const taps = single("kernelSize", kernelSize, 1);
  return asImage(op, x, (image) => pool(image, [1, taps], options));
}
