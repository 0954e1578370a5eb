/**
 * Runs the cases of the category images: decoded files, the usual pipeline on
 * them, and PIL's resize.
 *
 * The files are those of the folder `data` beside the goldens.
 *
 * @module
 */

import { HostArray } from "../../src/tensor/host_array.ts";
import { readImage } from "../../src/vision/decode.ts";
import { type Channels, Image } from "../../src/vision/image.ts";
import {
  resizeCrop,
  type ResizeCropOptions,
} from "../../src/vision/resize_host.ts";
import type { Interpolation } from "../../src/vision/resize_taps.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import {
  asFields,
  type Case,
  type Category,
  type Fields,
  tensorOf,
} from "./case.ts";
import { difference, numberDifference } from "./compare.ts";
import {
  eachCase,
  judge,
  type Outcome,
  refuseExpectations,
  Unsupported,
} from "./outcome.ts";

/** Runs decoders and host resizing. */
export function runImages(category: Category): Promise<Outcome[]> {
  return eachCase(category, async (golden) => {
    const row = ROWS[golden.op];
    if (!row) throw new Unsupported(`no ${golden.op}`);
    const { op, kwargs } = golden;
    const found = await withArguments(
      { op, kwargs },
      (args) => row(category, golden, args),
    );
    if (golden.expect.error !== undefined) {
      return { kind: "failed", message: "was not refused" };
    }
    return judge(found);
  });
}

/** What is wrong, in words. */
type Differences = readonly (string | undefined)[];

type ImageRow = (
  category: Category,
  golden: Case,
  args: Arguments,
) => Differences | Promise<Differences>;

const ROWS: Readonly<Record<string, ImageRow>> = {
  decode,
  "PIL.Image.resize": resize,
};

async function decode(
  { folder, ...category }: Category,
  golden: Case,
  args: Arguments,
): Promise<Differences> {
  const path = `${folder}/../data/${args.value<string>("file")}`;
  const crop = args.option("crop_h_w") as readonly [number, number] | undefined;
  try {
    await Deno.stat(path);
  } catch {
    throw new Unsupported(`no file ${path}`);
  }
  const image = await readImage(path);
  if (crop) {
    const key = golden.outputs.pixels ?? "";
    const values = tensorOf({ folder, ...category }, key);
    return [difference("pixels", topLeft(image, crop), { values }, golden)];
  }
  const unknown = Object.keys(golden.expect).find((name) => !KNOWN.has(name));
  if (unknown) throw new Unsupported(`expect.${unknown}`);
  const tolerance = asFields(golden.fields.tolerance, "a tolerance");
  const decodeTolerance = asFields(tolerance.decode, "decode");
  const unchanged = await readImage(path, { mode: "unchanged" });
  const differences = [
    ...pixelDifferences(image, golden.expect, decodeTolerance),
    different("channels", unchanged.channels, channelsOf(golden.expect.mode)),
  ];
  if ("rgba_pixels" in golden.expect) {
    const { rgba_pixels: pixels, rgba_channel_mean: mean } = golden.expect;
    const { shape, points_yx: points } = golden.expect;
    const rgba = [...numbers(shape).slice(0, 2), 4];
    differences.push(...pixelDifferences(
      await readImage(path, { mode: "rgba" }),
      { pixels, ["channel_mean"]: mean, shape: rgba, ["points_yx"]: points },
      decodeTolerance,
    ));
  }
  if ("pipeline" in golden.expect) {
    differences.push(...pipelineDifferences(
      image,
      asFields(golden.expect.pipeline, "a pipeline"),
      asFields(tolerance.pipeline, "pipeline"),
    ));
  }
  return differences;
}

/** What a case of a decoded file may expect; more would be left unlooked at. */
const KNOWN = new Set([
  "channel_mean",
  "mode",
  "pipeline",
  "pixels",
  "points_yx",
  "rgba_channel_mean",
  "rgba_pixels",
  "shape",
]);

/** Channels of an image that is left as it is, by PIL's names of modes. */
function channelsOf(mode: unknown): number {
  switch (mode) {
    case "1":
    case "L":
    case "P":
      return 1;
    case "LA":
      return 2;
    case "RGB":
      return 3;
    case "RGBA":
      return 4;
    default:
      throw new Unsupported(`mode ${mode}`);
  }
}

/** [height, width, channels] of the top left part. */
function topLeft(
  image: Image,
  [height, width]: readonly [number, number],
): HostArray {
  const { data, channels } = image;
  const part = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const at = y * image.width * channels;
    part.set(data.subarray(at, at + width * channels), y * width * channels);
  }
  return new HostArray(part, [height, width, channels]);
}

function pixelDifferences(
  { data, width, height, channels }: Image,
  expect: Fields,
  tolerance: Fields,
): Differences {
  const points = table(expect.points_yx);
  const wanted = table(expect.pixels);
  // all our decoders interpolate chroma
  const most = Number(tolerance.same_decoder_pixel_max_abs);
  const pixels = points.map(([y = 0, x = 0], i) => {
    const at = (y * width + x) * channels;
    return Array.from(
      wanted[i]!,
      (want, c) =>
        different(`pixel [${y}, ${x}, ${c}]`, data[at + c]!, want, most),
    );
  });
  const means = numbers(expect.channel_mean).map((want, c) =>
    different(
      `mean of channel ${c}`,
      meanOf(data, c, channels),
      want,
      Number(tolerance.channel_mean_abs),
    )
  );
  const shape = [height, width, channels];
  return [
    ...numbers(expect.shape).map((want, i) =>
      different(`shape[${i}]`, shape[i]!, want)
    ),
    ...means,
    ...pixels.flat(),
  ];
}

