/**
 * Rows of the actions that change pixels where they stand: types and colours.
 * Both executors read a row: the host its function, the GPU its WGSL.
 *
 * Formulas are torchvision's for tensors.
 *
 * @module
 */

import type { ActionName, ActionOf } from "./action.ts";
import { checkCount } from "./fills.ts";
import { grey, saturate, turnHue } from "./host_colours.ts";
import type { ActionRows } from "./row.ts";
import { blend, boundOf, clamped, toByte, valueAt } from "./values.ts";

const { fround } = Math;

const COLOUR = { channels: [1, 3] } as const;

/** Actions that change colours and types, in the order of their codes. */
export const COLOURS = {
  convert: {
    verb: "convert",
    floats: true,
    result: ({ dtype }: ActionOf<"convert">, extent) => ({ ...extent, dtype }),
    value: (action: ActionOf<"convert">, { dtype }) => {
      if (action.dtype === dtype) return (value) => value;
      return dtype === "uint8" ? (value) => fround(value / 255) : toByte;
    },
    wgsl: "converted(value, bound)",
    numbers: (action: ActionOf<"convert">, { dtype }) =>
      action.dtype === dtype ? undefined : [],
  },
  normalize: {
    verb: "normalize",
    floats: true,
    dtype: "float32",
    check: ({ mean }: ActionOf<"normalize">, extent, what) =>
      checkCount(what, "means", mean, extent),
    ofChannel: (action: ActionOf<"normalize">, channel) => ({
      ...action,
      mean: [valueAt(action.mean, channel)],
      std: [valueAt(action.std, channel)],
    }),
    value: ({ mean, std }: ActionOf<"normalize">, { channel }) => {
      const average = fround(mean[mean.length === 1 ? 0 : channel]!);
      const deviation = fround(std[std.length === 1 ? 0 : channel]!);
      return (value) => fround(fround(value - average) / deviation);
    },
    wgsl: "(value - vector_at(at + P)) / vector_at(at + Q)",
    numbers: ({ mean, std }: ActionOf<"normalize">, { channels }) => {
      const four = (values: readonly number[], rest: number): number[] =>
        [0, 1, 2, 3].map((c) => c < channels ? valueAt(values, c) : rest);
      return [0, 0, ...four(mean, 0), ...four(std, 1)];
    },
  },
  brightness: {
    verb: "adjust the brightness of",
    ...COLOUR,
    value: ({ factor }: ActionOf<"brightness">, { dtype }) => (value) =>
      blend(value, 0, factor, dtype),
    wgsl: "cut(a * value, bound)",
    numbers: ({ factor }: ActionOf<"brightness">) => [factor],
  },
  contrast: {
    verb: "adjust the contrast of",
    ...COLOUR,
    usesMean: true,
    value: ({ factor }: ActionOf<"contrast">, { dtype, mean }) => (value) =>
      blend(value, mean, factor, dtype),
    wgsl: "cut(a * value + b * mean, bound)",
    numbers: ({ factor }: ActionOf<"contrast">) => [factor, 1 - factor],
  },
  saturation: {
    verb: "adjust the saturation of",
    ...COLOUR,
    host: (pixels, { factor }: ActionOf<"saturation">) =>
      saturate(pixels, factor),
    wgsl: "cut(a * value + b * grey_of(value, bound), bound)",
    numbers: ({ factor }: ActionOf<"saturation">, { channels }) =>
      channels === 1 ? undefined : [factor, 1 - factor],
  },
  hue: {
    verb: "adjust the hue of",
    ...COLOUR,
    host: (pixels, { factor }: ActionOf<"hue">) => turnHue(pixels, factor),
    wgsl: "with_hue(value, a, bound)",
    constant: "HUE",
    numbers: ({ factor }: ActionOf<"hue">, { channels }) =>
      channels === 1 ? undefined : [factor],
  },
  gamma: {
    verb: "adjust the gamma of",
    ...COLOUR,
    value: ({ gamma, gain }: ActionOf<"gamma">, { dtype }) => {
      const bend = (value: number) =>
        clamped(fround(gain * fround(value ** gamma)), "float32");
      return dtype === "uint8"
        ? (value) => toByte(bend(fround(value / 255)))
        : bend;
    },
    wgsl: "with_gamma(value, a, b, bound)",
    constant: "GAMMA",
    numbers: ({ gamma, gain }: ActionOf<"gamma">) => [gamma, gain],
  },
  grayscale: {
    verb: "make grey",
    ...COLOUR,
    result: ({ channels }: ActionOf<"grayscale">, extent) => ({
      ...extent,
      channels: channels ?? extent.channels,
    }),
    host: (pixels, { channels }: ActionOf<"grayscale">) =>
      grey(pixels, channels ?? pixels.channels),
    wgsl: "vec4f(grey_of(value, bound))",
  },
  invert: {
    verb: "invert",
    ...COLOUR,
    value: (_, { dtype }) => {
      const bound = boundOf(dtype);
      return (value) => fround(bound - value);
    },
    wgsl: "vec4f(bound) - value",
  },
  posterize: {
    verb: "posterize",
    ...COLOUR,
    dtype: "uint8",
    value: ({ bits }: ActionOf<"posterize">) => {
      const mask = maskOf(bits);
      return (value) => value & mask;
    },
    wgsl: "vec4f(vec4u(value) & vec4u(u32(a)))",
    numbers: ({ bits }: ActionOf<"posterize">) => [maskOf(bits)],
  },
  solarize: {
    verb: "solarize",
    ...COLOUR,
    check: ({ threshold }: ActionOf<"solarize">, { dtype }, what) => {
      const bound = boundOf(dtype);
      if (threshold <= bound) return;
      throw new RangeError(
        `${what} by threshold ${threshold}: expected ${bound} at most`,
      );
    },
    value: ({ threshold }: ActionOf<"solarize">, { dtype }) => {
      const bound = boundOf(dtype);
      return (value) => value >= threshold ? fround(bound - value) : value;
    },
    wgsl: "select(value, vec4f(bound) - value, value >= vec4f(a))",
    numbers: ({ threshold }: ActionOf<"solarize">) => [threshold],
  },
} satisfies Partial<ActionRows<ActionName>>;

/** Returns the byte whose `bits` highest bits are set. */
function maskOf(bits: number): number {
  return 0x100 - 2 ** (8 - bits);
}
