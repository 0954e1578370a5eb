/**
 * Typed arrays on their way between threads: the buffer, and what is seen of it.
 *
 * NOTE [views]: Deno's node:worker_threads look at every element of a typed
 * array that is posted, at some 150 ns each (47 MB take 7 s), but not into a
 * buffer. So no message holds a typed array.
 *
 * @module
 */

/** The name of a type of views. */
export type ViewType =
  | "Int8Array"
  | "Uint8Array"
  | "Uint8ClampedArray"
  | "Int16Array"
  | "Uint16Array"
  | "Int32Array"
  | "Uint32Array"
  | "BigInt64Array"
  | "BigUint64Array"
  | "Float16Array"
  | "Float32Array"
  | "Float64Array"
  | "DataView";

interface ViewConstructor {
  new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ): ArrayBufferView;
}

const VIEWS: Readonly<Record<ViewType, ViewConstructor>> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
  Float32Array,
  Float64Array,
  DataView,
};

/** A view, taken apart. */
export interface PortableView {
  readonly type: ViewType;
  readonly buffer: ArrayBufferLike;
  /** In bytes. */
  readonly offset: number;
  /** In elements; of a DataView, in bytes. */
  readonly length: number;
}

/** Takes a view apart; its buffer stays whole. */
export function takeApart(view: ArrayBufferView): PortableView {
  const { buffer, byteOffset: offset } = view;
  for (const type of Object.keys(VIEWS) as ViewType[]) { // the table's own keys
    if (view instanceof VIEWS[type]) {
      const { byteLength } = view;
      const bytes = Reflect.get(view, "BYTES_PER_ELEMENT") ?? 1;
      return { type, buffer, offset, length: byteLength / bytes };
    }
  }
  throw new TypeError("Cannot send a view of a type that is not known");
}

/** As `takeApart`, but memory that is not shared is cut to what is seen of it. */
export function cutOut(view: ArrayBufferView): PortableView {
  const whole = takeApart(view);
  const { buffer, offset } = whole;
  if (buffer instanceof SharedArrayBuffer) return whole;
  const part = buffer.slice(offset, offset + view.byteLength);
  return { ...whole, buffer: part, offset: 0 };
}

/** The view again. */
export function putTogether(
  { type, buffer, offset, length }: PortableView,
): ArrayBufferView {
  return new VIEWS[type](buffer, offset, length);
}

/** Whether two views see elements of one type with the same bits. */
export function sameView(a: PortableView, b: PortableView): boolean {
  if (a.type !== b.type || a.length !== b.length) return false;
  if (a.buffer === b.buffer && a.offset === b.offset) return true;
  const isShared = [a, b].some(({ buffer }) =>
    buffer instanceof SharedArrayBuffer
  );
  if (isShared) return false; // of other memory, which changes later
  const [x, y] = [putTogether(a), putTogether(b)];
  const { byteLength } = x;
  // by words where they lie so, which is four times as fast
  const isEven = a.offset % 4 === 0 && b.offset % 4 === 0;
  const words = isEven ? Math.floor(byteLength / 4) : 0;
  return sameElements(wordsOf(x, words), wordsOf(y, words)) &&
    sameElements(bytesFrom(x, 4 * words), bytesFrom(y, 4 * words));
}

function wordsOf(
  { buffer, byteOffset }: ArrayBufferView,
  count: number,
): Uint32Array {
  return count === 0 ? new Uint32Array() : new Uint32Array(
    buffer,
    byteOffset,
    count,
  );
}

function bytesFrom(
  { buffer, byteOffset, byteLength }: ArrayBufferView,
  start: number,
): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, byteLength - start);
}

function sameElements<A extends Uint32Array | Uint8Array>(a: A, b: A): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
