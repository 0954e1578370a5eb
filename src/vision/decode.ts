/**
 * Image files to images: JPEG and PNG, known by their first bytes, never by
 * their names.
 *
 * The decoders are WebAssembly from npm packages, loaded when the first image
 * of their format comes; they need no permission. A program that touches no
 * image loads none.
 *
 * @module
 */

import { checkOptionNames } from "../tensor/arguments.ts";
import type { HostArray } from "../tensor/host_array.ts";
import type { Decoder } from "./codecs/decoder.ts";
import { cutShort } from "./codecs/decoder.ts";
import { orientationOf } from "./codecs/jpeg_segments.ts";
import { PNG_SIGNATURE } from "./codecs/png_chunks.ts";
import type { Image } from "./image.ts";
import { checkMode, type ImageMode } from "./image_mode.ts";
import { orientImage } from "./orientation.ts";

/** How an image is decoded. */
export interface DecodeOptions {
  /**
   * The channels that are wanted, "rgb" by default. "unchanged" keeps those of
   * the file: indices of a palette (a mask's classes) stay numbers in one
   * channel, grey with opacity becomes RGBA, CMYK becomes RGB.
   */
  readonly mode?: ImageMode;
  /**
   * The most pixels that are decoded, so that a small file does not fill the
   * memory; 178,956,970 by default, as in PIL. A PNG file that is made to do
   * harm may still take 1,032 times its own bytes while it is unpacked, up to
   * 4 GiB: of strangers' files, bound the size too.
   */
  readonly maxPixels?: number;
  /**
   * Whether a photo is turned as EXIF says the camera was held. False by
   * default, as in torchvision and PIL.
   */
  readonly applyExifOrientation?: boolean;
}

/**
 * Asks for all 16 bits of grey PNG files, as depths and numbers of instances are
 * kept: an int32 array [1, H, W] of 0 to 65,535.
 */
export interface Gray16Options extends Omit<DecodeOptions, "mode"> {
  /** In place of channels. */
  readonly mode: "gray16";
}

type AnyOptions = DecodeOptions | Gray16Options;

/** What PIL refuses: twice what it warns about. */
const MAX_PIXELS = 178_956_970;

/** A format of files: how it is known, and what decodes it. */
interface Format {
  readonly name: string;
  /** The first bytes of every file. */
  readonly signature: readonly number[];
  /** Ends of file names, for files too short to be known. */
  readonly suffixes: RegExp;
  readonly load: () => Promise<Decoder>;
  decoder?: Decoder;
}

const FORMATS: readonly Format[] = [
  {
    name: "JPEG",
    signature: [0xff, 0xd8, 0xff],
    suffixes: /\.jpe?g$/i,
    async load() {
      const [{ JpegDecoder }, { default: module }] = await Promise.all([
        import("./codecs/jpeg_decoder.ts"),
        import("./codecs/turbo_module.js"),
      ]);
      return new JpegDecoder(module);
    },
  },
  {
    name: "PNG",
    signature: PNG_SIGNATURE,
    suffixes: /\.png$/i,
    async load() {
      const [{ PngDecoder }, { default: module }] = await Promise.all([
        import("./codecs/png_decoder.ts"),
        import("./codecs/lodepng_module.js"),
      ]);
      return new PngDecoder(module);
    },
  },
];

/** What else a file might be, by its first characters. */
const STRANGERS: readonly [RegExp, string][] = [
  [/^GIF8/, "a GIF file"],
  [/^RIFF[^]{4}WEBP/, "a WebP file"],
  [/^BM/, "a BMP file"],
  [/^(II\*\0|MM\0\*)/, "a TIFF file"],
  [/^[^]{4}ftyp(avif|heic|mif1)/, "an AVIF or HEIC file"],
  [/^\s*<(!doctype|html)/i, "a web page"],
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS"],
];

/**
 * Loads all decoders, so that images can be decoded synchronously from here on:
 * in the method `get` of a dataset that workers use, for instance.
 */
