/**
 * The segments of a JPEG file: enough of its structure to tell whether it is
 * whole, and how the camera was held. No pixel is decoded here.
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

/** A marker and what belongs to it, without its length. */
interface Segment {
  readonly marker: number;
  readonly body: Uint8Array;
}

/** The segments from the first to the end of the image, if that is there. */
function* segmentsOf(bytes: Uint8Array): IterableIterator<Segment> {
  let at = 2; // after the start of the image
  while (at + 1 < bytes.length) {
    // fill bytes, entropy-coded data with its stuffed zeros, and whatever else
    // lies before the next marker
    if (bytes[at] !== 0xff || bytes[at + 1] === 0xff || bytes[at + 1] === 0) {
      at++;
      continue;
    }
    const marker = bytes[at + 1]!;
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

/** Whether the file goes on to the end of its image. */
export function isWholeJpeg(bytes: Uint8Array): boolean {
  for (const { marker } of segmentsOf(bytes)) {
    if (marker === END_OF_IMAGE) return true;
  }
  return false;
}

/** EXIF's orientation, 1 to 8; 1 where the file says nothing, or nonsense. */
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

// "Exif", two zeros, then a TIFF: byte order, 42, where its directory is; that
// is a count and entries of twelve bytes: tag, type, count, value.
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
