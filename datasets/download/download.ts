/**
 * The one function through which every dataset and every weight file is
 * downloaded: mirrors in order, resumed, checked, and never half there.
 *
 * Bytes arrive in `FILE.part`, are checked, synced to the disk and renamed, so
 * that `FILE` is whole whenever it exists. `FILE.lock` is locked meanwhile: of
 * several processes one downloads and the others wait for its file.
 *
 * @module
 */

import { checkOptionNames } from "../../src/tensor/arguments.ts";
import {
  delay,
  formatBytes,
  joinPath,
  requestAccess,
  withPath,
} from "../_shared.ts";
import { type Checksum, checksumOf, parseChecksum } from "./checksum.ts";
import { lockFile } from "./file_lock.ts";
import { type DownloadProgress, ProgressBar } from "./progress_bar.ts";
import { MirrorError, transfer } from "./transfer.ts";

/** First pause between two rounds through the mirrors; it doubles each time. */
const FIRST_PAUSE_MS = 300;

/** What to download, from where, and to where. */
export interface DownloadOptions {
  /** Name of the file, at each mirror and on disk. */
  readonly file: string;
  /** URLs of the folders that hold the file, tried in this order. */
  readonly mirrors: readonly string[];
  /** Folder to put the file in; it is created where it is missing. */
  readonly folder: string;
  /** Size of the file in bytes, where it is known. */
  readonly sizeBytes?: number;
  /** MD5 of the file in hexadecimal. */
  readonly md5?: string;
  /** SHA-256 of the file in hexadecimal; it goes before `md5`. */
  readonly sha256?: string;
  /**
   * How often the mirrors are gone through again after all have failed, with a
   * growing pause between. A mirror that refuses (404, 403, another file) is
   * not asked again. Default: 2.
   */
  readonly retries?: number;
  /** Longest silence of a mirror in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
  /**
   * Whether to show progress on the standard error stream, or a function that
   * receives it. Default: true.
   */
  readonly progress?: boolean | ((progress: DownloadProgress) => void);
  /** Stops the download; what has arrived is kept for the next call. */
  readonly signal?: AbortSignal;
}

const OPTIONS = [
  "file",
  "mirrors",
  "folder",
  "sizeBytes",
  "md5",
  "sha256",
  "retries",
  "timeoutMs",
  "progress",
  "signal",
];

/** What one mirror said to a download that failed. */
export interface MirrorFailure {
  /** URL that was asked. */
  readonly url: string;
  /** What came of it, the last time it was asked. */
  readonly reason: string;
}

/** No mirror had the file: all of them failed. */
export class DownloadError extends Error {
  /** Name of the file. */
  readonly file: string;
  /** What each mirror said, in the order in which they were asked. */
  readonly failures: readonly MirrorFailure[];

  /** The message lists every mirror with what it said. */
  constructor(file: string, failures: readonly MirrorFailure[]) {
    const list = failures.map(({ url, reason }) => `\n  ${url}: ${reason}`);
    super(
      `Cannot download "${file}": no mirror had it` + list.join("") +
        `\nCheck the network connection, or name another source with the ` +
        `option mirrors`,
    );
    this.name = "DownloadError";
    this.file = file;
    this.failures = failures;
  }
}

/**
 * Downloads a file unless it is there already, and returns its path.
 *
 * A file that is there is checked as well; one that does not match its size or
 * sum is replaced. Without a sum a broken download starts over, because nothing
 * could tell whether its two halves belong together.
 *
 * @throws {DownloadError} If every mirror failed, listing what each said
 * @throws {Deno.errors.NotCapable} If Deno may not reach any mirror, or not
 * read or write `folder`
 * @throws {TypeError} If a mirror is not a URL, a sum not hexadecimal, or
 * `file` not a plain name
 * @throws The reason of `signal`, if it fires
 */
export async function download(options: DownloadOptions): Promise<string> {
  const job = checkOptions(options);
  await requestAccess("read", job.folder);
  if (await isWhole(job)) return job.path;
  await requestAccess("write", job.folder);
  await withPath("write", job.folder, async () => {
    await Deno.mkdir(job.folder, { recursive: true });
  });
  const lockPath = `${job.path}.lock`;
  using _lock = await withPath("write", lockPath, () =>
    lockFile(lockPath, {
      signal: job.signal,
      onWait: () => job.say(`Waiting for another download of ${job.file}`),
    }));
  if (await isWhole(job)) return job.path; // another call made it meanwhile
  let sizeBytes: number | undefined;
  try {
    sizeBytes = await fromMirrors(job);
    await withPath("write", job.path, () => Deno.rename(job.part, job.path));
  } finally {
    job.end(sizeBytes);
  }
  // Whoever waits for this very lock file finds the target in place; it must
  // not go on failure, when the next one in line will download.
  await Deno.remove(lockPath);
  return job.path;
}

/** Checked options, with what follows from them. */
interface Job {
  readonly file: string;
  readonly folder: string;
  readonly path: string;
  readonly part: string;
  readonly urls: readonly string[];
  readonly sizeBytes: number | undefined;
  readonly checksum: Checksum | undefined;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  onBytes(progress: DownloadProgress): void;
  say(line: string): void;
  end(sizeBytes: number | undefined): void;
}

