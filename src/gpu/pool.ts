/**
 * The buffer pool: storage buffers that are handed out again instead of made
 * anew, so that a training loop touches the same memory every step.
 *
 * A buffer given back may be handed out at once, because the queue runs in
 * order: whoever gets it next writes after everyone before has read. Sizes are
 * in bytes and are rounded up to one of eight steps an octave.
 *
 * @module
 */

import { bindingLimit, gpu } from "./device.ts";
import type { GpuBuffer } from "./plan.ts";
import { recorder } from "./recorder.ts";

/** What the GPU holds for this process, in bytes. */
export interface MemoryUse {
  /** In tensors that can still be used. */
  live: number;
  /** Given back and kept for the next tensor. */
  pooled: number;
  /** The most that was live at one time. */
  peak: number;
}

const MEBIBYTE = 2 ** 20;
/**
 * Pooled bytes that are always worth keeping: a driver that computes on the CPU
 * gives memory of destroyed buffers back to its heap, which is left in pieces.
 */
const KEEP = 256 * MEBIBYTE;

/**
 * Growth of what is live after which the collector is told: so much may be held
 * by tensors that nobody can reach any more.
 */
const GROWTH = 64 * MEBIBYTE;
/** More than V8 lets memory outside of its heap grow before it marks. */
const FELT = 512 * MEBIBYTE;

const free = new Map<number, GpuBuffer[]>();
const use: MemoryUse = { live: 0, pooled: 0, peak: 0 };
/** Buffers that the GPU had no memory for: they are no use to anybody. */
const hollow = new WeakSet<GpuBuffer>();
let doomed: GpuBuffer[] = [];
/** The least that was live since the collector was told. */
let low = 0;
let nextId = 0;
let failure: string | undefined;

/** `bytes` rounded up to a size that the pool keeps: 12.5 % more at most. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** Math.max(8, Math.floor(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}

/**
 * A buffer of at least `bytes` bytes, with anything in it; if it is small, one
 * that no submission from number `before` on uses.
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
  // what fits into one binding stays in one
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

/** The buffer that was given back last: its memory may still be cached. */
function takeFree(size: number): GpuBuffer | undefined {
  const row = free.get(size) ?? [];
  return usable(() => row.pop(), size);
}

/** The buffer that has been free for longest, if the GPU is not to read it yet. */
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
    doomed.push(buffer); // found out since it was given back
  }
  return undefined;
}

/**
 * Makes V8 look for what is forgotten: the third layer of NOTE [memory] in
 * scope.ts. V8 knows nothing of the GPU's memory. A large array that nobody
 * holds makes it look; a resizable one is reserved as pages, which take no
 * memory until they are touched.
 */
export function pressCollector(): void {
  low = use.live;
  new ArrayBuffer(FELT, { maxByteLength: FELT });
}

/** Takes a buffer back for the next one who asks. */
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

/** Lets go of every buffer that is not in use. */
export function emptyPool(): void {
  for (const row of free.values()) doomed.push(...row);
  free.clear();
  use.pooled = 0;
}

/**
 * Destroys the buffers that the pool has let go of. The stream calls it after a
 * submission: what it has only recorded may not lose a buffer.
 */
export function destroyDoomed(): void {
  for (const buffer of doomed) buffer.gpu.destroy();
  doomed = [];
}

/** Bytes on the GPU: live, pooled, and the most that was live. */
export function memory(): MemoryUse {
  return { ...use };
}

/** The report of an allocation that failed since the last call, if one did. */
export function takeAllocationFailure(): string | undefined {
  const report = failure;
  failure = undefined;
  return report;
}
