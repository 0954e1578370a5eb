/**
 * Decoding of JPEG files by libjpeg-turbo, compiled to WebAssembly: baseline and
 * progressive, grey, colour, CMYK and YCCK, in every sampling that libjpeg
 * reads. Arithmetic coding is not compiled in.
 *
 * The C functions are TurboJPEG's and work on the module's own memory. Each thread
 * keeps one instance, with its buffers, for all files. Pointers and sizes count
 * bytes.
 *
 * @module
 */

import { Image } from "../image.ts";
import { convertImage } from "../image_mode.ts";
import {
  checkPixels,
  cutShort,
  type Decoder,
  type DecodeRequest,
} from "./decoder.ts";
import { codingOf, isWholeJpeg, scanFault } from "./jpeg_segments.ts";

/** Exports of the module; TurboJPEG's functions return 0, or -1 on failure. */
interface TurboJpeg {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(pointer: number): void;
  tjInitDecompress(): number;
  tjDestroy(handle: number): number;
  tjDecompressHeader3(
    handle: number,
    jpeg: number,
    size: number,
    width: number,
    height: number,
    subsampling: number,
    colourSpace: number,
  ): number;
  tjDecompress2(
    handle: number,
    jpeg: number,
    size: number,
    pixels: number,
    width: number,
    pitch: number,
    height: number,
    format: number,
    flags: number,
  ): number;
}

/** TurboJPEG's pixel formats, and the bytes of a pixel. */
const FORMATS = {
  rgb: { id: 0, bytes: 3 },
  gray: { id: 6, bytes: 1 },
  cmyk: { id: 11, bytes: 4 },
} as const;

/** Decoded format of each of TurboJPEG's colour spaces. */
const COLOUR_SPACES = [
  FORMATS.rgb, // RGB
  FORMATS.rgb, // YCbCr
  FORMATS.gray,
  FORMATS.cmyk,
  FORMATS.cmyk, // YCCK
] as const;

/** Bytes that buffers may keep between files; larger ones are released. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Thrown through the module where libjpeg would end the program. */
class Jump extends Error {}

/** libjpeg-turbo in its own memory. */
interface Machine {
  readonly turbo: TurboJpeg;
  /** Address of four integers, the results of reading a header. */
  readonly header: number;
  readonly input: Buffer;
  readonly output: Buffer;
}

/** Buffer in the module's memory that grows. */
class Buffer {
  readonly #turbo: TurboJpeg;
  #pointer = 0;
  #size = 0;

  constructor(turbo: TurboJpeg) {
    this.#turbo = turbo;
  }

  get size(): number {
    return this.#size;
  }

