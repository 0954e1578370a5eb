/**
 * Checksums of files, read in pieces: a file may be larger than memory.
 *
 * md5 is there because the sums that datasets publish are md5; it tells damage
 * from none and does not protect from a forger, as sha256 does.
 *
 * @module
 */

// WebCrypto has no md5 and digests only what is in memory whole
import { createHash } from "node:crypto";

/** A checksum: the function and its result in lower-case hexadecimal. */
export interface Checksum {
  /** The hash function. */
  readonly algorithm: "md5" | "sha256";
  /** 32 (md5) or 64 (sha256) hexadecimal digits. */
  readonly hex: string;
}

const DIGITS = { md5: 32, sha256: 64 } as const;

/**
 * The checksum that a user gave, checked.
 *
 * @throws {TypeError} If it has not the digits of its function
 */
export function parseChecksum(
  algorithm: Checksum["algorithm"],
  hex: string,
): Checksum {
  const lower = hex.toLowerCase();
  if (lower.length !== DIGITS[algorithm] || !/^[0-9a-f]+$/.test(lower)) {
    throw new TypeError(
      `Cannot use "${hex}" as ${algorithm}: ` +
        `expected ${DIGITS[algorithm]} hexadecimal digits`,
    );
  }
  return { algorithm, hex: lower };
}

/** The sum of the file at `path`. */
export async function checksumOf(
  path: string,
  algorithm: Checksum["algorithm"],
): Promise<string> {
  const hash = createHash(algorithm);
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 18);
  for (;;) {
    const count = await file.read(buffer);
    if (count === null) return hash.digest("hex");
    hash.update(buffer.subarray(0, count));
  }
}
