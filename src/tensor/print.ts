/**
 * Printing of values, in nested brackets as in PyTorch. Of large tensors, only
 * the edges are printed.
 *
 * Source: torch/_tensor_str.py (precision 4, 1000 elements, edges of 3).
 *
 * @module
 */

import { type DType, isFloat, type TypedArray } from "./dtype.ts";
import { formatShape, type Shape } from "./shape.ts";

/** Number of elements above which only edges are printed. */
const THRESHOLD = 1000;
const EDGE = 3;
const DIGITS = 4;
const LINE = 80;

/** Formats the values of a row-major tensor. */
export function formatValues(
  data: TypedArray,
  shape: Shape,
  dtype: DType,
): string {
  if (data.length === 0) return `tensor([], shape ${formatShape(shape)})`;
  const summarise = data.length > THRESHOLD;
  const format = formatOf(shown(data, shape, summarise), dtype);
  const body = lines(data, shape, 0, 0, "tensor(".length, summarise, format);
  const note = dtype === "float32" || dtype === "bool" || dtype === "int32"
    ? ""
    : `, ${dtype}`;
  return `tensor(${body}${note})`;
}

// Returns the indices of a dim to print; undefined stands for dots.
function indicesOf(length: number, summarise: boolean): (number | undefined)[] {
  if (!summarise || length <= 2 * EDGE) return [...Array(length).keys()];
  const first = [...Array(EDGE).keys()];
  return [...first, undefined, ...first.map((i) => length - EDGE + i)];
}

function shown(
  data: TypedArray,
  shape: Shape,
  summarise: boolean,
): number[] {
  if (!summarise) return [...data];
  let starts = [0];
  let size = data.length;
  for (const length of shape) {
    size /= length;
    const here = indicesOf(length, true).filter((i) => i !== undefined);
    starts = starts.flatMap((start) => here.map((i) => start + i * size));
  }
  return starts.map((at) => data[at]!);
}

/** Returns a formatter for all elements, with one width. */
function formatOf(
  values: readonly number[],
  dtype: DType,
): (value: number) => string {
  const write = writerOf(values, dtype);
  const width = Math.max(...values.map((value) => write(value).length));
  return (value) => write(value).padStart(width);
}

function writerOf(
  values: readonly number[],
  dtype: DType,
): (value: number) => string {
  if (dtype === "bool") return (value) => value === 0 ? "false" : "true";
  if (!isFloat(dtype)) return String;
  const special = (value: number): string =>
    Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const finite = values.filter(Number.isFinite);
  const sizes = finite.map(Math.abs).filter((size) => size > 0);
  const [largest, smallest] = [Math.max(...sizes), Math.min(...sizes)];
  const areWhole = finite.every(Number.isInteger);
  const exponents = sizes.length > 0 &&
    (areWhole
      ? largest >= 1e8
      : largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4);
  return (value) => {
    if (!Number.isFinite(value)) return special(value);
    if (exponents) return exponential(value);
    return areWhole ? `${value}.` : value.toFixed(DIGITS);
  };
}

// 1.0000e-05: the exponent has at least two digits
function exponential(value: number): string {
  const [mantissa, exponent] = value.toExponential(DIGITS).split("e");
  const digits = exponent!.slice(1).padStart(2, "0");
  return `${mantissa}e${exponent![0]}${digits}`;
}

function lines(
  data: TypedArray,
  shape: Shape,
  dim: number,
  start: number,
  indent: number,
  summarise: boolean,
  format: (value: number) => string,
): string {
  if (dim === shape.length) return format(data[start]!).trim();
  const size = shape.slice(dim + 1).reduce((product, n) => product * n, 1);
  const here = indicesOf(shape[dim]!, summarise);
  if (dim < shape.length - 1) {
    const parts = here.map((i) =>
      i === undefined ? "..." : lines(
        data,
        shape,
        dim + 1,
        start + i * size,
        indent + 1,
        summarise,
        format,
      )
    );
    const gap = "\n".repeat(shape.length - 1 - dim) + " ".repeat(indent + 1);
    return `[${parts.join(`,${gap}`)}]`;
  }
  const items = here.map((i) =>
    i === undefined ? "..." : format(data[start + i]!)
  );
  const width = items[0]!.length + 2;
  const perLine = Math.max(1, Math.floor((LINE - indent) / width));
  const rows: string[] = [];
  for (let i = 0; i < items.length; i += perLine) {
    rows.push(items.slice(i, i + perLine).join(", "));
  }
  return `[${rows.join(`,\n${" ".repeat(indent + 1)}`)}]`;
}
