/**
 * Storages: buffers with owners. Every tensor holds one handle on its storage;
 * when the last handle is given up, or all of them are forgotten, the buffer
 * goes back to the pool.
 *
 * A window is a part of a storage that kernels bind where all of it is too
 * large. It owns nothing and is gone with the storage.
 *
 * NOTE [moves]: a part of a storage may move into another one, as parameters do
 * when an optimizer is made. Every tensor that looks at that part moves with it,
 * when it is used next: it remembers the era in which it came, and each move
 * ends an era. Tensors that come later find what lies there then. An era that no
 * tensor remembers is forgotten, with the moves before it.
 *
 * @module
 */

import type { Bindable, GpuBuffer, Window } from "../gpu/plan.ts";
import type { TypedArray } from "./dtype.ts";
import { acquire, release } from "../gpu/pool.ts";

// The third layer of NOTE [memory] in scope.ts: buffers of forgotten storages.
const forgotten = new FinalizationRegistry<GpuBuffer>(release);

/** The time between two moves out of a storage. */
export interface Era {
  /** The move that has ended it. */
  end?: Move;
}

/** A part of a storage has moved into another one. Counts bytes. */
export interface Move {
  /** The first byte of the part, and the one after its last. */
  readonly first: number;
  readonly end: number;
  readonly to: Storage;
  /** Where in `to` the first byte is. */
  readonly at: number;
  /** The era of `to` that those come into who move. */
  readonly era: Era;
  /** The era of this storage that follows, for those who stay. */
  readonly next: Era;
}

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
  #era: Era = {};

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

  /** The era of now: NOTE [moves]. */
  get era(): Era {
    return this.#era;
  }

  /**
   * Moves all tensors that look at bytes `first` to before `end` to the bytes of
   * `to` from `at` on, where a copy of them is.
   */
  move(first: number, end: number, to: Storage, at: number): void {
    to.retain(); // for those who have not moved so far
    const next: Era = {};
    this.#era.end = { first, end, to, at, era: to.#era, next };
    this.#era = next;
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
