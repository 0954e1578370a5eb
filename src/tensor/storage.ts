/**
 * Storages: buffers with reference counts. Every tensor holds one handle on its
 * storage. When the last handle is released, or all are garbage collected, the
 * buffer returns to the pool.
 *
 * A window is a part of a storage that is too large to bind as a whole. It owns
 * nothing, and ends with the storage.
 *
 * NOTE [moves]: a part of a storage may move into another one, as parameters do
 * when an optimizer is created. Every tensor on that part follows when it is
 * used next. A tensor remembers the era in which it was created, and each move
 * ends an era. Later tensors see the content of the old memory. An era that no
 * tensor remembers is garbage collected, with the moves before it.
 *
 * @module
 */

import type { Bindable, GpuBuffer, Window } from "../gpu/plan.ts";
import type { TypedArray } from "./dtype.ts";
import { acquire, release } from "../gpu/pool.ts";

// The third way of NOTE [memory] in scope.ts: frees buffers of collected
// storages.
const forgotten = new FinalizationRegistry<GpuBuffer>(release);

/** The period between two moves out of a storage. */
export interface Era {
  /** The move that ended the era. */
  end?: Move;
}

/** A move of a part of a storage into another one, in bytes. */
export interface Move {
  /** The first byte of the part, and the byte after its last. */
  readonly first: number;
  readonly end: number;
  readonly to: Storage;
  /** Position of the first byte in `to`. */
  readonly at: number;
  /** The era of `to` for tensors that move. */
  readonly era: Era;
  /** The next era of this storage, for tensors that stay. */
  readonly next: Era;
}

/** A buffer on the GPU, shared by the views of one tensor. */
export class Storage implements Bindable {
  /** Number of in-place writes, by which backward detects changed values. */
  version = 0;
  /**
   * A copy of the values that the host wrote, if they are few. Ops check them
   * without a read from the GPU. The copy is valid while `version` is 0.
   */
  written: TypedArray | undefined;
  /**
   * Bytes that tensors use; the buffer may be larger. A window counts the bytes
   * to the end of the storage, as kernels may write past the window.
   */
  readonly bytes: number;
  /** The part of another storage, if this storage is a window. */
  readonly window?: Window;
  #buffer: GpuBuffer | undefined;
  #handles = 0;
  #era: Era = {};

  /**
   * Makes a storage with a buffer of the pool or of `take`, or a window of
   * another storage.
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

  /** Returns a window from byte `first` to before `end`. */
  part(first: number, end: number): Storage {
    const { of, first: start } = this.window ?? { of: this, first: 0 };
    const part = { of, first: start + first, end: start + end };
    return new Storage(this.bytes - first, part);
  }

  /** The current era: NOTE [moves]. */
  get era(): Era {
    return this.#era;
  }

  /**
   * Moves all tensors on bytes `first` to before `end` to `to`, which has a
   * copy of these bytes from `at` on.
   */
  move(first: number, end: number, to: Storage, at: number): void {
    to.retain(); // for tensors that move later
    const next: Era = {};
    this.#era.end = { first, end, to, at, era: to.#era, next };
    this.#era = next;
  }

  /** Number of tensors on this storage. */
  get handles(): number {
    return this.#handles;
  }

  /** Counts a new tensor on this storage. */
  retain(): void {
    this.#handles++;
  }

  /** Counts one tensor less; the last one returns the buffer to the pool. */
  release(): void {
    if (--this.#handles > 0 || !this.#buffer) return;
    forgotten.unregister(this);
    release(this.#buffer);
    this.#buffer = undefined;
  }
}
