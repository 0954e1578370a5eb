/**
 * The chunks of a PNG file: its sizes and palette, and whether it is whole and
 * in order. No pixel is decoded here.
 *
 * Source: W3C PNG (third edition), 5 and 11.
 *
 * @module
 */

import { cutShort, type ReadRequest } from "./decoder.ts";

/** The eight bytes that every PNG file begins with. */
export const PNG_SIGNATURE: readonly number[] = [
  ...[0x89, 0x50, 0x4e, 0x47],
  ...[0x0d, 0x0a, 0x1a, 0x0a],
];

/** The kinds of pixels, by their number in the header. */
export const COLOUR_TYPES = {
  gray: 0,
  rgb: 2,
  palette: 3,
  grayAlpha: 4,
  rgba: 6,
} as const;

/** Samples of a pixel, by the colour type. */
const SAMPLES: Readonly<Record<number, number>> = {
  [COLOUR_TYPES.gray]: 1,
  [COLOUR_TYPES.rgb]: 3,
  [COLOUR_TYPES.palette]: 1,
  [COLOUR_TYPES.grayAlpha]: 2,
  [COLOUR_TYPES.rgba]: 4,
};

/** What of a PNG file bears on its pixels. */
export interface PngParts {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  readonly colourType: number;
  /** What is in the header. */
  readonly header: Uint8Array;
  /** The palette's colours, three bytes each. */
  readonly palette: Uint8Array | undefined;
  /** Opacities of the palette, or the one colour that is transparent. */
  readonly transparency: PngChunk | undefined;
  /** The pixels' chunks, with lengths, names and check sums. */
  readonly pixels: readonly Uint8Array[];
}

/** A chunk: what is in it, and the whole of it. */
interface PngChunk {
  readonly name: string;
  readonly body: Uint8Array;
  readonly whole: Uint8Array;
}

/**
 * Reads the chunks of a file that begins with the signature.
 *
 * @throws {SyntaxError} If the file is cut short, or a chunk is not what it
 * should be
 */
export function readPngChunks(
  bytes: Uint8Array,
  request: ReadRequest,
): PngParts {
  const found = new Map<string, PngChunk>();
  const pixels: Uint8Array[] = [];
  let before = "";
  for (let at = PNG_SIGNATURE.length; before !== "IEND";) {
    const chunk = chunkAt(bytes, at);
    if (!chunk) throw cutShort("PNG", bytes, request.what);
    at += chunk.whole.length;
    const { name } = chunk;
    // lodepng looks at the check sums of pixels
    if (name !== "IDAT" && !isSound(chunk)) {
      throw corrupt(request, `the check sum of a ${name} is wrong`);
    }
    checkOrder(chunk, before, found, request);
    if (name === "IDAT") pixels.push(chunk.whole);
    found.set(name, chunk);
    before = name;
  }
  const header = found.get("IHDR");
  if (header?.body.length !== 13) throw corrupt(request, "its header is bad");
  const view = new DataView(header.body.buffer, header.body.byteOffset, 13);
  const parts = {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: view.getUint8(8),
    colourType: view.getUint8(9),
    header: header.body,
    palette: found.get("PLTE")?.body,
    transparency: found.get("tRNS"),
    pixels,
  };
  checkInflation(parts, request);
  return parts;
}

/** Chunks that stand once, and before the pixels. */
const ONCE: readonly string[] = ["IHDR", "PLTE", "tRNS"];

/** Refuses a chunk that stands where it may not, after those found so far. */
function checkOrder(
  { name }: PngChunk,
  before: string,
  found: ReadonlyMap<string, PngChunk>,
  request: ReadRequest,
): void {
  if (before === "" && name !== "IHDR") {
    throw corrupt(request, `expected IHDR as its first chunk, got ${name}`);
  }
  if (name === "IDAT" && found.has("IDAT") && before !== "IDAT") {
    throw corrupt(request, `a chunk ${before} stands between its pixels`);
  }
  if (!ONCE.includes(name)) return;
  if (found.has(name)) throw corrupt(request, `it has two chunks ${name}`);
  if (found.has("IDAT")) {
    throw corrupt(request, `a chunk ${name} stands behind its pixels`);
  }
}

/** The error for a file whose bytes are not what PNG says. */
export function corrupt({ what }: ReadRequest, why: string): SyntaxError {
  return new SyntaxError(`${what}: PNG data is corrupt: ${why}`);
}

/** A whole chunk: length, name, body and check sum. */
export function chunkOf(
  name: string,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(body.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length);
  chunk.set(new TextEncoder().encode(name), 4);
  chunk.set(body, 8);
  view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, -4)));
  return chunk;
}

/** The header of other pixels, which have as many bits: they are read as those. */
export function headerAs(
  header: Uint8Array,
  colourType: number,
  depth = header[8]!, // after the sizes
): Uint8Array {
  const changed = header.slice();
  changed.set([depth, colourType], 8);
  return changed;
}

function chunkAt(bytes: Uint8Array, at: number): PngChunk | undefined {
  if (at + 12 > bytes.length) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = at + 12 + view.getUint32(at);
  if (end > bytes.length) return;
  return {
    name: String.fromCharCode(...bytes.subarray(at + 4, at + 8)),
    body: bytes.subarray(at + 8, end - 4),
    whole: bytes.subarray(at, end),
  };
}

function isSound({ whole }: PngChunk): boolean {
  const { buffer, byteOffset, length } = whole;
  const sum = new DataView(buffer, byteOffset, length).getUint32(length - 4);
  return crc32(whole.subarray(4, -4)) === sum;
}

// Deflate makes 1,032 bytes of one at best, and lodepng unpacks all of them
// before it counts: a megabyte that claims to be one pixel would take a
// gigabyte. No encoder packs pixels to much more than they are. What is left to
// a bomb is to claim as many pixels as it has bytes: to know, one would have to
// unpack it twice. lodepng's memory ends at 4 GiB, with NO_MEMORY.
function checkInflation(
  { width, height, depth, colourType, pixels }: PngParts,
  request: ReadRequest,
): void {
  const packed = pixels.reduce((sum, { length }) => sum + length - 12, 0);
  const samples = SAMPLES[colourType] ?? 4;
  const raw = height * (Math.ceil(width * samples * depth / 8) + 2);
  const most = Math.ceil(1.25 * raw) + 1024;
  if (packed <= most) return;
  throw new RangeError(
    `${request.what}: ${packed} bytes are packed for ${width} x ${height} ` +
      `pixels, expected at most ${most}`,
  );
}

// What a byte does to the check sum.
const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) {
    byte = byte & 1 ? byte >>> 1 ^ 0xedb88320 : byte >>> 1;
  }
  return byte;
});

/** ISO 3309's check sum, of a chunk's name and body. */
function crc32(bytes: Uint8Array): number {
  let sum = ~0;
  for (const byte of bytes) sum = CRC_OF_BYTE[(sum ^ byte) & 255]! ^ sum >>> 8;
  return ~sum >>> 0;
}