export async function loadCodecs(): Promise<void> {
  await Promise.all(FORMATS.map(loaded));
}

async function loaded(format: Format): Promise<Decoder> {
  return format.decoder ??= await format.load();
}

/**
 * The image in a JPEG or PNG file's bytes.
 *
 * Pixels equal PIL's (which uses the same libjpeg-turbo): chroma is
 * interpolated, opacity dropped in mode "rgb", and CMYK converted without a
 * colour profile. Of PNG's 16 bits the upper eight stay, except in mode
 * "gray16", which gives an int32 array [1, H, W] of grey values up to 65,535.
 *
 * Source: PIL.Image.open(…).convert("RGB"), torchvision's default_loader.
 *
 * @throws {SyntaxError} If the bytes are of another format, cut short or
 * corrupt
 * @throws {RangeError} If it has more pixels than `maxPixels`
 * @throws {TypeError} If there is no such mode
 */
export function decodeImage(
  bytes: Uint8Array,
  options: Gray16Options,
): Promise<HostArray>;
/** The image in a JPEG or PNG file's bytes. */
export function decodeImage(
  bytes: Uint8Array,
  options?: DecodeOptions,
): Promise<Image>;
export async function decodeImage(
  bytes: Uint8Array,
  options: AnyOptions = {},
): Promise<Image | HostArray> {
  const file = { bytes, what: "Cannot decode an image" };
  checkOptions(options);
  await loaded(formatOf(file));
  return decodeFile(file, options);
}

/**
 * The same at once, after `loadCodecs`.
 *
 * @throws {Error} If the decoder is not loaded yet
 */
export function decodeImageSync(
  bytes: Uint8Array,
  options: Gray16Options,
): HostArray;
/** The same at once, after `loadCodecs`. */
export function decodeImageSync(
  bytes: Uint8Array,
  options?: DecodeOptions,
): Image;
export function decodeImageSync(
  bytes: Uint8Array,
  options: AnyOptions = {},
): Image | HostArray {
  checkOptions(options);
  return decodeFile({ bytes, what: "Cannot decode an image" }, options);
}

/**
 * The image in a file, as `decodeImage` gives it. Errors name the file.
 *
 * @throws {Deno.errors.NotFound} If there is no such file
 * @throws {Deno.errors.IsADirectory} If it is a folder
 * @throws {SyntaxError} If the file is of another format, cut short or corrupt
 * @throws {RangeError} If it has more pixels than `maxPixels`
 * @throws {TypeError} If there is no such mode
 */
export function readImage(
  path: string | URL,
  options: Gray16Options,
): Promise<HostArray>;
/** The image in a file, as `decodeImage` gives it. */
export function readImage(
  path: string | URL,
  options?: DecodeOptions,
): Promise<Image>;
export async function readImage(
  path: string | URL,
  options: AnyOptions = {},
): Promise<Image | HostArray> {
  checkOptions(options);
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  const file = { bytes, what: `Cannot read "${path}"`, name: String(path) };
  await loaded(formatOf(file));
  return decodeFile(file, options);
}

/**
 * The same at once, after `loadCodecs`. For small files in a worker it is the
 * faster way: nothing else waits there, and an awaited read of 1 KB takes four
 * times as long.
 *
 * @throws {Error} If the decoder is not loaded yet
 */
