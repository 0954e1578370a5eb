/**
 * idx files for tests, made in memory.
 *
 * @module
 */

/** An idx file: magic number, sizes, bytes. */
export function idx(
  magic: number,
  shape: readonly number[],
  bytes: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(4 * (1 + shape.length) + bytes.length);
  const words = new DataView(file.buffer);
  [magic, ...shape].forEach((word, i) => words.setUint32(4 * i, word));
  file.set(bytes, 4 * (1 + shape.length));
  return file;
}

/** `bytes`, compressed. */
export function gzip(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream();
  return new Response(stream.pipeThrough(new CompressionStream("gzip")))
    .bytes();
}
