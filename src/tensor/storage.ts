/**
 * Storages: buffers with owners. Every tensor holds one handle on its storage;
 * when the last handle is given up, or all of them are forgotten, the buffer
 * goes back to the pool.
 *
 * A window is a part of a storage that kernels bind where all of it is too
 * large. It owns nothing and is gone with the storage.
 *
 * @module
 */

import type { Bindable, GpuBuffer, Window } from "../gpu/plan.ts";
import type { TypedArray } from "./dtype.ts";
import { acquire, release } from "../gpu/pool.ts";

// The third layer of NOTE [memory] in scope.ts: buffers of forgotten storages.
const forgotten = new FinalizationRegistry<GpuBuffer>(release);

/** A buffer on the GPU, shared by the views of one tensor. */
export class Storage implements Bindable {
  /** Counts writes after the first, so that backward notices them. */
  version = 0;
  /**
   * A copy of what the host wrote, where that was little: ops refuse values
   * out of range by it, without waiting for the GPU. It counts while `version`
   * is 0.
   */
  written: TypedArray | undefined;
  /**
   * Bytes that tensors use; the buffer may be larger. Of a window those to the
   * end of the storage: what may be written there does not end with the window.
   */
  readonly bytes: number;
  /** The part of another storage's buffer that this one stands for. */
  readonly window?: Window;
  #buffer: GpuBuffer | undefined;
  #handles = 0;

  /**
   * A storage with a buffer of the pool, or with one that the pool gave, or a
   * window of another storage.
   *
   * @throws {RangeError} If the adapter has no buffers of that size
   */
  constructor(
    bytes: number,
    take: ((bytes: number) => GpuBuffer) | Window = acquire,
  ) {
    this.bytes = bytes;
    if (typeof take === "object") {
      this.window = take;
      return;
    }
    this.#buffer = take(Math.max(bytes, 4));
    forgotten.register(this, this.#buffer, this);
  }

  /** @throws {ReferenceError} If the storage was disposed */
  get buffer(): GpuBuffer {
    if (this.window) return this.window.of.buffer;
    if (!this.#buffer) {
      throw new ReferenceError("Cannot use a storage that was disposed");
    }
    return this.#buffer;
  }

  /** The part from byte `first` to before `end`, for kernels to bind. */
  part(first: number, end: number): Storage {
    const { of, first: start } = this.window ?? { of: this, first: 0 };
    const part = { of, first: start + first, end: start + end };
    return new Storage(this.bytes - first, part);
  }

  /** Tensors that look at this storage. */
  get handles(): number {
    return this.#handles;
  }

  /** One more tensor looks at this storage. */
  retain(): void {
    this.#handles++;
  }

  /** One tensor less; the last one gives the buffer back. */
  release(): void {
    if (--this.#handles > 0 || !this.#buffer) return;
    forgotten.unregister(this);
    release(this.#buffer);
    this.#buffer = undefined;
  }
}
