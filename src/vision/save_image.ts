/**
 * Writes images, and tensors as images, to files.
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

/** Options of `saveImage`: of its grid, and of its encoding. */
export interface SaveImageOptions extends MakeGridOptions, EncodeOptions {}

const OPTIONS = [...MAKE_GRID_OPTIONS, ...ENCODE_OPTIONS];

/** Formats by the ends of file names. */
const FORMAT_OF_SUFFIX: Readonly<Record<string, ImageFormat>> = {
  jpg: "jpeg",
  jpeg: "jpeg",
  png: "png",
};

/**
 * Returns the image of a tensor [C, H, W] of one, three or four channels. Bytes
 * stay; floats 0 to 1 become 0 to 255, rounded and clamped, and NaN becomes 0.
 *
 * Source: torchvision.utils.save_image, `mul(255).add_(0.5).clamp_(0, 255)`;
 * torchvision.transforms.ToPILImage drops the fraction instead.
 *
 * @throws {TypeError} If the tensor has another shape, or neither bytes nor floats
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
  // uint8 is read back as a Uint8Array
  return new Image(data as Uint8Array, width!, height!, channels);
}

/**
 * Writes an image to a file, PNG or JPEG by the end of its name. Tensors go
 * through `makeGrid` first: [C, H, W] is one image, [N, C, H, W] a grid. Floats
 * are 0 to 1, or any with `normalize`. A single grey image stays grey; a grid is
 * RGB.
 *
 * The file is replaced as a whole: a reader finds the old one or the new one.
 *
 * Source: torchvision.utils.save_image, which multiplies uint8 by 255 and writes
 * a single grey image as RGB.
 *
 * @throws {TypeError} If neither the option nor the name has a format, the URL is
 * not a file's, or `makeGrid` or `imageFromTensor` does not take the images
 * @throws {Deno.errors.NotFound} If the folder does not exist
 * @throws Other errors of Deno if the file cannot be written
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
  const whole = image instanceof Image
    ? image
    : await gridOf(image, grid, palette !== undefined);
  const bytes = await encodeImage(whole, {
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

/** Returns the image of tensors; a single grey image stays grey. */
async function gridOf(
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