function meanOf(data: ArrayLike<number>, first: number, step: number): number {
  let sum = 0;
  for (let i = first; i < data.length; i += step) sum += data[i]!;
  return sum / Math.ceil((data.length - first) / step);
}

/** Resize, CenterCrop, ToTensor and Normalize, in this order. */
const PIPELINE =
  /^Resize\((\d+)\) CenterCrop\((\d+)\) ToTensor\(\) Normalize\((\[.*\]), (\[.*\])\)$/;

function pipelineDifferences(
  image: Image,
  expect: Fields,
  tolerance: Fields,
): Differences {
  const steps = (Array.isArray(expect.steps) ? expect.steps : []).join(" ");
  const [, side, crop, mean, std] = PIPELINE.exec(steps) ?? [];
  if (!side || !crop || !mean || !std) throw new Unsupported(steps);
  const { data } = resizeCrop(image, squareOf(image, +side, +crop));
  const [means, stds] = [mean, std].map((text) => numbers(JSON.parse(text)));
  const area = Number(crop) ** 2;
  const value = (c: number, at: number): number =>
    (data[at * 3 + c]! / 255 - means![c]!) / stds![c]!;
  const points = table(expect.points_cyx);
  const wanted = numbers(expect.values_pil);
  const values = points.map(([c = 0, y = 0, x = 0], i) =>
    different(
      `value [${c}, ${y}, ${x}]`,
      value(c, y * Number(crop) + x),
      wanted[i]!,
      Number(tolerance.value_max_abs),
    )
  );
  const statistics = means!.flatMap((_, c) => {
    const channel = Array.from({ length: area }, (_, at) => value(c, at));
    const center = meanOf(channel, 0, 1);
    const squares = channel.map((each) => (each - center) ** 2);
    const deviation = Math.sqrt(meanOf(squares, 0, 1) * area / (area - 1));
    const [wantMean, wantStd] = [expect.mean, expect.std].map(numbers);
    return [
      different(
        `mean of ${c}`,
        center,
        wantMean![c]!,
        Number(tolerance.mean_abs),
      ),
      different(
        `std of ${c}`,
        deviation,
        wantStd![c]!,
        Number(tolerance.std_abs),
      ),
    ];
  });
  return [...values, ...statistics];
}

/** torchvision's Resize and CenterCrop of PIL images. */
function squareOf(
  { height, width }: Image,
  side: number,
  crop: number,
): ResizeCropOptions {
  const shorter = Math.min(height, width);
  const scaled = (length: number) => Math.trunc(side * length / shorter);
  const before = (length: number) => {
    const half = (scaled(length) - crop) / 2;
    return half % 1 === 0 ? half : 2 * Math.round(half / 2); // Python's round
  };
  return {
    size: [scaled(height), scaled(width)],
    window: {
      top: before(height),
      left: before(width),
      height: crop,
      width: crop,
    },
    rounding: "pil",
  };
}

/** PIL's names of filters, where ours differ. */
const RESAMPLE: Readonly<Record<string, Interpolation>> = {
  nearest: "nearest-exact",
  bilinear: "bilinear",
  bicubic: "bicubic",
};

/**
 * The key of a picture that a case may share with another, which its note then
 * names: "input is that of …".
 */
export function pictureKey({ inputs, fields }: Case): string | undefined {
  const [, other] = /input is that of (\S+?);/.exec(String(fields.note)) ?? [];
  return inputs.image ?? (other && `${other}/in/image`);
}

function resize(
  category: Category,
  golden: Case,
  args: Arguments,
): Differences {
  const size = args.value<readonly [number, number]>("size_h_w");
  const interpolation = RESAMPLE[args.value<string>("resample")];
  if (!interpolation) throw new Unsupported("another resample");
  refuseExpectations(golden);
  const key = pictureKey(golden);
  if (key === undefined) throw new Unsupported("no picture");
  const { data, shape } = tensorOf(category, key);
  const [height = 0, width = 0, channels = 1] = shape;
  const image = new Image(
    Uint8Array.from(data),
    width,
    height,
    channels as Channels,
  );
  const resized = resizeCrop(image, {
    size,
    interpolation,
    rounding: "pil",
  });
  const values = tensorOf(category, golden.outputs.image ?? "");
  const got = new HostArray(resized.data, [...size, ...shape.slice(2)]);
  return [difference("image", got, { values }, golden)];
}

function different(
  what: string,
  got: number,
  want: number | undefined,
  atol = 0,
): string | undefined {
  return numberDifference(what, got, want ?? NaN, { atol, rtol: 0 });
}

function numbers(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

function table(value: unknown): readonly (readonly number[])[] {
  return Array.isArray(value) ? value.map(numbers) : [];
}
