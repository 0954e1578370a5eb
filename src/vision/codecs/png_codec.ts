/**
 * PNG files to images and back: all colour types, depths of 1 to 16 bits,
 * interlaced or not. Of 16 bits the upper eight stay.
 *
 * @module
 */

import { type Channels, Image } from "../image.ts";
import { convertImage } from "../image_mode.ts";
import { checkPixels, type Decoder, type DecodeRequest } from "./decoder.ts";
import { LodePng, NO_MEMORY } from "./lodepng.ts";
import {
  COLOUR_TYPES,
  corrupt,
  headerAs,
  PNG_SIGNATURE,
  type PngParts,
  readPngChunks,
} from "./png_chunks.ts";

const SIGNATURE = Uint8Array.from(PNG_SIGNATURE);

/** An empty chunk of the name IEND. */
const END = Uint8Array.of(0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130);

/** Reads and writes PNG files with a compiled lodepng. */
export class PngCodec implements Decoder {
  readonly #lode: LodePng;

  constructor(module: WebAssembly.Module) {
    this.#lode = new LodePng(module);
  }

  /** Decodes a whole file; indices of a palette are its pixels "unchanged". */
  decode(bytes: Uint8Array, request: DecodeRequest): Image {
    const parts = readPngChunks(bytes, request);
    checkPixels(parts.width, parts.height, request);
    if (parts.colourType !== COLOUR_TYPES.palette) {
      return this.#decodeColours(parts, request);
    }
    const indices = this.#decodeIndices(parts, request);
    return request.mode === "unchanged"
      ? indices
      : convertImage(coloured(indices, parts, request), request.mode);
  }

  /**
   * The bytes of a PNG file.
   *
   * @throws {RangeError} If there is no memory for it
   */
  encode(image: Image): Uint8Array<ArrayBuffer> {
    const { data, width, height } = convertImage(image, "rgba");
    const bytes = this.#lode.encode(data, width, height);
    if (typeof bytes !== "number") return bytes;
    throw new RangeError(
      `Cannot encode ${image} as PNG: lodepng's error ${bytes}`,
    );
  }

  #decodeColours(parts: PngParts, request: DecodeRequest): Image {
    const { width, height, colourType, header } = parts;
    const rgba = this.#decodeParts(parts, header, request);
    const own: Channels = colourType === COLOUR_TYPES.gray
      ? 1
      : colourType === COLOUR_TYPES.rgb
      ? 3
      : 4;
    const mode = request.mode === "unchanged" && own !== 4
      ? (own === 1 ? "gray" : "rgb")
      : request.mode;
    const image = new Image(rgba, width, height, 4);
    if (own !== 1 || mode === "rgba") return convertImage(image, mode);
    // grey is not to be weighed again
    return convertImage(new Image(redOf(rgba), width, height, 1), mode);
  }

  // Decoded as if it were grey: the bits are the same. Grey of less than eight
  // bits comes stretched over 0 to 255.
  #decodeIndices(parts: PngParts, request: DecodeRequest): Image {
    const { width, height, depth, header } = parts;
    const gray = headerAs(header, COLOUR_TYPES.gray);
    const indices = redOf(this.#decodeParts(parts, gray, request));
    const step = 255 / (2 ** depth - 1);
    if (depth < 8) {
      for (let i = 0; i < indices.length; i++) indices[i]! /= step;
    }
    return new Image(indices, width, height, 1);
  }

  /** RGBA of the file's pixels under this header. */
  #decodeParts(
    { width, height, transparency, pixels, colourType }: PngParts,
    header: Uint8Array,
    request: DecodeRequest,
  ): Uint8Array<ArrayBuffer> {
    const isKeyed = transparency && colourType !== COLOUR_TYPES.palette;
    const key = isKeyed ? [transparency.whole] : [];
    const rgba = this.#lode.decode(
      [SIGNATURE, header, ...key, ...pixels, END],
      width * height,
    );
    if (typeof rgba !== "number") return rgba;
    if (rgba === NO_MEMORY) {
      throw new RangeError(
        `${request.what}: no memory for ${width} x ${height} pixels`,
      );
    }
    throw corrupt(request, `lodepng's error ${rgba}`);
  }
}

/** RGBA of indices, by the file's palette and its opacities. */
function coloured(
  { data, width, height }: Image,
  { palette, transparency }: PngParts,
  request: DecodeRequest,
): Image {
  const count = Math.floor((palette?.length ?? 0) / 3);
  const colours = new Uint32Array(256);
  const bytes = new Uint8Array(colours.buffer);
  for (let i = 0; i < count; i++) {
    bytes.set(palette!.subarray(3 * i, 3 * i + 3), 4 * i); // count is 0 without
    bytes[4 * i + 3] = transparency?.body[i] ?? 255;
  }
  const pixels = new Uint32Array(data.length);
  let highest = 0;
  for (let i = 0; i < data.length; i++) {
    const index = data[i]!;
    if (index > highest) highest = index;
    pixels[i] = colours[index]!;
  }
  if (highest >= count) {
    throw corrupt(request, `index ${highest} of a palette of ${count} colours`);
  }
  return new Image(new Uint8Array(pixels.buffer), width, height, 4);
}

/** Every fourth byte. */
function redOf(rgba: Uint8Array): Uint8Array<ArrayBuffer> {
  const red = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < red.length; i++) red[i] = rgba[4 * i]!;
  return red;
}
