/**
 * The chunks of a PNG file: its sizes and palette, and whether it is whole. No
 * pixel is decoded here.
 *
 * Source: W3C PNG (third edition), 5 and 11.
 *
 * @module
 */

import { cutShort, type DecodeRequest } from "./decoder.ts";

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
  /** The header's chunk, with length, name and check sum. */
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
  request: DecodeRequest,
): PngParts {
  const found = new Map<string, PngChunk>();
  const pixels: Uint8Array[] = [];
  for (let at = PNG_SIGNATURE.length; !found.has("IEND");) {
    const chunk = chunkAt(bytes, at);
    if (!chunk) throw cutShort("PNG", bytes, request.what);
    at += chunk.whole.length;
    if (chunk.name === "IDAT") {
      pixels.push(chunk.whole); // lodepng looks at their check sums
    } else if (isSound(chunk)) {
      found.set(chunk.name, chunk);
    } else {
      throw corrupt(request, `the check sum of a ${chunk.name} is wrong`);
    }
  }
  const header = found.get("IHDR");
  if (header?.body.length !== 13) throw corrupt(request, "its header is bad");
  const view = new DataView(header.body.buffer, header.body.byteOffset, 13);
  const parts = {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: view.getUint8(8),
    colourType: view.getUint8(9),
    header: header.whole,
    palette: found.get("PLTE")?.body,
    transparency: found.get("tRNS"),
    pixels,
  };
  checkInflation(parts, request);
  return parts;
}

/** The error for a file whose bytes are not what PNG says. */
export function corrupt({ what }: DecodeRequest, why: string): SyntaxError {
  return new SyntaxError(`${what}: PNG data is corrupt: ${why}`);
}

/** The header of another colour type: the same bits, taken for other pixels. */
export function headerAs(header: Uint8Array, colourType: number): Uint8Array {
  const changed = header.slice();
  changed[17] = colourType; // after length, name, sizes and depth
  const sum = crc32(changed.subarray(4, -4));
  new DataView(changed.buffer).setUint32(changed.length - 4, sum);
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
  request: DecodeRequest,
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
