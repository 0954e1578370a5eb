/**
 * Images to the bytes of files: JPEG and PNG.
 *
 * The encoders are WebAssembly from npm packages, loaded when the first image
 * is encoded; they need no permission.
 *
 * @module
 */

import { checkOptionNames, formatChoices } from "../tensor/arguments.ts";
import type { Image } from "./image.ts";
import { convertImage } from "./image_mode.ts";

/** Formats that images are written in. */
export type ImageFormat = "jpeg" | "png";

/** How an image is encoded. */
export interface EncodeOptions {
  /** The format, "png" by default. */
  readonly format?: ImageFormat;
  /** Of JPEG, from 1 to 100, 75 by default, as in PIL. */
  readonly quality?: number;
}

/** Names of the options of `encodeImage`. */
export const ENCODE_OPTIONS = ["format", "quality"];

/** Encoders by their format. */
const ENCODERS: Readonly<
  Record<
    ImageFormat,
    (image: Image, quality: number) => Promise<Uint8Array<ArrayBuffer>>
  >
> = { jpeg: encodeJpeg, png: encodePng };

/**
 * The bytes of a file with the image.
 *
 * PNG holds it exactly, in the fewest channels and bits that do: an image of
 * greys becomes a grey file. JPEG is baseline, colour at half resolution, with
 * the standard's tables, as PIL writes it.
 *
 * Source: PIL.Image.save.
 *
 * @throws {TypeError} If there is no such format, or JPEG is asked to hold
 * opacity
 * @throws {RangeError} If `quality` is not an integer from 1 to 100
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
  const { format = "png", quality = 75 } = checkOptionNames(
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
  return await ENCODERS[format](image, quality);
}

/** @throws {TypeError} If there is no such format */
export function checkFormat(format: ImageFormat): void {
  if (Object.hasOwn(ENCODERS, format)) return;
  throw new TypeError(
    `Cannot encode an image as ${JSON.stringify(format)}: expected ` +
      formatChoices(Object.keys(ENCODERS)),
  );
}

async function encodePng(image: Image): Promise<Uint8Array<ArrayBuffer>> {
  const [{ PngCodec }, { default: module }] = await Promise.all([
    import("./codecs/png_codec.ts"),
    import("./codecs/lodepng_module.js"),
  ]);
  return new PngCodec(module).encode(image);
}

async function encodeJpeg(
  image: Image,
  quality: number,
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