function checkOptions(options: DownloadOptions): Job {
  checkOptionNames("download", options, OPTIONS);
  const { file, mirrors, folder, progress = true, retries = 2 } = options;
  if (!/^[^/\\]+$/.test(file) || file === "." || file === "..") {
    throw new TypeError(
      `Cannot download "${file}": expected a plain file name`,
    );
  }
  if (mirrors.length === 0) {
    throw new TypeError(
      `Cannot download "${file}": expected at least one mirror`,
    );
  }
  if (!Number.isInteger(retries) || retries < 0) {
    throw new RangeError(
      `Cannot download "${file}": retries must be a non-negative integer, ` +
        `got ${retries}`,
    );
  }
  const { md5, sha256 } = options;
  const path = joinPath(folder, file);
  const bar = progress === true ? new ProgressBar() : undefined;
  return {
    file,
    folder,
    path,
    part: `${path}.part`,
    urls: mirrors.map((mirror) => urlOf(mirror, file)),
    sizeBytes: options.sizeBytes,
    checksum: sha256 !== undefined
      ? parseChecksum("sha256", sha256)
      : md5 !== undefined
      ? parseChecksum("md5", md5)
      : undefined,
    retries,
    timeoutMs: options.timeoutMs ?? 30_000,
    signal: options.signal,
    onBytes: (state) => {
      if (typeof progress === "function") progress(state);
      else bar?.update(state);
    },
    say: (line) => bar?.line(line),
    end: (sizeBytes) => bar?.end(file, sizeBytes),
  };
}

function urlOf(mirror: string, file: string): string {
  const url = `${mirror}${mirror.endsWith("/") ? "" : "/"}${file}`;
  if (!URL.canParse(url)) {
    throw new TypeError(
      `Cannot use "${mirror}" as a mirror: ` +
        `expected a URL such as "https://host/folder/"`,
    );
  }
  return url;
}

/** Whether the target exists and is what it should be. */
async function isWhole(job: Job): Promise<boolean> {
  const wrong = await withPath("read", job.path, () => mismatch(job, job.path));
  if (wrong === undefined) return true;
  if (wrong !== MISSING) {
    job.say(`${job.path}: ${wrong}; it will be downloaded again`);
  }
  return false;
}

const MISSING = "no such file";

/** How the file at `path` differs from what it should be, if it does. */
async function mismatch(job: Job, path: string): Promise<string | undefined> {
  const { sizeBytes, checksum } = job;
  try {
    const { size } = await Deno.stat(path);
    if (sizeBytes !== undefined && size !== sizeBytes) {
      return `expected ${sizeBytes} bytes, got ${size}`;
    }
    if (checksum === undefined) return undefined;
    const { algorithm, hex } = checksum;
    const sum = await checksumOf(path, algorithm);
    return sum === hex ? undefined : `expected ${algorithm} ${hex}, got ${sum}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return MISSING;
    throw error;
  }
}

/** Goes through the mirrors until `.part` is whole; its size in bytes. */
async function fromMirrors(job: Job): Promise<number> {
  // an earlier run may have been ended between the last byte and the rename
  const size = job.checksum && await mismatch(job, job.part) === undefined
    ? (await Deno.stat(job.part)).size
    : undefined;
  if (size !== undefined) return size;

  const said = new Map<string, string>();
  let denied = 0;
  let urls = job.urls;
  for (let round = 0; round <= job.retries && urls.length > 0; round++) {
    // half to all of the pause, so that many clients do not come back at once
    const pauseMs = FIRST_PAUSE_MS * 2 ** (round - 1) * (1 - Math.random() / 2);
    if (round > 0) await delay(pauseMs, job.signal);
    const left: string[] = [];
    for (const url of urls) {
      try {
        return await fromMirror(job, url);
      } catch (error) {
        if (!(error instanceof MirrorError)) throw error;
        said.set(url, error.message);
        job.say(`${url}: ${error.message}`);
        if (error.retry) left.push(url);
        if (error.cause instanceof Deno.errors.NotCapable) denied++;
      }
    }
    urls = left;
  }
  if (denied === job.urls.length) {
    const hosts = new Set(job.urls.map((url) => new URL(url).host));
    const list = [...hosts].join(",");
    throw new Deno.errors.NotCapable(
      `Cannot download "${job.file}": no permission to reach ${list} (run ` +
        `again with --allow-net=${list}, or with -P where deno.json grants it)`,
    );
  }
  const failures = job.urls.map((url) => ({
    url,
    reason: said.get(url) ?? "",
  }));
  throw new DownloadError(job.file, failures);
}

/** One transfer from one mirror, checked. */
async function fromMirror(job: Job, url: string): Promise<number> {
  const { sizeBytes, resumed } = await transfer(url, job.part, {
    sizeBytes: job.sizeBytes,
    resume: job.checksum !== undefined,
    timeoutMs: job.timeoutMs,
    signal: job.signal,
    onBytes: (receivedBytes, totalBytes) =>
      job.onBytes({ file: job.file, url, receivedBytes, totalBytes }),
  });
  const wrong = await mismatch(job, job.part);
  if (wrong === undefined) return sizeBytes;
  await Deno.remove(job.part);
  // the first half may be of another file: once more, from the first byte
  if (resumed) return fromMirror(job, url);
  throw new MirrorError(
    `${wrong} (${formatBytes(sizeBytes)} of another file, or damaged; the ` +
      `partial file was removed)`,
    false,
  );
}
