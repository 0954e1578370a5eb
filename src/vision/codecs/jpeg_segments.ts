/**
 * The segments of a JPEG file: whether it is whole, its coding, and its EXIF
 * orientation. No pixel is decoded here.
 *
 * Source: ITU-T T.81, annex B; Exif 2.32, 4.6.
 *
 * @module
 */

/** Markers that stand alone: TEM and the restarts. */
function standsAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const APP1 = 0xe1;

/** Marker and its content, without the length. */
interface Segment {
  readonly marker: number;
  readonly body: Uint8Array;
}

/** Yields the segments up to the end of the image, or of the data. */
function* segmentsOf(bytes: Uint8Array): IterableIterator<Segment> {
  let at = 2; // after the start of the image
  while (at + 1 < bytes.length) {
    // skip fill bytes, entropy-coded data with its stuffed zeros, and the like
    at = bytes.indexOf(0xff, at);
    if (at === -1 || at + 1 === bytes.length) return;
    const marker = bytes[at + 1]!;
    if (marker === 0xff || marker === 0) {
      at++;
      continue;
    }
    at += 2;
    if (standsAlone(marker)) continue;
    if (marker === END_OF_IMAGE) {
      yield { marker, body: bytes.subarray(at, at) };
      return;
    }
    if (at + 2 > bytes.length) return;
    const length = bytes[at]! << 8 | bytes[at + 1]!;
    if (at + length > bytes.length) return;
    yield { marker, body: bytes.subarray(at + 2, at + length) };
    at += Math.max(length, 2);
  }
}

/** Whether the file reaches the end of its image. */
export function isWholeJpeg(bytes: Uint8Array): boolean {
  for (const { marker } of segmentsOf(bytes)) {
    if (marker === END_OF_IMAGE) return true;
  }
  return false;
}

/** Markers of frames, by the coding of their pixels. */
const BASELINE = 0xc0;
const EXTENDED = 0xc1;
const PROGRESSIVE = 0xc2;

/** Markers from 0xc0 to 0xcf that do not begin a frame: tables, one reserved. */
const NO_FRAMES: readonly number[] = [0xc4, 0xc8, 0xcc];

function isFrame(marker: number): boolean {
  return marker >> 4 === 0xc && !NO_FRAMES.includes(marker);
}

/** Returns the name of a coding that is neither baseline nor progressive. */
export function codingOf(bytes: Uint8Array): string | undefined {
  for (const { marker } of segmentsOf(bytes)) {
    if (!isFrame(marker)) continue;
    if ([BASELINE, EXTENDED, PROGRESSIVE].includes(marker)) return;
    if (marker > 0xc8) return "arithmetic";
    return marker === 0xc3 ? "lossless" : "hierarchical";
  }
}

/**
 * Returns the fault in the scans of a file, or undefined. Each component needs
 * scans for all 64 coefficients of its blocks, down to their last bit. libjpeg
 * takes missing ones for zeros, or for a smooth image.
 *
 * Source: ITU-T T.81, G.1.1.1; the order of scans as libjpeg's jdphuff.c.
 */
export function scanFault(bytes: Uint8Array): string | undefined {
  // lowest bit of each component's coefficients that a scan has given
  let lowest = new Map<number, Int8Array>();
  let isProgressive = false;
  let scans = 0;
  for (const { marker, body } of segmentsOf(bytes)) {
    if (isFrame(marker)) {
      isProgressive = marker === PROGRESSIVE;
      const ids = Array.from({ length: body[5]! }, (_, i) => body[6 + 3 * i]!);
      lowest = new Map(ids.map((id) => [id, new Int8Array(64).fill(-1)]));
    }
    if (marker !== START_OF_SCAN) continue;
    scans++;
    const count = body[0]!;
    // one scan of all components, as in most files: nothing can be missing
    if (!isProgressive && count === lowest.size) return;
    const [first = 0, last = 0, bits = 0] = isProgressive
      ? body.subarray(1 + 2 * count)
      : [0, 63, 0];
    for (let i = 0; i < count; i++) {
      const given = lowest.get(body[1 + 2 * i]!)?.subarray(first, last + 1);
      if (given?.some((bit) => Math.max(bit, 0) !== bits >> 4)) {
        return `scan ${scans} does not follow from those before it`;
      }
      given?.fill(bits & 15);
    }
  }
  const isWhole = [...lowest.values()].every((bits) =>
    bits.every((bit) => bit === 0)
  );
  return isWhole ? undefined : "its scans leave out a part of the image";
}

/** Returns the EXIF orientation, 1 to 8; 1 if it is absent or invalid. */
export function orientationOf(bytes: Uint8Array): number {
  for (const { marker, body } of segmentsOf(bytes)) {
    if (marker === START_OF_SCAN) return 1;
    if (marker !== APP1) continue;
    const orientation = exifOrientation(body);
    if (orientation !== undefined) return orientation;
  }
  return 1;
}

const ORIENTATION_TAG = 0x0112;

// "Exif", two zeros, then a TIFF: byte order, 42, and the place of its directory.
// That is a count and entries of twelve bytes: tag, type, count, value.
function exifOrientation(body: Uint8Array): number | undefined {
  const tiff = body.subarray(6);
  if (new TextDecoder().decode(body.subarray(0, 4)) !== "Exif") return;
  if (tiff.length < 8) return;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const little = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return;
  const count = view.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return;
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
}
