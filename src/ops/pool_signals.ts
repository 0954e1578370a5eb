/**
 * Pooling of signals: that of images of one row. What windows are and do is
 * said in pool_windows.ts.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import type { Pair, WindowOptions } from "./pool_windows.ts";

/** A number for the only axis of a signal. */
export type Single = number | readonly [number];

/** What says where windows of a fixed size lie. */
export interface SignalOptions {
  /** From one window to the next. Default: the kernel's size. */
  readonly stride?: Single;
  /** Elements added on each side: half a kernel at most. Default: 0. */
  readonly padding?: Single;
  /** Whether a last window that begins inside is taken. Default: false. */
  readonly ceilMode?: boolean;
}

/** The number of a single. */
export function singleOf(single: Single): number {
  return typeof single === "number" ? single : single[0];
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
 * The same with windows of a fixed size: `pool` gets what they are on the image.
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
  const options: WindowOptions = {
    stride: [1, singleOf(stride)],
    padding: [0, singleOf(padding)],
    ceilMode,
  };
  return asImage(
    op,
    x,
    (image) => pool(image, [1, singleOf(kernelSize)], options),
  );
}
