/**
 * Decoding of PNG files: all colour types, depths of 1 to 16 bits, interlaced or
 * not. Of 16 bits the upper eight stay, except in mode "gray16".
 *
 * @module
 */

import { HostArray } from "../../tensor/host_array.ts";
import { type Channels, Image, type PaletteColour } from "../image.ts";
import { convertImage } from "../image_mode.ts";
import {
  checkPixels,
  type Decoder,
  type DecodeRequest,
  type ReadRequest,
} from "./decoder.ts";
import { LodePng, NO_MEMORY } from "./lodepng.ts";
import {
  chunkOf,
  COLOUR_TYPES,
  corrupt,
  headerAs,
  PNG_SIGNATURE,
  type PngParts,
  readPngChunks,
} from "./png_chunks.ts";

const SIGNATURE = Uint8Array.from(PNG_SIGNATURE);

const END = chunkOf("IEND", new Uint8Array());

/** Colour types in messages, by their number. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  [COLOUR_TYPES.gray]: "grey",
  [COLOUR_TYPES.rgb]: "RGB",
  [COLOUR_TYPES.palette]: "a palette",
  [COLOUR_TYPES.grayAlpha]: "grey with opacity",
  [COLOUR_TYPES.rgba]: "RGBA",
};

/** Decodes PNG files with a compiled lodepng. */
export class PngDecoder implements Decoder {
  readonly #lode: LodePng;

  constructor(module: WebAssembly.Module) {
    this.#lode = new LodePng(module);
  }

  /** Decodes a whole file; mode "unchanged" gives the indices of a palette. */
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
   * Decodes 16-bit grey, 0 to 65,535, to int32 [1, H, W].
   *
   * @throws {SyntaxError} If the file has other pixels, or is corrupt
   */
  decodeGray16(bytes: Uint8Array, request: ReadRequest): HostArray {
    const parts = readPngChunks(bytes, request);
    const { width, height, depth, colourType, header } = parts;
    checkPixels(width, height, request);
    if (colourType !== COLOUR_TYPES.gray || depth !== 16) {
      throw new SyntaxError(
        `${request.what}: expected PNG data of 16-bit grey, got ${depth} bits ` +
          `of ${TYPE_NAMES[colourType] ?? `type ${colourType}`}`,
      );
    }
    // Read as grey and opacity, the two bytes of a value become the first and the
    // last byte of a pixel.
    const halves = headerAs(header, COLOUR_TYPES.grayAlpha, 8);
    const rgba = this.#decodeParts(parts, halves, request);
    const values = Int32Array.from(
      { length: width * height },
      (_, i) => rgba[4 * i]! << 8 | rgba[4 * i + 3]!,
    );
    return new HostArray(values, [1, height, width]);
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
    // grey needs no weights
    return convertImage(new Image(redOf(rgba), width, height, 1), mode);
  }

  // Read as grey, whose bits are the same. Grey of less than eight bits comes
  // stretched over 0 to 255.
  #decodeIndices(parts: PngParts, request: DecodeRequest): Image {
    const { width, height, depth, header } = parts;
    const gray = headerAs(header, COLOUR_TYPES.gray);
    const indices = redOf(this.#decodeParts(parts, gray, request));
    const step = 255 / (2 ** depth - 1);
    if (depth < 8) {
      for (let i = 0; i < indices.length; i++) indices[i]! /= step;
    }
    return new Image(indices, width, height, 1, paletteOf(parts));
  }

  /** Decodes the pixels under this header to RGBA. */
  #decodeParts(
    { width, height, transparency, pixels, colourType }: PngParts,
    header: Uint8Array,
    request: ReadRequest,
  ): Uint8Array<ArrayBuffer> {
    // the transparent colour holds for the file's own colour type only
    const isKeyed = transparency && header[9] === colourType;
    const key = isKeyed ? [transparency.whole] : [];
    const rgba = this.#lode.decode(
      [SIGNATURE, chunkOf("IHDR", header), ...key, ...pixels, END],
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

/** Returns the colours of a palette, with opacities if the file has them. */
function paletteOf(
  { palette, transparency }: PngParts,
): readonly PaletteColour[] | undefined {
  if (!palette) return;
  const count = Math.floor(palette.length / 3);
  return Array.from({ length: count }, (_, i) => {
    // three bytes for each of `count` colours
    const [red, green, blue] = palette.subarray(3 * i);
    const opacity = transparency?.body[i];
    return opacity === undefined
      ? [red!, green!, blue!]
      : [red!, green!, blue!, opacity];
  });
}

/** Returns the RGBA of indices, by the file's palette and its opacities. */
function coloured(
  { data, width, height }: Image,
  { palette, transparency }: PngParts,
  request: ReadRequest,
): Image {
  const count = Math.floor((palette?.length ?? 0) / 3);
  const colours = new Uint32Array(256);
  const bytes = new Uint8Array(colours.buffer);
  for (let i = 0; i < count; i++) {
    bytes.set(palette!.subarray(3 * i, 3 * i + 3), 4 * i); // count is 0 without a palette
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

/** Returns the first byte of each pixel. */
function redOf(rgba: Uint8Array): Uint8Array<ArrayBuffer> {
  const red = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < red.length; i++) red[i] = rgba[4 * i]!;
  return red;
}
