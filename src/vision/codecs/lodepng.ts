/**
 * lodepng, compiled to WebAssembly: PNG files to RGBA of eight bits.
 *
 * The C functions are called on memory of the module's own; one instance per
 * thread is kept from file to file. Pointers and sizes count bytes. What an
 * error means to a file is not known here.
 *
 * @module
 */

/** What the module exports; lodepng's functions give 0, or an error's number. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(bytes: number): number;
  free(pointer: number): void;
  "lodepng_decode32"(
    pixels: number,
    width: number,
    height: number,
    png: number,
    size: number,
  ): number;
}

/** lodepng's number for a lack of memory. */
export const NO_MEMORY = 83;

/** Memory that is kept between files; a module's never shrinks. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Bytes, or the number of lodepng's error. */
type BytesOrError = Uint8Array<ArrayBuffer> | number;

/** A compiled lodepng. */
export class LodePng {
  readonly #module: WebAssembly.Module;
  #exports: Exports | undefined;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** RGBA of a file put together from `parts`, of so many pixels. */
  decode(parts: readonly Uint8Array[], pixels: number): BytesOrError {
    const lode = this.#exports ?? start(this.#module);
    this.#exports = undefined; // until it is known to be as it was
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const input = lode.malloc(size);
    const answer = lode.malloc(12); // a pointer and two sizes
    if (input === 0 || answer === 0) return NO_MEMORY;
    let at = input;
    for (const part of parts) {
      new Uint8Array(lode.memory.buffer).set(part, at);
      at += part.length;
    }
    const error = lode.lodepng_decode32(
      answer,
      answer + 4,
      answer + 8,
      input,
      size,
    );
    if (error !== 0) return error;
    const { buffer } = lode.memory;
    const [pointer = 0] = new Uint32Array(buffer, answer, 1);
    const bytes = new Uint8Array(buffer, pointer, 4 * pixels).slice();
    for (const used of [input, answer, pointer]) lode.free(used);
    if (buffer.byteLength <= KEPT_BYTES) this.#exports = lode;
    return bytes;
  }
}

function start(module: WebAssembly.Module): Exports {
  const { exports } = new WebAssembly.Instance(module);
  // the package's version is fixed, and so are its exports
  const lode = exports as unknown as Exports;
  lode._initialize();
  return lode;
}