  /** Returns the address of at least `bytes` of memory, or 0 if it is full. */
  reserve(bytes: number): number {
    if (bytes <= this.#size) return this.#pointer;
    this.#turbo.free(this.#pointer);
    this.#pointer = this.#turbo.malloc(bytes);
    this.#size = this.#pointer === 0 ? 0 : bytes;
    return this.#pointer;
  }
}

/** Decodes JPEG files with a compiled libjpeg-turbo. */
export class JpegDecoder implements Decoder {
  readonly #module: WebAssembly.Module;
  #machine: Machine | undefined;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** Decodes a whole file. */
  decode(bytes: Uint8Array, request: DecodeRequest): Image {
    this.#machine ??= start(this.#module);
    let image: Image;
    try {
      image = decodeWith(this.#machine, bytes, request);
    } catch (error) {
      // a jump does not unwind the module's stack, so the module is discarded
      this.#machine = undefined;
      if (!(error instanceof Jump)) throw error;
      throw refusal(bytes, request);
    }
    const { input, output } = this.#machine;
    if (input.size + output.size > KEPT_BYTES) this.#machine = undefined;
    return convertImage(image, request.mode);
  }
}

/** Returns the error for data that libjpeg gave up. */
function refusal(bytes: Uint8Array, request: DecodeRequest): SyntaxError {
  if (!isWholeJpeg(bytes)) return cutShort("JPEG", bytes, request.what);
  const coding = codingOf(bytes);
  return new SyntaxError(
    coding === undefined
      ? `${request.what}: libjpeg-turbo cannot decode its ${bytes.length} bytes`
      : `${request.what}: expected baseline or progressive JPEG data, got ` +
        `${coding} coding`,
  );
}

function outOfMemory(): RangeError {
  return new RangeError("Cannot start libjpeg-turbo: out of memory");
}

function start(module: WebAssembly.Module): Machine {
  const none = () => 0;
  const jump = () => {
    throw new Jump();
  };
  const { exports } = new WebAssembly.Instance(module, {
    env: { setjmp: none, longjmp: jump },
    ["wasi_snapshot_preview1"]: {
      ["environ_sizes_get"]: none,
      ["environ_get"]: none,
      ["proc_exit"]: jump,
      ["fd_close"]: none,
      ["fd_seek"]: none,
      ["fd_write"]: none,
    },
  });
  // the package's version is fixed, and with it the exports
  const turbo = exports as unknown as TurboJpeg;
  const header = turbo.malloc(16);
  if (header === 0) throw outOfMemory();
  return {
    turbo,
    header,
    input: new Buffer(turbo),
    output: new Buffer(turbo),
  };
}

function decodeWith(
  { turbo, header, input, output }: Machine,
  bytes: Uint8Array,
  request: DecodeRequest,
): Image {
  // A handle keeps the tables of the previous file and would use them for a file
  // without tables. A new handle takes 0.3 µs.
  const handle = turbo.tjInitDecompress();
  if (handle === 0) throw outOfMemory();
  const size = bytes.length;
  const jpeg = reserve(input, size, request);
  new Uint8Array(turbo.memory.buffer, jpeg, size).set(bytes);
  // The call fails at samplings that TurboJPEG does not name but libjpeg reads. It
  // still writes the other results; -1 marks those that it did not write.
  new Int32Array(turbo.memory.buffer, header, 4).fill(-1);
  turbo.tjDecompressHeader3(
    handle,
    jpeg,
    size,
    header,
    header + 4,
    header + 8,
    header + 12,
  );
  const [width = 0, height = 0, _subsampling, colours = -1] = new Int32Array(
    turbo.memory.buffer,
    header,
    4,
  );
  const format = COLOUR_SPACES[colours];
  if (format === undefined) throw refusal(bytes, request);
  checkPixels(width, height, request);

  const pitch = width * format.bytes;
  const pixels = reserve(output, pitch * height, request);
  const warned = turbo.tjDecompress2(
    handle,
    jpeg,
    size,
    pixels,
    width,
    pitch,
    height,
    format.id,
    0,
  ) !== 0;
  // As in PIL, a warning of libjpeg (stray bytes, for instance) does not refuse the
  // data: many collections have such photos. Pixels that libjpeg makes up after
  // the end of a file do.
  if (warned && !isWholeJpeg(bytes)) {
    throw cutShort("JPEG", bytes, request.what);
  }
  const fault = scanFault(bytes);
  if (fault !== undefined) {
    throw new SyntaxError(`${request.what}: JPEG data is corrupt: ${fault}`);
  }
  turbo.tjDestroy(handle); // after an error the whole memory is released
  const { buffer } = turbo.memory;
  const length = pitch * height;
  if (format === FORMATS.cmyk) {
    const decoded = new Uint8Array(buffer, pixels, length);
    return new Image(rgbOfCmyk(decoded), width, height);
  }
  // a buffer's slice is not cleared first, unlike a new array
  const copy = new Uint8Array(buffer.slice(pixels, pixels + length));
  return new Image(copy, width, height, format.bytes);
}

function reserve(
  buffer: Buffer,
  bytes: number,
  { what }: DecodeRequest,
): number {
  const pointer = buffer.reserve(bytes);
  if (pointer !== 0) return pointer;
  throw new RangeError(`${what}: no memory for ${bytes} bytes`);
}

// As in Adobe's files, ink is inverted, 255 for none. A colour is ink * black / 255,
// rounded as PIL.Image.convert("RGB") does.
function rgbOfCmyk(cmyk: Uint8Array): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(cmyk.length / 4 * 3);
  let to = 0;
  for (let at = 0; at < cmyk.length; at += 4, to += 3) {
    const black = cmyk[at + 3]!;
    for (let i = 0; i < 3; i++) {
      const product = (255 - cmyk[at + i]!) * black + 128;
      rgb[to + i] = black - ((product + (product >> 8)) >> 8);
    }
  }
  return rgb;
}
