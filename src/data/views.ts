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
