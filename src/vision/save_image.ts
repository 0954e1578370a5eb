/**
 * Tensors as images, and images in files.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

import { writeAtomically } from "../io/atomic_write.ts";
import { checkOptionNames, formatValue } from "../tensor/arguments.ts";
import { isFloat } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import {
  checkFormat,
  ENCODE_OPTIONS,
  encodeImage,
  type EncodeOptions,
  type ImageFormat,
} from "./encode.ts";
import { Image } from "./image.ts";
import {
  MAKE_GRID_OPTIONS,
  makeGrid,
  type MakeGridOptions,
} from "./make_grid.ts";

/** How `saveImage` lays out, and encodes. */
export interface SaveImageOptions extends MakeGridOptions, EncodeOptions {}

const OPTIONS = [...MAKE_GRID_OPTIONS, ...ENCODE_OPTIONS];

/** The format of a file's name. */
const FORMAT_OF_SUFFIX: Readonly<Record<string, ImageFormat>> = {
  jpg: "jpeg",
  jpeg: "jpeg",
  png: "png",
};

/**
 * The image in a tensor [C, H, W] of one, three or four channels: bytes as they
 * are, floats of 0 to 1 as 0 to 255, rounded, those outside clamped (NaN is 0).
 *
 * Source: torchvision.utils.save_image, `mul(255).add_(0.5).clamp_(0, 255)`;
 * torchvision.transforms.ToPILImage drops the fraction instead.
 *
 * @throws {TypeError} If it is of another shape, or neither bytes nor floats
 */
export async function imageFromTensor(x: Tensor): Promise<Image> {
  const [channels, height, width] = x.shape;
  const isFloating = isFloat(x.dtype);
  if (
    x.ndim !== 3 || (channels !== 1 && channels !== 3 && channels !== 4) ||
    !(isFloating || x.dtype === "uint8")
  ) {
    throw new TypeError(
      `Cannot make an image of ${x.describe()}: expected floats or uint8 ` +
        `[1 | 3 | 4, H, W]`,
    );
  }
  const bytes = isFloating
    ? x.to("float32").mul(255).add(0.5).nanToNum({ nan: 0 }).clamp(0, 255)
      .to("uint8")
    : x;
  const data = await bytes.permute([1, 2, 0]).data();
  // uint8 is read back as bytes
  return new Image(data as Uint8Array, width!, height!, channels);
}

/**
 * Writes an image to a file, PNG or JPEG by the end of its name. A tensor is
 * laid out by `makeGrid` first: [C, H, W] is an image, [N, C, H, W] a grid of
 * them; floats are 0 to 1, or anything with `normalize`. One grey image stays
 * grey, a grid is in colour.
 *
 * The file is replaced as a whole: a reader finds the old one or the new one.
 *
 * Source: torchvision.utils.save_image; uint8 is taken as it is, where
 * torchvision multiplies it by 255, and one grey image is written as RGB there.
 *
 * @throws {TypeError} If no format is given and the name says none, the URL is
 * not a file's, or the images are not what `makeGrid` and `imageFromTensor` take
 * @throws {Deno.errors.NotFound} If there is no such folder
 * @throws What Deno throws when a file can't be written
 */
export async function saveImage(
  path: string | URL,
  image: Image | Tensor | readonly Tensor[],
  options: SaveImageOptions = {},
): Promise<void> {
  const file = pathOf(path);
  checkOptionNames("saveImage", options, OPTIONS);
  const { format = formatOf(file), quality, palette, ...grid } = options;
  checkFormat(format);
  if (
    !(image instanceof Image || image instanceof Tensor || Array.isArray(image))
  ) {
    throw new TypeError(
      `Cannot save ${formatValue(image)} as "${file}": expected an Image, a ` +
        `tensor or a list of tensors`,
    );
  }
  const picture = image instanceof Image
    ? image
    : await pictureOf(image, grid, palette !== undefined);
  const bytes = await encodeImage(picture, {
    format,
    palette,
    ...(quality === undefined ? {} : { quality }),
  });
  try {
    await writeAtomically(file, bytes);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Deno.errors.NotFound(
      `Cannot write "${file}": there is no such folder`,
      { cause },
    );
  }
}

/** Images laid out; a single grey one without the colour that a grid has. */
async function pictureOf(
  images: Tensor | readonly Tensor[],
  options: MakeGridOptions,
  isIndexed: boolean,
): Promise<Image> {
  const grid = makeGrid(images, options);
  if (isIndexed && grid.dtype !== "uint8") {
    throw new TypeError(
      `Cannot save ${grid.dtype} with a palette: expected uint8, its indices`,
    );
  }
  const shapes = images instanceof Tensor
    ? [images.shape]
    : images.map(({ shape }) => shape);
  const isGrey = shapes.length === 1 &&
    shapes[0]!.slice(0, -2).every((size) => size === 1);
  return await imageFromTensor(isGrey ? grid.narrow(0, 0, 1) : grid);
}

function pathOf(path: string | URL): string {
  if (typeof path === "string") return path;
  if (path.protocol === "file:") return fileURLToPath(path);
  throw new TypeError(
    `Cannot save an image as "${path}": expected a path, or the URL of a file`,
  );
}

function formatOf(path: string): ImageFormat {
  const suffix = /\.(\w+)$/.exec(path)?.[1] ?? "";
  const format = FORMAT_OF_SUFFIX[suffix.toLowerCase()];
  if (format) return format;
  throw new TypeError(
    `Cannot save an image as "${path}": expected a name that ends in ` +
      `.${Object.keys(FORMAT_OF_SUFFIX).join(", .")}, or the option format`,
  );
}
