/**
 * Reading: the only place where anything waits for the GPU.
 *
 * Deno looks for finished maps every 10 ms or so, whatever their size: the cost
 * of a read is its number, not its bytes. So small reads that are asked for in
 * one turn of the event loop share one staging buffer and one map.
 *
 * @module
 */

import { gpu } from "./device.ts";
import type { GpuBuffer } from "./plan.ts";
import { recorder } from "./recorder.ts";
import { copyOut, submit, takeError } from "./stream.ts";

/** Bytes of a staging buffer that small reads share. */
const SHARED = 1 << 16;

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
const spare: GPUBuffer[] = [];
let made = 0;

/** How many maps were waited for since the process began. */
export function readbackCount(): number {
  return made;
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
  const size = small ? SHARED : bytes;
  const transfer: Transfer = {
    staging: (small ? spare.pop() : undefined) ?? gpu().device.createBuffer({
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

function flush(): void {
  submit();
  made += waiting.length;
  for (const transfer of waiting) deliver(transfer);
  waiting = [];
  shared = undefined;
}

async function deliver({ staging, requests }: Transfer): Promise<void> {
  try {
    await staging.mapAsync(GPUMapMode.READ);
    const error = takeError();
    if (error !== undefined) throw new Error(error);
    const mapped = staging.getMappedRange();
    for (const { at, bytes, resolve } of requests) {
      resolve(mapped.slice(at, at + bytes)); // a mapped range ends with unmap
    }
  } catch (error) {
    for (const { reject } of requests) reject(error);
  } finally {
    if (staging.mapState === "mapped") staging.unmap();
    if (staging.size === SHARED) spare.push(staging);
    else staging.destroy();
  }
}
