/**
 * Storages: buffers with owners. Every tensor holds one handle on its storage;
 * when the last handle is given up, or all of them are forgotten, the buffer
 * goes back to the pool.
 *
 * @module
 */

import type { Bindable, GpuBuffer } from "../gpu/plan.ts";
import type { TypedArray } from "./dtype.ts";
import { acquire, release } from "../gpu/pool.ts";

/** Bytes from which on the garbage collector is told of a storage's size. */
const HEAVY = 2 ** 17;

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
  /** Bytes that tensors use; the buffer may be larger. */
  readonly bytes: number;
  #buffer: GpuBuffer | undefined;
  #handles = 0;
  // A host array that is never touched: it makes V8 collect forgotten handles
  // in time. A resizable one is reserved as pages, which the system gives no
  // memory until they are touched; others come from calloc, which may clear
  // them, and so use as much memory as the buffer itself.
  #weight: ArrayBuffer | undefined;

  /** @throws {RangeError} If the adapter has no buffers of that size */
  constructor(bytes: number) {
    this.bytes = bytes;
    const felt = 2 * bytes; // sooner is better: GPU memory has no second chance
    this.#weight = bytes >= HEAVY
      ? new ArrayBuffer(felt, { maxByteLength: felt })
      : undefined;
    this.#buffer = acquire(Math.max(bytes, 4)); // last: nothing after it throws
    forgotten.register(this, this.#buffer, this);
  }

  /** @throws {ReferenceError} If the storage was disposed */
  get buffer(): GpuBuffer {
    if (!this.#buffer) {
      throw new ReferenceError("Cannot use a storage that was disposed");
    }
    return this.#buffer;
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
    this.#weight?.transfer(0); // felt no longer
    this.#weight = undefined;
  }
}
