/**
 * Comparing a result with what PyTorch gave, by the rules of the goldens'
 * README: shapes and types equal, elements within `atol + rtol * |want|` in
 * double precision, NaN equal to NaN, an infinity only to itself.
 *
 * @module
 */

import { type DType, isFloat } from "../../src/tensor/dtype.ts";
import type { HostArray } from "../../src/tensor/host_array.ts";
import { formatShape, sameShape, type Shape } from "../../src/tensor/shape.ts";

/** How close is close enough. */
export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
  /** The share of elements that may lie outside. */
  readonly maxBadFraction?: number;
}

/** Values to judge: with these indices where only some were stored. */
export interface Wanted {
  readonly values: HostArray;
  /** Flat indices into the result that `values` holds; all of it if missing. */
  readonly samples?: readonly number[];
  /** The result's shape where `values` is flat. */
  readonly shape?: Shape;
}

/**
 * What is wrong with `got`, in words, or `undefined` if nothing is: where it is
 * farthest off, by how much, and how many elements are.
 */
export function difference(
  what: string,
  got: HostArray,
  wanted: Wanted,
  tolerance: Tolerance,
): string | undefined {
  const { values, samples } = wanted;
  const shape = wanted.shape ?? values.shape;
  if (!sameShape(got.shape, shape)) {
    return `${what}: got shape ${formatShape(got.shape)}, ` +
      `want ${formatShape(shape)}`;
  }
  if (got.dtype !== values.dtype) {
    return `${what}: got type ${got.dtype}, want ${values.dtype}`;
  }
  const exact = !isFloat(values.dtype) && tolerance.atol === 0;
  const [atol, rtol] = exact ? [0, 0] : [tolerance.atol, tolerance.rtol];
  const count = values.data.length;
  let bad = 0;
  let worst = -1;
  let worstRatio = 0;
  for (let i = 0; i < count; i++) {
    const ratio = excess(
      got.data[samples ? samples[i]! : i]!,
      values.data[i]!,
      atol,
      rtol,
    );
    if (ratio <= 1) continue;
    bad++;
    if (ratio <= worstRatio) continue;
    worst = i;
    worstRatio = ratio;
  }
  if (bad <= (tolerance.maxBadFraction ?? 0) * count) return undefined;
  const at = samples ? samples[worst]! : worst;
  const [x, y] = [got.data[at]!, values.data[worst]!];
  const allowed = atol + rtol * Math.abs(y);
  return `${what}${formatIndex(at, shape)}: got ${x}, want ${y}, ` +
    `off by ${short(Math.abs(x - y))}, allowed ${short(allowed)} ` +
    `(${bad} of ${count} wrong)`;
}

/** How many times the allowed error the error is. */
function excess(got: number, want: number, atol: number, rtol: number): number {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  const error = Math.abs(got - want);
  if (!Number.isFinite(error)) return Infinity; // a NaN or an infinity in one
  const allowed = atol + rtol * Math.abs(want);
  return error <= allowed ? 0 : error / allowed;
}

/** What is wrong with a number, as `difference` says it. */
export function numberDifference(
  what: string,
  got: number,
  want: number,
  { atol, rtol }: Tolerance,
): string | undefined {
  if (excess(got, want, atol, rtol) <= 1) return undefined;
  return `${what}: got ${got}, want ${want}, off by ` +
    `${short(Math.abs(got - want))}, allowed ` +
    short(atol + rtol * Math.abs(want));
}

/** The type that a golden's name of a type comes out as here. */
export function ownDType(name: string): string {
  const ours: Readonly<Record<string, DType>> = {
    int64: "int32",
    float64: "float32",
  };
  return ours[name] ?? name;
}

/** The goldens' name of a type that has another in torch. */
export function goldenDType(dtype: DType): string {
  return dtype === "int32" ? "int64" : dtype;
}

/** The mean of a host array, summed in double precision. */
export function meanOf({ data }: HostArray): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  return sum / data.length;
}

function formatIndex(flat: number, shape: Shape): string {
  const index: number[] = [];
  for (const length of shape.toReversed()) {
    index.unshift(flat % length);
    flat = Math.floor(flat / length);
  }
  return formatShape(index);
}

function short(value: number): string {
  return Number.isFinite(value) ? String(+value.toPrecision(3)) : String(value);
}
