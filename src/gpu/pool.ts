/**
 * The buffer pool: reuses storage buffers, so that a training loop touches the
 * same memory every step.
 *
 * A released buffer may be reused at once: the queue runs in order, so the next
 * owner writes after all earlier reads. Sizes are in bytes and are rounded up to
 * one of eight steps per octave.
 *
 * @module
 */

import { bindingLimit, gpu } from "./device.ts";
import type { GpuBuffer } from "./plan.ts";
import { recorder } from "./recorder.ts";

/** GPU memory of this process, in bytes. */
export interface MemoryUse {
  /** Memory of tensors in use. */
  live: number;
  /** Released memory that the pool keeps for later tensors. */
  pooled: number;
  /** Highest value of `live` so far. */
  peak: number;
}

const MEBIBYTE = 2 ** 20;
/**
 * Pooled bytes that are always kept. In a driver that computes on the CPU,
 * destroyed buffers fragment the heap.
 */
const KEEP = 256 * MEBIBYTE;

/**
 * Growth of live memory after which the pool presses the garbage collector:
 * unreachable tensors may hold that much.
 */
const GROWTH = 64 * MEBIBYTE;
/** External memory whose growth makes V8 begin a collection. */
const FELT = 512 * MEBIBYTE;

const free = new Map<number, GpuBuffer[]>();
const use: MemoryUse = { live: 0, pooled: 0, peak: 0 };
/** Buffers without memory, because their allocation failed; never reused. */
const hollow = new WeakSet<GpuBuffer>();
let doomed: GpuBuffer[] = [];
/** Least live bytes since the collector was last pressed. */
let low = 0;
let nextId = 0;
let failure: string | undefined;

/** Rounds `bytes` up to a size that the pool keeps, 12.5 % more at most. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** Math.max(8, Math.floor(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}

/**
 * Returns an uninitialized buffer of at least `bytes` bytes. No submission from
 * number `before` on uses a small one.
 *
 * @throws {RangeError} If the adapter has no buffers of that size
 */
export function acquire(bytes: number, before = Infinity): GpuBuffer {
  const { device, maxBuffer } = gpu();
  if (bytes > maxBuffer) {
    throw new RangeError(
      `Cannot allocate ${bytes} bytes: this adapter's tensors have ` +
        `${maxBuffer} bytes at most`,
    );
  }
  // rounding up must not push a buffer over the binding limit
  const most = bytes <= bindingLimit() ? bindingLimit() : maxBuffer;
  const size = Math.min(sizeClass(bytes), Math.floor(most / 4) * 4);
  let buffer = before === Infinity || size > MEBIBYTE
    ? takeFree(size)
    : takeIdle(size, before);
  if (!buffer) {
    const watched = size >= MEBIBYTE;
    if (watched) device.pushErrorScope("out-of-memory");
    const made = buffer = {
      gpu: device.createBuffer({
        size,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
          GPUBufferUsage.COPY_DST,
      }),
      bytes: size,
      id: nextId++,
      serial: -1,
    };
    if (watched) {
      device.popErrorScope().then((error) => {
        if (!error) return;
        hollow.add(made);
        failure ??= `Out of GPU memory: ${size} bytes were asked for while ` +
          `${use.live} were live (${error.message})`;
      });
    }
  }
  use.live += size;
  use.peak = Math.max(use.peak, use.live);
  if (use.live > low + GROWTH) pressCollector();
  recorder()?.acquired(buffer, bytes);
  return buffer;
}

/** Returns the buffer that was released last: its memory may still be cached. */
function takeFree(size: number): GpuBuffer | undefined {
  const row = free.get(size) ?? [];
  return usable(() => row.pop(), size);
}

/** Returns the buffer free for longest, if its last use precedes `before`. */
function takeIdle(size: number, before: number): GpuBuffer | undefined {
  const row = free.get(size) ?? [];
  const isIdle = () => row[0] !== undefined && row[0].serial < before;
  return usable(() => isIdle() ? row.shift() : undefined, size);
}

function usable(
  take: () => GpuBuffer | undefined,
  size: number,
): GpuBuffer | undefined {
  for (let buffer = take(); buffer; buffer = take()) {
    use.pooled -= size;
    if (!hollow.has(buffer)) return buffer;
    doomed.push(buffer); // its failure was reported after its release
  }
  return undefined;
}

/**
 * Makes V8 collect unreachable tensors: the third layer of NOTE [memory] in
 * scope.ts. V8 does not count GPU memory, so a large unreachable array triggers
 * the collection. A resizable array reserves pages, which take no memory until
 * they are touched.
 */
export function pressCollector(): void {
  low = use.live;
  new ArrayBuffer(FELT, { maxByteLength: FELT });
}

/** Returns a buffer to the pool. */
export function release(buffer: GpuBuffer): void {
  recorder()?.released(buffer);
  use.live -= buffer.bytes;
  low = Math.min(low, use.live);
  const isTooMuch = use.pooled + buffer.bytes > Math.max(KEEP, use.live);
  if (isTooMuch || hollow.has(buffer)) {
    doomed.push(buffer);
    return;
  }
  use.pooled += buffer.bytes;
  const row = free.get(buffer.bytes);
  if (row) row.push(buffer);
  else free.set(buffer.bytes, [buffer]);
}

/** Marks every unused buffer for destruction. */
export function emptyPool(): void {
  for (const row of free.values()) doomed.push(...row);
  free.clear();
  use.pooled = 0;
}

/**
 * Destroys the buffers marked for destruction. The stream calls this after a
 * submission, because recorded work may still use such a buffer.
 */
export function destroyDoomed(): void {
  for (const buffer of doomed) buffer.gpu.destroy();
  doomed = [];
}

/** Returns the bytes on the GPU: live, pooled, and the peak. */
export function memory(): MemoryUse {
  return { ...use };
}

/** Returns and clears the message of a failed allocation, if any. */
export function takeAllocationFailure(): string | undefined {
  const report = failure;
  failure = undefined;
  return report;
}
