/**
 * One transfer: the bytes of one URL, written to or added to one file.
 *
 * A transfer is one request. Which URL comes next, when to try again and what
 * the bytes should sum up to is for download.ts.
 *
 * @module
 */

import { withPath } from "../_shared.ts";

/** Why one request to one mirror brought no file. */
export class MirrorError extends Error {
  /** Whether the same request may go well a little later. */
  readonly retry: boolean;

  /** What the mirror said, or did, in a few words. */
  constructor(message: string, retry: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = "MirrorError";
    this.retry = retry;
  }
}

/** What a transfer needs to know. */
export interface TransferOptions {
  /** Size of the whole file in bytes, where it is known. */
  readonly sizeBytes?: number | undefined;
  /** Whether bytes that the file already has may be kept. */
  readonly resume: boolean;
  /** Longest silence of the server, in milliseconds. */
  readonly timeoutMs: number;
  /** Stops the transfer. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes on disk, and those of the whole file if known. */
  onBytes?(receivedBytes: number, totalBytes: number | undefined): void;
}

/** What a transfer did. */
export interface Transferred {
  /** Size of the file in bytes. */
  readonly sizeBytes: number;
  /** Whether it begins with bytes of an earlier transfer. */
  readonly resumed: boolean;
}

/** Answers after which the same request may succeed: busy, or broken. */
function mayPass(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

/**
 * Fetches `url` into the file at `path` and syncs it to the disk. What arrived
 * before a failure stays in the file, for the next transfer to go on from.
 *
 * @throws {MirrorError} If the server answers an error, another size, with
 * silence, or not at all; with a NotCapable as its cause, if Deno may not ask it
 * @throws {Deno.errors.NotCapable} If Deno may not write the file
 * @throws The reason of `signal`, if it fires
 */
export async function transfer(
  url: string,
  path: string,
  options: TransferOptions,
): Promise<Transferred> {
  const { timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const silence = new SilenceTimer(timeoutMs);
  const either = signal === undefined
    ? silence.signal
    : AbortSignal.any([signal, silence.signal]);
  try {
    return await request(url, path, options, either, silence);
  } catch (error) {
    signal?.throwIfAborted();
    if (silence.signal.aborted) {
      const seconds = Number((timeoutMs / 1000).toFixed(1));
      throw new MirrorError(`no byte for ${seconds} s`, true, { cause: error });
    }
    throw error;
  } finally {
    silence.stop();
  }
}

/** Aborts its signal when nobody has called `restart` for `timeoutMs`. */
class SilenceTimer {
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

async function request(
  url: string,
  path: string,
  options: TransferOptions,
  signal: AbortSignal,
  silence: SilenceTimer,
): Promise<Transferred> {
  const had = options.resume ? await sizeOfFile(path) : 0;
  const headers = new Headers({
    // some servers call a .gz file's own compression the transfer's; without
    // this line fetch would undo it, and the sum would be that of another file
    "accept-encoding": "identity",
  });
  if (had > 0) headers.set("range", `bytes=${had}-`);
  const pending = fetch(url, { headers, signal });
  silence.restart(); // a user who is asked for the permission takes their time
  const response = await answer(pending);
  silence.restart();

  const resumed = response.status === 206;
  const startsOver = resumed
    ? !continues(response, had, options.sizeBytes)
    : response.status === 416;
  if (startsOver && had > 0) {
    await response.body?.cancel();
    return request(url, path, { ...options, resume: false }, signal, silence);
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const { status, statusText } = response;
    throw new MirrorError(`${status} ${statusText}`.trim(), mayPass(status));
  }

  const start = resumed ? had : 0; // 200: the server sends all of it again
  const length = Number(response.headers.get("content-length") ?? NaN);
  const announced = Number.isNaN(length) ? undefined : start + length;
  const { sizeBytes = announced } = options;
  if (announced !== undefined && announced !== sizeBytes) {
    await response.body.cancel();
    throw new MirrorError(
      `has ${announced} bytes, expected ${sizeBytes} (another file?)`,
      false,
    );
  }

  const received = await withPath("write", path, async () => {
    using file = await Deno.open(path, {
      write: true,
      create: true,
      truncate: !resumed,
    });
    await file.seek(0, Deno.SeekMode.End);
    return await receive(response.body!, file, start, sizeBytes, (bytes) => {
      silence.restart();
      options.onBytes?.(bytes, sizeBytes);
    });
  });
  if (sizeBytes !== undefined && received < sizeBytes) {
    throw new MirrorError(
      `ended after ${received} of ${sizeBytes} bytes`,
      true,
    );
  }
  return { sizeBytes: received, resumed };
}

/** Copies a body to a file; the file's size afterwards. */
async function receive(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  file: Deno.FsFile,
  start: number,
  sizeBytes: number | undefined,
  onBytes: (receivedBytes: number) => void,
): Promise<number> {
  let received = start;
  const reader = body.getReader();
  try {
    onBytes(received);
    for (;;) {
      const { done, value } = await answer(
        reader.read(),
        () => `after ${received} of ${sizeBytes ?? "?"} bytes`,
      );
      if (done) break;
      if (sizeBytes !== undefined && received + value.length > sizeBytes) {
        throw new MirrorError(`sends more than ${sizeBytes} bytes`, false);
      }
      for (let at = 0; at < value.length;) {
        at += await file.write(value.subarray(at));
      }
      received += value.length;
      onBytes(received);
    }
  } catch (error) {
    // a body that failed by itself cannot be cancelled any more
    await reader.cancel().catch(() => {});
    throw error;
  }
  await file.sync();
  return received;
}

/** Whether a 206 brings the bytes from `had` on, of a file of the right size. */
function continues(
  response: Response,
  had: number,
  sizeBytes: number | undefined,
): boolean {
  const range = response.headers.get("content-range") ?? "";
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range);
  if (match === null || Number(match[1]) !== had) return false;
  return match[2] === "*" || sizeBytes === undefined ||
    Number(match[2]) === sizeBytes;
}

/** `pending`, with fetch's own errors as what the mirror said. */
async function answer<T>(
  pending: Promise<T>,
  where?: () => string,
): Promise<T> {
  try {
    return await pending;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      const text = "no permission to reach this host";
      throw new MirrorError(text, false, { cause: error });
    }
    if (!(error instanceof TypeError)) throw error;
    // fetch says "fetch failed" and keeps the reason in the cause
    const { message } = error.cause instanceof Error ? error.cause : error;
    const reason = message.replace(/^error sending request.*?\): /, "");
    const place = where === undefined ? "" : ` ${where()}`;
    throw new MirrorError(reason + place, true, { cause: error });
  }
}

/** Bytes in the file at `path`, 0 where there is none. */
async function sizeOfFile(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
