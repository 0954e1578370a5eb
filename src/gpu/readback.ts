/**
 * Reading: the only place where anything waits for the GPU.
 *
 * In Deno, the call of `mapAsync` itself waits until the GPU has done all that
 * was submitted; the promise then resolves 10 ms later, whatever was mapped. So
 * reads that are asked for in one turn of the event loop share one map, small
 * ones one staging buffer too, and most reads take their bytes before the
 * promise resolves: NOTE [prompt reads].
 *
 * @module
 */

import { gpu } from "./device.ts";
import type { GpuBuffer } from "./plan.ts";
import { recorder } from "./recorder.ts";
import { copyOut, submit, takeError } from "./stream.ts";
import { turn } from "./turn.ts";

/** Bytes of a staging buffer that small reads share. */
const SHARED = 1 << 16;
/** Bytes of a staging buffer that is kept, at most, and of all of them. */
const KEPT = 1 << 24;

/**
 * Whether this is one of the Denos in which prompt reads were tried, 2.9.0 to
 * 2.9.6: NOTE [prompt reads].
 */
export const IS_PROMPT: boolean = /^2\.9\.[0-6]$/.test(Deno.version.deno);

interface Request {
  readonly at: number;
  readonly bytes: number;
  readonly resolve: (bytes: ArrayBuffer) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests whose bytes come through one staging buffer. */
interface Transfer {
  readonly staging: GPUBuffer;
  readonly requests: Request[];
  used: number;
}

let shared: Transfer | undefined;
let waiting: Transfer[] = [];
/** Staging buffers that were mapped before and are not now, by their sizes. */
const spare = new Map<number, GPUBuffer[]>();
let spareBytes = 0;
const mappedBefore = new WeakSet<GPUBuffer>();
const counts: ReadCounts = { maps: 0, prompt: 0 };

/** Counts of reads since the process began. */
export interface ReadCounts {
  /** Maps of staging buffers. */
  maps: number;
  /** Maps whose promise nobody waited for. */
  prompt: number;
}

/** Returns the counts of reads so far. */
export function readCounts(): ReadCounts {
  return { ...counts };
}

/**
 * The bytes of a part of a buffer, as they are when everything recorded before
 * this call has run. `offset` and `bytes` are multiples of 4.
 *
 * @throws {Error} If the GPU reported an error since the last read, or a
 * function is being captured
 */
export function read(
  buffer: GpuBuffer,
  offset: number,
  bytes: number,
): Promise<ArrayBuffer> {
  recorder()?.refuse("read a tensor");
  return new Promise((resolve, reject) => {
    const transfer = transferFor(bytes);
    const at = transfer.used;
    transfer.used += bytes;
    // Recorded now: the tensor may be disposed, and its buffer written by
    // somebody else, before the microtask comes.
    copyOut(buffer, offset, transfer.staging, at, bytes);
    transfer.requests.push({ at, bytes, resolve, reject });
  });
}

function transferFor(bytes: number): Transfer {
  if (waiting.length === 0) queueMicrotask(flush);
  const small = bytes <= SHARED / 4;
  if (small && shared && shared.used + bytes <= SHARED) return shared;
  const size = small ? SHARED : sizeOf(bytes);
  const transfer: Transfer = {
    staging: takeSpare(size) ?? gpu().device.createBuffer({
      label: "readback",
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    }),
    requests: [],
    used: 0,
  };
  if (small) shared = transfer;
  waiting.push(transfer);
  return transfer;
}

/** Bytes of the staging buffer of a large read: a power of two, if it is kept. */
function sizeOf(bytes: number): number {
  return bytes > KEPT ? bytes : 2 ** Math.ceil(Math.log2(bytes));
}

function takeSpare(size: number): GPUBuffer | undefined {
  const staging = spare.get(size)?.pop();
  if (staging) spareBytes -= size;
  return staging;
}

/** Keeps a staging buffer for reads to come, or destroys it. */
function giveBack(staging: GPUBuffer): void {
  const { size } = staging;
  if (staging.mapState === "mapped") staging.unmap();
  if (spareBytes + size > KEPT) return staging.destroy();
  const list = spare.get(size) ?? [];
  spare.set(size, list);
  list.push(staging);
  spareBytes += size;
}

function flush(): void {
  submit();
  counts.maps += waiting.length;
  for (const transfer of waiting) deliver(transfer);
  waiting = [];
  shared = undefined;
}

async function deliver(transfer: Transfer): Promise<void> {
  const { staging, requests } = transfer;
  const mapping = staging.mapAsync(GPUMapMode.READ);
  const settled = mapping.then(() => true, () => false);
  try {
    let mapped = promptBytes(transfer);
    if (mapped) await twoTurns();
    else await mapping;
    const error = takeError();
    if (error !== undefined) throw new Error(error);
    mapped ??= staging.getMappedRange(0, transfer.used);
    for (const { at, bytes, resolve } of requests) {
      resolve(mapped.slice(at, at + bytes)); // a mapped range ends with unmap
    }
  } catch (error) {
    for (const { reject } of requests) reject(error);
  }
  if (await settled) {
    mappedBefore.add(staging);
    giveBack(staging);
  } else staging.destroy();
}

/**
 * NOTE [prompt reads]: When the call of `mapAsync` returns, the buffer is mapped;
 * Deno says so 10 ms later. `getMappedRange` gives the bytes at once, and throws
 * if it can't. Two conditions keep it from ending the process:
 *
 * - Deno panics instead if the buffer has never been mapped before: the first
 *   map of each staging buffer is waited for.
 * - Deno promises nothing of this: only versions in which it was tried read so,
 *   on lavapipe. Others wait.
 *
 * The buffer is unmapped when the promise resolves, so a loop that awaits each
 * read uses some buffers in turns.
 */
function promptBytes({ staging, used }: Transfer): ArrayBuffer | undefined {
  if (!IS_PROMPT || !mappedBefore.has(staging)) return undefined;
  try {
    const mapped = staging.getMappedRange(0, used);
    counts.prompt++;
    return mapped;
  } catch (error) {
    if (error instanceof DOMException) return undefined; // not mapped yet
    throw error;
  }
}

/**
 * Waits as long as events of WebGPU's errors take: Deno sends them in a task of
 * their own, which the first turn may come before. Timers, workers and the
 * callbacks that give forgotten buffers back get their time as well.
 */
async function twoTurns(): Promise<void> {
  await turn();
  await turn();
}
