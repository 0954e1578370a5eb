/**
 * Images to the bytes of files: JPEG and PNG.
 *
 * The encoders are loaded when the first image is encoded: for JPEG WebAssembly
 * of an npm package, which needs no permission.
 *
 * @module
 */

import { checkOptionNames, formatChoices } from "../tensor/arguments.ts";
import type { Image, PaletteColour } from "./image.ts";
import { convertImage } from "./image_mode.ts";

/** Formats that images are written in. */
export type ImageFormat = "jpeg" | "png";

/** How an image is encoded. */
export interface EncodeOptions {
  /** The format, "png" by default. */
  readonly format?: ImageFormat;
  /** Of JPEG, from 1 to 100, 75 by default, as in PIL. */
  readonly quality?: number;
  /**
   * Of PNG: colours, 256 at most, that the bytes of an image of one channel are
   * indices of: `VOC_PALETTE` for the classes of a mask. The classes are read
   * back in mode "unchanged", and the colours in the others. Without it an image
   * of one channel becomes a grey file, of the same bytes.
   */
  readonly palette?: readonly PaletteColour[] | undefined;
}

/** Names of the options of `encodeImage`. */
export const ENCODE_OPTIONS = ["format", "quality", "palette"];

/** An encoder: of the options it takes what its format has. */
type Encoder = (
  image: Image,
  options: EncodeOptions,
) => Promise<Uint8Array<ArrayBuffer>>;

/** Encoders by their format. */
const ENCODERS: Readonly<Record<ImageFormat, Encoder>> = {
  jpeg: encodeJpeg,
  async png(image, { palette }) {
    const { encodePng } = await import("./codecs/png_writer.ts");
    return await encodePng(image, palette);
  },
};

/**
 * The bytes of a file with the image.
 *
 * PNG holds it exactly, and as what it is: one channel as grey, three as RGB,
 * four as RGBA, each of eight bits; a palette is written if it is given. JPEG is
 * baseline, colour at half resolution, with
 * the standard's tables, as PIL writes it.
 *
 * Source: PIL.Image.save.
 *
 * @throws {TypeError} If there is no such format, JPEG is asked to hold opacity
 * or a palette, or a palette is given for several channels
 * @throws {RangeError} If `quality` is not an integer from 1 to 100, a colour is
 * not of bytes, or the palette lacks an index of the image
 *
 * @example There and back
 * ```ts
 * import { vision } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const red = new vision.Image(Uint8Array.of(255, 0, 0), 1, 1);
 * const bytes = await vision.encodeImage(red, { format: "png" });
 * assertEquals((await vision.decodeImage(bytes)).data, red.data);
 * ```
 */
export async function encodeImage(
  image: Image,
  options: EncodeOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { format = "png", quality = 75, palette } = checkOptionNames(
    "encodeImage",
    options,
    ENCODE_OPTIONS,
  );
  checkFormat(format);
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new RangeError(
      `Cannot encode ${image} with quality ${quality}: expected an integer ` +
        `from 1 to 100`,
    );
  }
  if (palette !== undefined) checkPalette(palette, image, format);
  return await ENCODERS[format](image, options);
}

function checkPalette(
  palette: readonly PaletteColour[],
  image: Image,
  format: ImageFormat,
): void {
  if (format !== "png" || image.channels !== 1) {
    throw new TypeError(
      `Cannot encode ${image} as ${format} with a palette: expected one ` +
        `channel, as png`,
    );
  }
  const count = Array.isArray(palette) ? palette.length : 0;
  if (count < 1 || count > 256) {
    throw new TypeError(
      `Cannot use a palette of ${count} colours: expected a list of 1 to 256`,
    );
  }
  const wrong = palette.findIndex((colour) => !isColour(colour));
  if (wrong !== -1) {
    throw new RangeError(
      `Cannot use ${JSON.stringify(palette[wrong])} as colour ${wrong} of a ` +
        `palette: expected three or four integers from 0 to 255`,
    );
  }
  const most = image.data.reduce((a, b) => Math.max(a, b));
  if (most < count) return;
  throw new RangeError(
    `Cannot encode ${image} with a palette of ${count} colours: it has ` +
      `index ${most}`,
  );
}

function isColour(colour: unknown): boolean {
  return Array.isArray(colour) &&
    (colour.length === 3 || colour.length === 4) &&
    colour.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
}

/** @throws {TypeError} If there is no such format */
export function checkFormat(format: ImageFormat): void {
  if (Object.hasOwn(ENCODERS, format)) return;
  throw new TypeError(
    `Cannot encode an image as ${JSON.stringify(format)}: expected ` +
      formatChoices(Object.keys(ENCODERS)),
  );
}

async function encodeJpeg(
  image: Image,
  { quality = 75 }: EncodeOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (image.channels === 4) {
    throw new TypeError(
      `Cannot encode ${image} as JPEG: it has no opacity, ` +
        `convertImage(image, "rgb") drops it`,
    );
  }
  const { encode } = await import("./codecs/mozjpeg.js");
  const bytes = await encode(convertImage(image, "rgba"), {
    quality,
    baseline: true,
    progressive: false,
    ["color_space"]: image.channels === 1 ? 1 : 3,
    ["quant_table"]: 0,
    ["auto_subsample"]: false,
    ["chroma_subsample"]: 2,
  });
  return new Uint8Array(bytes);
}
