/**
 * lodepng, compiled to WebAssembly: PNG files to RGBA of eight bits.
 *
 * The C functions work on the module's own memory; each thread keeps one instance
 * for all files. Pointers and sizes count bytes. png_decoder.ts explains errors.
 *
 * @module
 */

/** Exports of the module; lodepng's functions return 0, or an error number. */
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

/** lodepng's error number for a lack of memory. */
export const NO_MEMORY = 83;

/** Bytes that a module may keep between files; its memory never shrinks. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Bytes, or an error number of lodepng. */
type BytesOrError = Uint8Array<ArrayBuffer> | number;

/** A compiled lodepng. */
export class LodePng {
  readonly #module: WebAssembly.Module;
  #exports: Exports | undefined;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** Decodes a file, the concatenation of `parts`, to RGBA of `pixels` pixels. */
  decode(parts: readonly Uint8Array[], pixels: number): BytesOrError {
    const lode = this.#exports ?? start(this.#module);
    this.#exports = undefined; // kept only after a success
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
  // the package's version is fixed, and with it the exports
  const lode = exports as unknown as Exports;
  lode._initialize();
  return lode;
}
