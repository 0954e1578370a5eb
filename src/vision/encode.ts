/**
 * Encoding of images as JPEG and PNG files.
 *
 * The first image of a format loads its encoder. That of JPEG is WebAssembly from
 * an npm package and needs no permission.
 *
 * @module
 */

import { checkOptionNames, formatChoices } from "../tensor/arguments.ts";
import type { Image, PaletteColour } from "./image.ts";
import { convertImage } from "./image_mode.ts";

/** File formats of images. */
export type ImageFormat = "jpeg" | "png";

/** Options of encoding. */
export interface EncodeOptions {
  /** File format. Default: "png". */
  readonly format?: ImageFormat;
  /** Quality of JPEG, from 1 to 100. Default: 75, as in PIL. */
  readonly quality?: number;
  /**
   * At most 256 colours for PNG, whose indices the bytes of one channel are: the
   * classes of a mask, for `VOC_PALETTE`. Mode "unchanged"
   * reads the indices back, other modes the colours. By default one channel is
   * written as grey.
   */
  readonly palette?: readonly PaletteColour[] | undefined;
}

/** Names of the options of `encodeImage`. */
export const ENCODE_OPTIONS = ["format", "quality", "palette"];

/** Encoder of a format; it reads the options that the format has. */
type Encoder = (
  image: Image,
  options: EncodeOptions,
) => Promise<Uint8Array<ArrayBuffer>>;

const ENCODERS: Readonly<Record<ImageFormat, Encoder>> = {
  jpeg: encodeJpeg,
  async png(image, { palette }) {
    const { encodePng } = await import("./codecs/png_writer.ts");
    return await encodePng(image, palette);
  },
};

/**
 * Returns the bytes of a file with the image.
 *
 * PNG holds the image exactly: one channel as grey or as indices of a palette,
 * three as RGB, four as RGBA, each of eight bits. JPEG is baseline, with colour
 * at half resolution and the standard's tables, as PIL writes it.
 *
 * Source: PIL.Image.save.
 *
 * @throws {TypeError} If the format is unknown, JPEG gets opacity or a palette, or
 * an image of several channels gets a palette
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
    `Cannot encode ${image} with a palette of ${count} colours: the image ` +
      `has index ${most}`,
  );
}

function isColour(colour: unknown): boolean {
  return Array.isArray(colour) &&
    (colour.length === 3 || colour.length === 4) &&
    colour.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
}

/** @throws {TypeError} If the format is unknown */
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
      `Cannot encode ${image} as JPEG: JPEG has no opacity, ` +
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
