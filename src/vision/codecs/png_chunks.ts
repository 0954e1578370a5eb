/**
 * The chunks of a PNG file: sizes, palette, and whether the file is whole and in
 * order. No pixel is decoded here.
 *
 * Source: W3C PNG (third edition), 5 and 11.
 *
 * @module
 */

import { cutShort, type ReadRequest } from "./decoder.ts";

/** First eight bytes of every PNG file. */
export const PNG_SIGNATURE: readonly number[] = [
  ...[0x89, 0x50, 0x4e, 0x47],
  ...[0x0d, 0x0a, 0x1a, 0x0a],
];

/** Colour types, by their number in the header. */
export const COLOUR_TYPES = {
  gray: 0,
  rgb: 2,
  palette: 3,
  grayAlpha: 4,
  rgba: 6,
} as const;

/** Samples of a pixel, by colour type. */
const SAMPLES: Readonly<Record<number, number>> = {
  [COLOUR_TYPES.gray]: 1,
  [COLOUR_TYPES.rgb]: 3,
  [COLOUR_TYPES.palette]: 1,
  [COLOUR_TYPES.grayAlpha]: 2,
  [COLOUR_TYPES.rgba]: 4,
};

/** Parts of a PNG file that its pixels depend on. */
export interface PngParts {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  readonly colourType: number;
  /** Body of the header. */
  readonly header: Uint8Array;
  /** Colours of the palette, three bytes each. */
  readonly palette: Uint8Array | undefined;
  /** Opacities of the palette, or the one transparent colour. */
  readonly transparency: PngChunk | undefined;
  /** Chunks of pixels, with lengths, names and check sums. */
  readonly pixels: readonly Uint8Array[];
}

/** A chunk: its body, and all of its bytes. */
interface PngChunk {
  readonly name: string;
  readonly body: Uint8Array;
  readonly whole: Uint8Array;
}

/**
 * Reads the chunks of a file that begins with the signature.
 *
 * @throws {SyntaxError} If the file is cut short, or a chunk is corrupt or
 * misplaced
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

/** Chunks that may stand only once, before the pixels. */
const ONCE: readonly string[] = ["IHDR", "PLTE", "tRNS"];

/** Refuses a chunk that is misplaced after those found so far. */
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

/** Returns the error for a file that breaks the rules of PNG. */
export function corrupt({ what }: ReadRequest, why: string): SyntaxError {
  return new SyntaxError(`${what}: PNG data is corrupt: ${why}`);
}

/** Returns a whole chunk: length, name, body and check sum. */
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

/** Returns a header under which the same bits are read as other pixels. */
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

// Deflate makes at most 1,032 bytes of one, and lodepng unpacks all of them before
// it counts: a megabyte that claims to be one pixel would take a gigabyte. No
// encoder packs pixels to much more than their own size. A bomb can still claim
// as many pixels as it has bytes, until lodepng's memory ends at 4 GiB, with
// NO_MEMORY. To refuse that would take a second unpacking.
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

// Change of the check sum by each byte.
const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) {
    byte = byte & 1 ? byte >>> 1 ^ 0xedb88320 : byte >>> 1;
  }
  return byte;
});

/** Returns the check sum of ISO 3309, of a chunk's name and body. */
function crc32(bytes: Uint8Array): number {
  let sum = ~0;
  for (const byte of bytes) sum = CRC_OF_BYTE[(sum ^ byte) & 255]! ^ sum >>> 8;
  return ~sum >>> 0;
}
