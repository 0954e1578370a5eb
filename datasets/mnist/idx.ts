/**
 * The idx format of MNIST and its kin: a header of big-endian 32-bit words
 * (a magic number, then the size of each dimension) and bytes in row-major
 * order, the whole of it compressed with gzip.
 *
 * The bytes land in shared memory, so that workers read the one copy. A file is
 * believed nothing: neither its kind nor its sizes.
 *
 * @module
 */

/** A file's dimensions and its bytes. */
export interface Idx {
  /** The size of each dimension, from the header. */
  readonly shape: readonly number[];
  /** The bytes, in shared memory. */
  readonly data: Uint8Array<SharedArrayBuffer>;
}

/** The magic numbers of unsigned bytes: 0x0800 + dimensions. */
const KINDS: Readonly<Record<number, string>> = {
  2049: "a label file",
  2051: "an image file",
};

/** gzip makes nothing smaller than this, so a larger promise is a lie. */
const LARGEST_RATIO = 1032;

/**
 * Reads the gzip-compressed idx file of bytes with `rank` dimensions.
 *
 * @param name The file's name, for errors
 * @throws {SyntaxError} If it is not one, or ends before or after its sizes say
 */
export async function parseIdx(
  name: string,
  gzipped: Uint8Array<ArrayBuffer>,
  rank: number,
): Promise<Idx> {
  const header = new Uint8Array(4 * (1 + rank));
  let shape: number[] | undefined;
  let data = new Uint8Array(new SharedArrayBuffer(0));
  let read = 0; // bytes of header and data
  for await (let chunk of gunzip(name, gzipped)) {
    if (shape === undefined) {
      const part = chunk.subarray(0, header.length - read);
      header.set(part, read);
      read += part.length;
      chunk = chunk.subarray(part.length);
      if (read < header.length) continue;
      shape = parseHeader(name, header, rank);
      data = allocate(name, shape, gzipped.length);
    }
    const at = read - header.length;
    read += chunk.length;
    if (at + chunk.length > data.length) {
      throw new SyntaxError(
        `Cannot read "${name}": expected ${data.length} bytes after the ` +
          `header, as its sizes [${shape.join(", ")}] say, got more`,
      );
    }
    data.set(chunk, at);
  }
  if (shape === undefined) {
    throw new SyntaxError(
      `Cannot read "${name}": expected a header of ${header.length} bytes, ` +
        `got ${read}`,
    );
  }
  if (read - header.length < data.length) {
    throw new SyntaxError(
      `Cannot read "${name}": it ends after ${read - header.length} of the ` +
        `${data.length} bytes that its sizes [${shape.join(", ")}] say`,
    );
  }
  return { shape, data };
}

async function* gunzip(
  name: string,
  gzipped: Uint8Array<ArrayBuffer>,
): AsyncIterable<Uint8Array<ArrayBuffer>> {
  const stream = ReadableStream.from(pieces(gzipped));
  try {
    yield* stream.pipeThrough(new DecompressionStream("gzip"));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new SyntaxError(
      `Cannot read "${name}": not a whole gzip file (${cause.message})`,
      { cause },
    );
  }
}

/** Pieces that keep memory low; a Blob's stream of 64 KiB takes twice as long. */
function* pieces(
  bytes: Uint8Array<ArrayBuffer>,
): Iterable<Uint8Array<ArrayBuffer>> {
  const size = 1 << 18;
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

function parseHeader(name: string, header: Uint8Array, rank: number): number[] {
  const words = new DataView(header.buffer, header.byteOffset);
  const magic = words.getUint32(0);
  const expected = 0x0800 + rank;
  if (magic !== expected) {
    const kind = KINDS[magic];
    throw new SyntaxError(
      `Cannot read "${name}": expected magic ${expected}, got ${magic}` +
        (kind === undefined ? "" : ` (is this ${kind}?)`),
    );
  }
  return Array.from({ length: rank }, (_, dim) => words.getUint32(4 + 4 * dim));
}

function allocate(
  name: string,
  shape: readonly number[],
  gzippedBytes: number,
): Uint8Array<SharedArrayBuffer> {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size > gzippedBytes * LARGEST_RATIO) {
    throw new SyntaxError(
      `Cannot read "${name}": its sizes [${shape.join(", ")}] say ${size} ` +
        `bytes, more than a file of ${gzippedBytes} bytes can hold`,
    );
  }
  return new Uint8Array(new SharedArrayBuffer(size));
}
