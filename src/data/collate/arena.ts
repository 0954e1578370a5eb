/**
 * Memory for batches that is used again and again: fresh pages cost 3 to 6
 * times as much as the copy into them.
 *
 * A buffer is lent for an array of a batch, leaves with the batch (to another
 * thread by transfer, or to the GPU) and is given back. What never comes back
 * is collected as any other memory. Sizes are in bytes.
 *
 * @module
 */

import { type DType, DTYPES } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";

/** Free buffers that are kept: those of a few batches. */
const MAX_FREE = 16;

/** Lends buffers and takes them back. */
export class Arena {
  readonly #free: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<ArrayBufferLike>();

  /** An array that holds anything, in memory that may have been used before. */
  empty(shape: Shape, dtype: DType): HostArray {
    const { array, bytes } = DTYPES[dtype];
    const size = sizeOf(shape);
    const buffer = this.#take(size * bytes);
    return new HostArray(new array(buffer, 0, size), shape, dtype);
  }

  /** Whether `buffer` was lent here and has not been given back. */
  isLent(buffer: ArrayBufferLike): buffer is ArrayBuffer {
    return this.#lent.has(buffer);
  }

  /** Takes a buffer to lend it again: one of its own, or one that came back. */
  give(buffer: ArrayBuffer): void {
    this.#lent.delete(buffer);
    this.#free.push(buffer);
    if (this.#free.length > MAX_FREE) this.#free.shift();
  }

  #take(bytes: number): ArrayBuffer {
    // the newest first: its pages are most likely still in the cache
    let at = this.#free.length - 1;
    while (at >= 0 && !fits(this.#free[at]!, bytes)) at--;
    const buffer = at < 0
      ? new ArrayBuffer(bytes)
      : this.#free.splice(at, 1)[0]!; // `at` is an index of it
    this.#lent.add(buffer);
    return buffer;
  }
}

/** Large enough, and not so large that it should wait for a larger array. */
function fits(buffer: ArrayBuffer, bytes: number): boolean {
  return buffer.byteLength >= bytes && buffer.byteLength <= 2 * bytes;
}
