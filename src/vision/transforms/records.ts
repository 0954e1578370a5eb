/**
 * Passes in the words that the kernel images.wgsl reads: a record for each
 * image. The places of words are that file's; here they are only filled in.
 *
 * @module
 */

import {
  type Action,
  type Fill,
  type ImageDType,
  type Interpolation,
  type PaddingMode,
  valueAt,
} from "./action.ts";
import { type Loop, loop } from "../../gpu/loops.ts";
import type { Axis, Geometry, Pass } from "./fold.ts";
import { boundOf } from "./point.ts";

/** Where an image begins, and the distances of its values, in elements. */
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

/** Taps of filters along each axis. */
export interface Taps {
  readonly rows: number;
  readonly columns: number;
}

/** The loop of a filter: taps of columns, in those of rows. */
export function filterLoop({ rows, columns }: Taps): Loop {
  return loop(rows, loop(columns));
}

/** The most taps along each axis of some passes. */
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
  /** Words of a record. */
  readonly stride: number;
  /** Instructions of the longest program. */
  readonly program: number;
  /** What of the kernel the passes need. */
  readonly needs: {
    /** A filter is cubic. */
    readonly CUBIC: boolean;
    /** Something lies beside or around an image. */
    readonly FRAMED: boolean;
    /** A program does more than scale and shift. */
    readonly COLOURS: boolean;
    /** A program turns hues. */
    readonly HUE: boolean;
    /** A program bends values. */
    readonly GAMMA: boolean;
  };
  /** Taps of filters along each axis, the most of any image. */
  readonly taps: Taps;
  /** Whether some program needs the mean of the image. */
  readonly hasContrast: boolean;
}

/** Writes the passes of some images, which lie at `places`. */
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
  const codes = programs.flatMap((each) => each.map(({ code }) => code));
  return {
    words,
    stride,
    program,
    needs: {
      CUBIC: passes.some(isCubic),
      FRAMED: passes.some(isFramed),
      COLOURS: codes.some((code) => code > CODES.toByte),
      HUE: codes.includes(CODES.hue),
      GAMMA: codes.includes(CODES.gamma),
    },
    taps: tapsOf(passes),
    hasContrast: codes.includes(CODES.contrast),
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
  // negative numbers wrap to the words of their int32
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

/** The codes of instructions, as the kernel has them. */
const CODES = {
  toFloat: 1,
  normalize: 2,
  toByte: 3,
  brightness: 4,
  contrast: 5,
  saturation: 6,
  hue: 7,
  gamma: 8,
  grayscale: 9,
  invert: 10,
  posterize: 11,
  solarize: 12,
} as const;

interface Instruction {
  readonly code: number;
  /** The largest value of the type: 255 or 1. */
  readonly bound: number;
  readonly numbers: readonly number[];
}

function programOf({ colours, source }: Pass): Instruction[] {
  const program: Instruction[] = [];
  let { dtype, channels } = source;
  for (const action of colours) {
    const instruction = instructionOf(action, dtype, channels);
    if (instruction) program.push(instruction);
    if (action.op === "convert") dtype = action.dtype;
    if (action.op === "grayscale") channels = action.channels ?? channels;
  }
  return program;
}

function instructionOf(
  action: Action,
  dtype: ImageDType,
  channels: number,
): Instruction | undefined {
  const bound = boundOf(dtype);
  const with_ = (code: number, ...numbers: number[]): Instruction => ({
    code,
    bound,
    numbers,
  });
  switch (action.op) {
    case "convert":
      if (action.dtype === dtype) return undefined;
      return with_(dtype === "uint8" ? CODES.toFloat : CODES.toByte);
    case "normalize": {
      const { mean, std } = action;
      const four = (values: readonly number[], rest: number): number[] =>
        [0, 1, 2, 3].map((c) => c < channels ? valueAt(values, c) : rest);
      return with_(CODES.normalize, 0, 0, ...four(mean, 0), ...four(std, 1));
    }
    case "brightness":
      return with_(CODES.brightness, action.factor);
    case "contrast":
      return with_(CODES.contrast, action.factor, 1 - action.factor);
    case "saturation":
      if (channels === 1) return undefined;
      return with_(CODES.saturation, action.factor, 1 - action.factor);
    case "hue":
      return channels === 1 ? undefined : with_(CODES.hue, action.factor);
    case "gamma":
      return with_(CODES.gamma, action.gamma, action.gain);
    case "grayscale":
      return with_(CODES.grayscale);
    case "invert":
      return with_(CODES.invert);
    case "posterize":
      return with_(CODES.posterize, 0x100 - 2 ** (8 - action.bits));
    case "solarize":
      return with_(CODES.solarize, action.threshold);
    default:
      throw new Error(`No instruction for ${action.op}`);
  }
}
