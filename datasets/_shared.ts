/**
 * What several files of this folder need: waiting, paths, flags, and telling a
 * user in plain words why a file could not be read or written.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

import { formatValue } from "../src/tensor/arguments.ts";

/**
 * Resolves after `ms` milliseconds.
 *
 * @throws The reason of `signal`, if it fires before
 */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Options that are true, false or not given: "no" would else be taken for true.
 *
 * @throws {TypeError} If one is anything else
 */
export function checkFlags(
  name: string,
  flags: Readonly<Record<string, unknown>>,
): void {
  for (const [option, flag] of Object.entries(flags)) {
    if (flag === undefined || typeof flag === "boolean") continue;
    throw new TypeError(
      `Cannot use ${formatValue(flag)} as the option ${option} of ${name}: ` +
        `expected true or false`,
    );
  }
}

/** `folder` and `name` as one path, in the platform's way. */
export function joinPath(folder: string, name: string): string {
  const separator = Deno.build.os === "windows" ? "\\" : "/";
  return /[/\\]$/.test(folder) ? folder + name : folder + separator + name;
}

/** A path, also of what is given as a file's URL. */
export function toPath(path: string | URL): string {
  return typeof path === "string" ? path : fileURLToPath(path);
}

/** A number of bytes as people read it: `9.9 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/**
 * Asks for access to `folder` as a whole, on a terminal, where Deno would else
 * ask for each file in it. Elsewhere it does nothing, and neither does a "no":
 * the access that is then refused says so.
 */
export async function requestAccess(
  name: "read" | "write",
  folder: string,
): Promise<void> {
  const { state } = await Deno.permissions.query({ name, path: folder });
  if (state === "prompt") {
    await Deno.permissions.request({ name, path: folder });
  }
}

/**
 * Runs `use`, which reads or writes `path`; an error of the permissions or the
 * disk comes out with the path and what can be done, and keeps its class.
 *
 * @throws {Deno.errors.NotCapable} If Deno may not touch `path`
 * @throws {Deno.errors.PermissionDenied} If the operating system refuses
 * @throws {Deno.errors.NotADirectory} If a folder of `path` is a file
 */
export async function withPath<T>(
  kind: "read" | "write",
  path: string,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const elsewhere = "choose another folder with the option root or with " +
      "KINDLING_HOME";
    if (cause instanceof Deno.errors.NotCapable) {
      throw new Deno.errors.NotCapable(
        `Cannot ${kind} "${path}": no permission (run again with ` +
          `--allow-${kind}="${path}", or with -P where deno.json grants it)`,
        { cause },
      );
    }
    if (cause instanceof Deno.errors.PermissionDenied) {
      throw new Deno.errors.PermissionDenied(
        `Cannot ${kind} "${path}": the operating system denies it (${elsewhere})`,
        { cause },
      );
    }
    if ("code" in cause && cause.code === "EROFS") {
      throw new Deno.errors.PermissionDenied(
        `Cannot ${kind} "${path}": the file system is read-only (${elsewhere})`,
        { cause },
      );
    }
    if (cause instanceof Deno.errors.NotADirectory) {
      throw new Deno.errors.NotADirectory(
        `Cannot ${kind} "${path}": a part of this path is a file, not a ` +
          `folder (${elsewhere})`,
        { cause },
      );
    }
    if ("code" in cause && cause.code === "ENOSPC") {
      throw new Error(
        `Cannot write "${path}": the disk is full (free some space, or ` +
          `${elsewhere})`,
        { cause },
      );
    }
    throw cause;
  }
}
