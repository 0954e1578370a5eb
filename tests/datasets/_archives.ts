/**
 * Archives for tests, good and hostile, made in memory.
 *
 * @module
 */

import {
  BlobWriter,
  Uint8ArrayReader,
  ZipWriter,
} from "npm:@zip.js/zip.js@^2.24.0";
import { packTar, type TarHeader } from "npm:modern-tar@^0.8.6";
import { gzip } from "./_idx.ts";

/** An entry of a tar: a file of these bytes or this text, or as the header says. */
export interface TarEntry extends Partial<Omit<TarHeader, "name" | "size">> {
  readonly name: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

function bytesOf(
  body: string | Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}

/** A tar. */
export function tar(entries: TarEntry[]): Promise<Uint8Array<ArrayBuffer>> {
  return packTar(entries.map(({ body, ...header }) => {
    const bytes = body === undefined ? undefined : bytesOf(body);
    return { header: { ...header, size: bytes?.length ?? 0 }, body: bytes };
  }));
}

/** A compressed tar. */
export async function tarGz(
  entries: TarEntry[],
): Promise<Uint8Array<ArrayBuffer>> {
  return gzip(await tar(entries));
}

/** A zip; a `mode` of 0o120777 makes a symbolic link to what the body says. */
export async function zip(
  entries: { name: string; body: string; mode?: number }[],
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  for (const { name, body, mode } of entries) {
    await writer.add(name, new Uint8ArrayReader(bytesOf(body)), {
      ...(mode === undefined ? {} : { unixMode: mode, msDosCompatible: false }),
    });
  }
  return (await writer.close()).bytes();
}
