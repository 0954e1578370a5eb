/**
 * Records: a pass in the words that the kernel images.wgsl reads, one record for
 * each image. That file defines the places of words.
 *
 * @module
 */

import { type Loop, loop } from "../../gpu/loops.ts";
import type {
  ActionName,
  Fill,
  Interpolation,
  PaddingMode,
} from "../actions/action.ts";
import { ACTIONS } from "../actions/rows.ts";
import { boundOf, valueAt } from "../actions/values.ts";
import { codeOf, type Needs, needsOf } from "./changes.ts";
import type { Axis, Geometry, Pass } from "./fold.ts";

/** Offset of an image, and the distances between its values, in elements. */
export interface Place {
  readonly offset: number;
  readonly channelStep: number;
  readonly rowStep: number;
  readonly pixelStep: number;
}

/** Words of a record before its instructions. */
const HEAD = 32;
/** Words of an instruction. */
const INSTRUCTION = 12;
const AXIS_X = 4;
const AXIS_Y = 14;
const FILL = 24;
const FILTER = 28;
const ANTIALIAS = 29;
const IS_BYTE = 30;
const MATRIX = 4;
const BLENDING = 13;

const MODES: Readonly<Record<PaddingMode, number>> = {
  constant: 0,
  edge: 1,
  reflect: 2,
  symmetric: 3,
};

function filterOf(interpolation: Interpolation, antialias: boolean): number {
  switch (interpolation) {
    case "nearest":
      return 0;
    case "bilinear":
      return 1;
    case "bicubic":
      return antialias ? 3 : 2;
    case "nearest-exact":
      return 4;
    default:
      return interpolation satisfies never;
  }
}

/** Numbers of taps of a filter along each axis. */
export interface Taps {
  readonly rows: number;
  readonly columns: number;
}

/** Returns the loop over rows, with the loop over columns inside. */
export function filterLoop({ rows, columns }: Taps): Loop {
  return loop(rows, loop(columns));
}

/** Returns the largest number of taps along each axis. */
export function tapsOf(passes: readonly Pass[]): Taps {
  const most = (axis: "rows" | "columns") =>
    passes.reduce((most, pass) => Math.max(most, tapsAlong(pass, axis)), 1);
  return { rows: most("rows"), columns: most("columns") };
}

function tapsAlong({ geometry }: Pass, name: "rows" | "columns"): number {
  if (geometry.kind !== "window" || !geometry.resize) return 1;
  const { interpolation, antialias } = geometry.resize;
  if (interpolation.startsWith("nearest")) return 1;
  const { scale, low, high } = geometry[name];
  const reach = (interpolation === "bilinear" ? 1 : 2) *
    (antialias ? Math.max(scale, 1) : 1);
  const taps = Math.ceil(2 * reach) + 1;
  return antialias ? Math.min(taps, high - low) : taps;
}

/** The records of a pass over several images. */
export interface Records {
  /** [images, words] */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Words of one record. */
  readonly stride: number;
  /** Instructions of the longest program. */
  readonly program: number;
  /** Constants that compile parts of the kernel in. */
  readonly needs: Needs;
  /** The largest number of taps of any image. */
  readonly taps: Taps;
  /** Whether a program uses the mean grey of its image. */
  readonly usesMean: boolean;
}

/** Returns the records of the images at `places`. */
export function recordsOf(
  passes: readonly Pass[],
  places: readonly Place[],
): Records {
  const programs = passes.map(programOf);
  const program = programs.reduce(
    (most, { length }) => Math.max(most, length),
    0,
  );
  const stride = HEAD + program * INSTRUCTION;
  const words = new Uint32Array(passes.length * stride);
  const floats = new Float32Array(words.buffer);
  for (const [n, pass] of passes.entries()) {
    const at = n * stride;
    const { offset, channelStep, rowStep, pixelStep } = places[n]!;
    words.set([offset, channelStep, rowStep, pixelStep], at);
    writeGeometry(pass.geometry, pass, { words, floats, at });
    const isByte = pass.source.dtype === "uint8" && !pass.isHalf;
    words[at + IS_BYTE] = Number(isByte);
    for (const [k, { code, bound, numbers }] of programs[n]!.entries()) {
      const instruction = at + HEAD + k * INSTRUCTION;
      words[instruction] = code;
      floats[instruction + 1] = bound;
      floats.set(numbers, instruction + 2);
    }
  }
  const ops = new Set<ActionName>();
  for (const { op } of programs.flat()) ops.add(op);
  return {
    words,
    stride,
    program,
    needs: {
      CUBIC: passes.some(isCubic),
      FRAMED: passes.some(isFramed),
      ...needsOf(ops),
    },
    taps: tapsOf(passes),
    usesMean: [...ops].some((op) => ACTIONS[op].usesMean),
  };
}

function isCubic({ geometry }: Pass): boolean {
  return geometry.kind === "window" &&
    geometry.resize?.interpolation === "bicubic";
}

function isFramed({ geometry }: Pass): boolean {
  return geometry.kind === "window" &&
    [geometry.rows, geometry.columns].some(({ beside, around }) =>
      beside !== undefined || around !== undefined
    );
}

interface Target {
  readonly words: Uint32Array;
  readonly floats: Float32Array;
  readonly at: number;
}

function writeGeometry(
  geometry: Geometry,
  { source: { height, width, channels } }: Pass,
  { words, floats, at }: Target,
): void {
  const writeFill = (fill: Fill): void => {
    for (let c = 0; c < Math.min(channels, 4); c++) {
      floats[at + FILL + c] = valueAt(fill, c);
    }
  };
  if (geometry.kind === "matrix") {
    const { matrix, interpolation, fill } = geometry.warp;
    floats.set(matrix, at + MATRIX);
    const way = interpolation === "nearest" ? 0 : fill === undefined ? 1 : 2;
    words.set([way, width, height], at + BLENDING);
    writeFill(fill ?? 0);
    return;
  }
  const { rows, columns, resize, fill } = geometry;
  for (const [axis, place] of [[columns, AXIS_X], [rows, AXIS_Y]] as const) {
    words.set(axisWords(axis), at + place);
    floats[at + place + 7] = axis.scale;
  }
  if (resize) {
    words[at + FILTER] = filterOf(resize.interpolation, resize.antialias);
    words[at + ANTIALIAS] = Number(resize.antialias);
  }
  writeFill(fill);
}

function axisWords(axis: Axis): number[] {
  const { start, step, from, to, beside, low, high, around, length } = axis;
  const mode = (name: PaddingMode = "constant"): number => MODES[name];
  // a negative number becomes the word of its int32
  return [
    start,
    step,
    from,
    to,
    mode(beside),
    low,
    high,
    0,
    mode(around),
    length,
  ];
}

interface Instruction {
  readonly op: ActionName;
  readonly code: number;
  readonly bound: number;
  readonly numbers: readonly number[];
}

function programOf({ colours, source }: Pass): Instruction[] {
  const program: Instruction[] = [];
  let extent = source;
  for (const action of colours) {
    const row = ACTIONS[action.op];
    const code = codeOf(action.op);
    const numbers = row.numbers ? row.numbers(action, extent) : [];
    if (code === undefined) throw new Error(`No WGSL of ${action.op}`);
    if (numbers) {
      const bound = boundOf(extent.dtype);
      program.push({ op: action.op, code, bound, numbers });
    }
    extent = row.result?.(action, extent) ?? extent;
  }
  return program;
}
