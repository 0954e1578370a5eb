/**
 * Memory for batches, used again and again: writing to fresh pages takes 3 to 6
 * times as long as the copy itself.
 *
 * The arena lends a buffer for an array of a batch. The buffer leaves with the
 * batch, by transfer to another thread or by upload, and is given back. A
 * buffer that never comes back is garbage collected. Sizes are in bytes.
 *
 * @module
 */

import { type DType, DTYPES } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";

/** Free buffers to keep: enough for a few batches. */
const MAX_FREE = 16;

/** Lends buffers and takes them back. */
export class Arena {
  readonly #free: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<ArrayBufferLike>();

  /** Lends an array with arbitrary contents. */
  empty(shape: Shape, dtype: DType): HostArray {
    const { array, bytes } = DTYPES[dtype];
    const size = sizeOf(shape);
    const buffer = this.#take(size * bytes);
    return new HostArray(new array(buffer, 0, size), shape, dtype);
  }

  /** Whether this arena has lent `buffer` and not got it back. */
  isLent(buffer: ArrayBufferLike): buffer is ArrayBuffer {
    return this.#lent.has(buffer);
  }

  /** Takes a buffer to lend it again. */
  give(buffer: ArrayBuffer): void {
    this.#lent.delete(buffer);
    this.#free.push(buffer);
    if (this.#free.length > MAX_FREE) this.#free.shift();
  }

  #take(bytes: number): ArrayBuffer {
    // the newest first: its pages are the likeliest to be in the cache
    let at = this.#free.length - 1;
    while (at >= 0 && !fits(this.#free[at]!, bytes)) at--;
    const buffer = at < 0
      ? new ArrayBuffer(bytes)
      : this.#free.splice(at, 1)[0]!; // `at` is an index of it
    this.#lent.add(buffer);
    return buffer;
  }
}

/** Whether a buffer is large enough, and not too large, for so many bytes. */
function fits(buffer: ArrayBuffer, bytes: number): boolean {
  return buffer.byteLength >= bytes && buffer.byteLength <= 2 * bytes;
}
