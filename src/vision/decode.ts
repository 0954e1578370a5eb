/**
 * Decoding of JPEG and PNG files. The first bytes tell the format, not the name.
 *
 * The decoders are WebAssembly from npm packages and need no permission. The
 * first image of a format loads its decoder.
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

/** Options of decoding. */
export interface DecodeOptions {
  /**
   * The channels of the result. Default: "rgb". "unchanged" keeps those of the
   * file: indices of a palette (a mask's classes) stay numbers in one channel.
   * Grey with opacity becomes RGBA, and CMYK becomes RGB.
   */
  readonly mode?: ImageMode;
  /**
   * Largest number of pixels, so that a small file does not fill the memory.
   * Default: 178,956,970, as in PIL. A malicious PNG file may still take 1,032
   * times its own bytes during unpacking, up to 4 GiB. So also limit the size of
   * files that you do not trust.
   */
  readonly maxPixels?: number;
  /**
   * Whether to turn a photo by the EXIF orientation. Default: false, as in
   * torchvision and PIL.
   */
  readonly applyExifOrientation?: boolean;
}

/**
 * Options of decoding all 16 bits of grey PNG files, which often hold depths or
 * instances. The result is an int32 array [1, H, W] of 0 to 65,535.
 */
export interface Gray16Options extends Omit<DecodeOptions, "mode"> {
  /** Selects 16-bit grey. */
  readonly mode: "gray16";
}

type AnyOptions = DecodeOptions | Gray16Options;

/** The limit above which PIL refuses images, twice that of its warning. */
const MAX_PIXELS = 178_956_970;

/** File format, with its recognition and its decoder. */
interface Format {
  readonly name: string;
  /** First bytes of every file. */
  readonly signature: readonly number[];
  /** Ends of file names, for files shorter than the signatures. */
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

/** Other formats, by the first characters of a file. */
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
 * Loads all decoders, so that synchronous functions can decode images: in the
 * method `get` of a dataset that workers use, for instance.
 */
export async function loadCodecs(): Promise<void> {
  await Promise.all(FORMATS.map(loaded));
}

async function loaded(format: Format): Promise<Decoder> {
  return format.decoder ??= await format.load();
}

/**
 * Decodes the bytes of a JPEG or PNG file.
 *
 * Pixels equal PIL's, which uses the same libjpeg-turbo: chroma is interpolated,
 * mode "rgb" drops opacity, and CMYK is converted without a colour profile. Of
 * PNG's 16 bits the upper eight stay. Mode "gray16" keeps all of them, in an
 * int32 array [1, H, W].
 *
 * Source: PIL.Image.open(…).convert("RGB"), torchvision's default_loader.
 *
 * @throws {SyntaxError} If the bytes are of another format, cut short or
 * corrupt
 * @throws {RangeError} If the image has more pixels than `maxPixels`
 * @throws {TypeError} If the mode is unknown
 */
export function decodeImage(
  bytes: Uint8Array,
  options: Gray16Options,
): Promise<HostArray>;
/** Decodes the bytes of a JPEG or PNG file. */
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
 * Decodes the bytes of a file synchronously, after `loadCodecs`.
 *
 * @throws {Error} If the decoder is not loaded yet
 */
export function decodeImageSync(
  bytes: Uint8Array,
  options: Gray16Options,
): HostArray;
/** Decodes the bytes of a file synchronously, after `loadCodecs`. */
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
 * Reads an image from a file, as `decodeImage` decodes it. Errors name the file.
 *
 * @throws {Deno.errors.NotFound} If the file does not exist
 * @throws {Deno.errors.IsADirectory} If the path is a folder
 * @throws {SyntaxError} If the file is of another format, cut short or corrupt
 * @throws {RangeError} If the image has more pixels than `maxPixels`
 * @throws {TypeError} If the mode is unknown
 */
export function readImage(
  path: string | URL,
  options: Gray16Options,
): Promise<HostArray>;
/** Reads an image from a file, as `decodeImage` decodes it. */
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
 * Reads an image synchronously, after `loadCodecs`. In a worker, where nothing
 * else waits, this is faster for small files: an awaited read of 1 KB takes four
 * times as long.
 *
 * @throws {Error} If the decoder is not loaded yet
 */
export function readImageSync(
  path: string | URL,
  options: Gray16Options,
): HostArray;
/** Reads an image synchronously, after `loadCodecs`. */
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

/** Buffer for a file during decoding, larger than most photos. */
let buffer: Uint8Array<ArrayBuffer> | undefined;
const BUFFER_BYTES = 2 ** 20;

/**
 * Returns the bytes of a file, valid until the next call. With a buffer that
 * exists already, a photo takes 5 µs, with Deno.readFileSync 19 µs.
 */
function readBytes(path: string | URL): Uint8Array {
  let room = buffer ??= new Uint8Array(BUFFER_BYTES);
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

/** Bytes of a file, the beginning of messages, and the name if known. */
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
    `Cannot decode an image with maxPixels ${maxPixels}: expected a number ` +
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
    ? possible.find(({ suffixes }) => suffixes.test(name)) // too few bytes to decide
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

/** Returns an error of the file system with the file's name in its message. */
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
