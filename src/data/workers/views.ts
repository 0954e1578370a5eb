/**
 * Typed arrays between threads, as a buffer with an offset and a length.
 *
 * NOTE [views]: Deno's node:worker_threads visit every element of a posted
 * typed array, at some 150 ns each (47 MB take 7 s), but not those of a buffer.
 * So messages hold buffers, never typed arrays.
 *
 * @module
 */

/** The name of a class of views. */
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

/** A view as plain data. */
export interface PortableView {
  readonly type: ViewType;
  readonly buffer: ArrayBufferLike;
  /** In bytes. */
  readonly offset: number;
  /** In elements; of a DataView, in bytes. */
  readonly length: number;
}

/** Describes a view of its whole buffer, without a copy. */
export function describeView(view: ArrayBufferView): PortableView {
  const { buffer, byteOffset: offset } = view;
  for (const type of Object.keys(VIEWS) as ViewType[]) { // the table's own keys
    if (view instanceof VIEWS[type]) {
      const { byteLength } = view;
      const bytes = Reflect.get(view, "BYTES_PER_ELEMENT") ?? 1;
      return { type, buffer, offset, length: byteLength / bytes };
    }
  }
  throw new TypeError(
    `Cannot send a ${view.constructor.name}: its class is unknown`,
  );
}

/** Describes a view of a copy of its elements; shared memory stays shared. */
export function copyView(view: ArrayBufferView): PortableView {
  const whole = describeView(view);
  const { buffer, offset } = whole;
  if (buffer instanceof SharedArrayBuffer) return whole;
  const part = buffer.slice(offset, offset + view.byteLength);
  return { ...whole, buffer: part, offset: 0 };
}

/** Makes the view again. */
export function makeView(
  { type, buffer, offset, length }: PortableView,
): ArrayBufferView {
  return new VIEWS[type](buffer, offset, length);
}

/** Whether two views have the same class and the same bits. */
export function sameView(a: PortableView, b: PortableView): boolean {
  if (a.type !== b.type || a.length !== b.length) return false;
  if (a.buffer === b.buffer && a.offset === b.offset) return true;
  const isShared = [a, b].some(({ buffer }) =>
    buffer instanceof SharedArrayBuffer
  );
  if (isShared) return false; // other memory can change later
  const [x, y] = [makeView(a), makeView(b)];
  const { byteLength } = x;
  // by words if they are aligned, which is four times as fast
  const isAligned = a.offset % 4 === 0 && b.offset % 4 === 0;
  const words = isAligned ? Math.floor(byteLength / 4) : 0;
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