export function readImageSync(
  path: string | URL,
  options: Gray16Options,
): HostArray;
/** The same at once, after `loadCodecs`. */
export function readImageSync(
  path: string | URL,
  options?: DecodeOptions,
): Image;
export function readImageSync(
  path: string | URL,
  options: AnyOptions = {},
): Image | HostArray {
  checkOptions(options);
  let bytes: Uint8Array;
  try {
    bytes = readBytes(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  return decodeFile(
    { bytes, what: `Cannot read "${path}"`, name: String(path) },
    options,
  );
}

/** Room for the file that is being decoded; photos are mostly smaller. */
let shelf: Uint8Array<ArrayBuffer> | undefined;
const SHELF = 2 ** 20;

/**
 * The bytes of a file, good until the next call. With room that is there already
 * a photo is read in 5 µs, by Deno.readFileSync in 19.
 */
function readBytes(path: string | URL): Uint8Array {
  let room = shelf ??= new Uint8Array(SHELF);
  using file = Deno.openSync(path);
  for (let length = 0;;) {
    const count = file.readSync(room.subarray(length));
    if (count === null) return room.subarray(0, length);
    length += count;
    if (length === room.length) {
      const more = new Uint8Array(2 * length);
      more.set(room);
      room = more;
    }
  }
}

/** Bytes, how a refusal of them begins, and the name they may have. */
interface ImageFile {
  readonly bytes: Uint8Array;
  readonly what: string;
  readonly name?: string;
}

function checkOptions(options: AnyOptions): void {
  const { mode = "rgb", maxPixels } = checkOptionNames(
    "an image's decoding",
    options,
    ["mode", "maxPixels", "applyExifOrientation"],
  );
  if (mode !== "gray16") checkMode(mode, ["gray16"]);
  if (maxPixels === undefined || maxPixels >= 0) return;
  throw new RangeError(
    `Cannot decode an image of maxPixels ${maxPixels}: expected a number ` +
      `of pixels`,
  );
}

function decodeFile(
  file: ImageFile,
  { mode = "rgb", maxPixels = MAX_PIXELS, applyExifOrientation }: AnyOptions,
): Image | HostArray {
  const { bytes, what } = file;
  const { decoder, name } = formatOf(file);
  if (!decoder) {
    throw new Error(
      `${what} yet: the ${name} decoder is not loaded, ` +
        `await vision.loadCodecs() first`,
    );
  }
  if (mode === "gray16") {
    if (decoder.decodeGray16) {
      return decoder.decodeGray16(bytes, { maxPixels, what });
    }
    throw new SyntaxError(
      `${what}: expected PNG data of 16-bit grey, got ${name} data`,
    );
  }
  const image = decoder.decode(bytes, { mode, maxPixels, what });
  return applyExifOrientation && name === "JPEG"
    ? orientImage(image, orientationOf(bytes))
    : image;
}

function formatOf(file: ImageFile): Format {
  const { bytes, what, name = "" } = file;
  const possible = FORMATS.filter(({ signature }) =>
    signature.every((byte, i) => i >= bytes.length || byte === bytes[i])
  );
  const format = possible.length > 1
    ? possible.find(({ suffixes }) => suffixes.test(name)) // no byte decides
    : possible[0];
  if (!format) throw unknown(what, bytes);
  if (bytes.length < format.signature.length) {
    throw cutShort(format.name, bytes, what);
  }
  return format;
}

function unknown(what: string, bytes: Uint8Array): SyntaxError {
  const start = bytes.subarray(0, 64);
  const text = new TextDecoder("latin1").decode(start);
  const stranger = STRANGERS.find(([pattern]) => pattern.test(text))?.[1];
  const shown = [...start.subarray(0, 8)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const got = stranger ?? (shown ? `bytes ${shown} …` : "0 bytes");
  const formats = FORMATS.map(({ name }) => name).join(" or ");
  return new SyntaxError(`${what}: expected ${formats} data, got ${got}`);
}

/** An error of the file system, with the file's name in front. */
function unreadable(path: string | URL, error: unknown): unknown {
  if (error instanceof Deno.errors.NotFound) {
    const message = `Cannot read "${path}": there is no such file`;
    return new Deno.errors.NotFound(message, { cause: error });
  }
  if (error instanceof Deno.errors.IsADirectory) {
    const message = `Cannot read "${path}": expected an image file, ` +
      `got a folder`;
    return new Deno.errors.IsADirectory(message, { cause: error });
  }
  return error;
}
