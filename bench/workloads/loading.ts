/**
 * Workloads of the way of data: samples a second from a dataset to batches of
 * normalised floats, which are on the device where a library has one, and the
 * transforms of a batch alone.
 *
 * @module
 */

import { product, random } from "../data.ts";
import type { LoaderKind } from "../library.ts";
import type { Timer } from "../timing.ts";

const BATCH_SIZE: Readonly<Record<LoaderKind, number>> = {
  mnist: 64,
  jpeg: 32,
};

/** The best of three epochs, with no worker and with two. */
export async function loader<T>(
  timer: Timer<T>,
  kind: LoaderKind,
): Promise<void> {
  const { library } = timer;
  if (!library.loader) return;
  const batchSize = BATCH_SIZE[kind];
  for (const workers of [0, 2]) {
    const job = { kind, workers, batchSize };
    const rates: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      const rate = await library.loader(job);
      if (rate === undefined) return;
      rates.push(rate);
    }
    timer.emit(`loader-${kind}-w${workers}-b${batchSize}`, {
      samples_per_s: Math.round(Math.max(...rates)),
    });
  }
}

/** A batch of images on the device, cut, scaled, mirrored and normalised. */
export async function augment<T>(timer: Timer<T>): Promise<void> {
  const { library } = timer;
  const shape = [32, 3, 256, 256];
  const bytes = Uint8Array.from(
    random(product(shape), 40),
    (value) => Math.floor(128 + 127 * value),
  );
  const run = library.augment?.(bytes, shape);
  if (!run) return;
  await timer.operation("augment32x256", run, { samples: shape[0]! });
}
