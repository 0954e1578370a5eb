/**
 * Workloads of loaders: samples a second from a dataset to batches of
 * normalised floats, which are on the device where a library has one.
 *
 * @module
 */

import type { LoaderKind } from "../library.ts";
import type { Timer } from "../timing.ts";

const BATCH_SIZE: Readonly<Record<LoaderKind, number>> = { mnist: 64 };

/** The better of two epochs, with no worker and with two. */
export async function loader<T>(
  timer: Timer<T>,
  kind: LoaderKind,
): Promise<void> {
  const { library } = timer;
  if (!library.loader) return;
  const batchSize = BATCH_SIZE[kind];
  for (const workers of [0, 2]) {
    const job = { kind, workers, batchSize };
    const rates = [await library.loader(job), await library.loader(job)];
    timer.emit(`loader-${kind}-w${workers}-b${batchSize}`, {
      samples_per_s: Math.round(Math.max(...rates)),
    });
  }
}
