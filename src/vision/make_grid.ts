/**
 * Grids: a batch of images as one image, to look at.
 *
 * A grid is a composition of tensor ops: nothing is read back.
 *
 * @module
 */

import { checkCount } from "../data/checks/check.ts";
import { cat, stack } from "../ops/movement/join.ts";
import { checkOptionNames, formatValue } from "../tensor/arguments.ts";
import { full } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Options of `makeGrid`. */
export interface MakeGridOptions {
  /** Number of images in a row. Default: 8. */
  readonly nrow?: number;
  /** Pixels between images and around the grid. Default: 2. */
  readonly padding?: number;
  /** Whether to scale values to 0 to 1. Default: false. */
  readonly normalize?: boolean;
  /**
   * Lowest and highest value for `normalize`; others are clamped. Default: those
   * of the batch.
   */
  readonly valueRange?: readonly [number, number];
  /** Whether each image has its own lowest and highest value. Default: false. */
  readonly scaleEach?: boolean;
  /** Value of the padding. Default: 0. */
  readonly padValue?: number;
}

/** Names of the options of `makeGrid`. */
export const MAKE_GRID_OPTIONS = [
  "nrow",
  "padding",
  "normalize",
  "valueRange",
  "scaleEach",
  "padValue",
];

/**
 * Returns a grid [3, H', W'] of images [N, C, H, W], or of a list of [C, H, W].
 * Grey images become RGB. Fewer images than `nrow` make a shorter row, and a
 * single image has no padding.
 *
 * Source: torchvision.utils.make_grid.
 *
 * @throws {TypeError} If the argument is not a batch of images, or `normalize`
 * gets other values than floats
 * @throws {RangeError} If there is no image, or `nrow`, `padding`, `valueRange` or
 * `padValue` is invalid
 *
 * @example Five images, three in a row
 * ```ts
 * import { rand, vision } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const grid = vision.makeGrid(rand([5, 3, 28, 28]), { nrow: 3 });
 * assertEquals(grid.shape, [3, 2 + 2 * (28 + 2), 2 + 3 * (28 + 2)]);
 * ```
 */
export function makeGrid(
  images: Tensor | readonly Tensor[],
  options: MakeGridOptions = {},
): Tensor {
  checkOptionNames("makeGrid", options, MAKE_GRID_OPTIONS);
  const { nrow = 8, padding = 2, padValue = 0 } = options;
  checkCount("nrow of a grid", nrow, 1);
  checkCount("padding of a grid", padding, 0);
  const batch = normalized(batchOf(images), options);
  checkPadValue(padValue, batch);
  const [count = 0, channels = 0, height = 0, width = 0] = batch.shape;
  if (count === 1) return batch.squeeze(0);

  const columns = Math.min(nrow, count);
  const rows = Math.ceil(count / columns);
  const edges = [padding, 0, padding, 0]; // left of and above each image
  let cells = batch.pad(edges, { value: padValue });
  const missing = rows * columns - count;
  if (missing > 0) {
    const shape = [missing, channels, height + padding, width + padding];
    cells = cat([cells, full(shape, padValue, { dtype: batch.dtype })]);
  }
  return cells
    .reshape([rows, columns, channels, height + padding, width + padding])
    .permute([2, 0, 3, 1, 4]) // [C, rows, H, columns, W]
    .reshape([channels, rows * (height + padding), columns * (width + padding)])
    .pad([0, padding, 0, padding], { value: padValue });
}

// As the transforms do, bytes take only bytes.
function checkPadValue(value: number, { dtype }: Tensor): void {
  const fits = dtype === "uint8"
    ? Number.isInteger(value) && value >= 0 && value <= 255
    : typeof value === "number";
  if (fits) return;
  throw new RangeError(
    `Cannot pad a grid of ${dtype} with ${formatValue(value)}: expected ` +
      (dtype === "uint8" ? "an integer from 0 to 255" : "a number"),
  );
}

/** Returns the images as [N, C, H, W], grey ones as RGB. */
function batchOf(images: Tensor | readonly Tensor[]): Tensor {
  const list: readonly unknown[] = isList(images) ? images : [images];
  const wrong = list.findIndex((image) => !(image instanceof Tensor));
  if (wrong !== -1) {
    throw new TypeError(
      `Cannot make a grid of ${formatValue(list[wrong])}: expected a tensor ` +
        `[N, C, H, W], or a list of tensors [C, H, W]; make them of images ` +
        `with vision.transforms.functional.toTensor(image)`,
    );
  }
  let batch: Tensor;
  if (isList(images)) {
    if (images.length === 0) {
      throw new RangeError("Cannot make a grid of no images");
    }
    batch = stack(images);
  } else {
    batch = images;
  }
  if (batch.ndim < 2 || batch.ndim > 4) {
    throw new TypeError(
      `Cannot make a grid of shape ${formatShape(batch.shape)}: expected ` +
        `[N, C, H, W], [C, H, W] or [H, W]`,
    );
  }
  while (batch.ndim < 4) batch = batch.unsqueeze(0);
  if (batch.shape[0] === 0) {
    throw new RangeError("Cannot make a grid of no images");
  }
  return batch.shape[1] === 1 ? cat([batch, batch, batch], 1) : batch;
}

function isList(
  images: Tensor | readonly Tensor[],
): images is readonly Tensor[] {
  return Array.isArray(images);
}

function normalized(
  batch: Tensor,
  { normalize = false, valueRange, scaleEach = false }: MakeGridOptions,
): Tensor {
  if (!normalize) return batch;
  if (!isFloat(batch.dtype)) {
    throw new TypeError(
      `Cannot normalize a grid of ${batch.dtype}: expected floats`,
    );
  }
  if (valueRange) {
    const isList = Array.isArray(valueRange);
    const [low = NaN, high = NaN] = isList ? valueRange : [];
    if (!(low <= high)) {
      const got = isList
        ? `[${valueRange.join(", ")}]`
        : formatValue(valueRange);
      throw new RangeError(
        `Cannot normalize a grid by valueRange ${got}: expected two numbers, ` +
          `the lowest value first`,
      );
    }
    return batch.clamp(low, high).sub(low).div(Math.max(high - low, 1e-5));
  }
  const dims = scaleEach ? [1, 2, 3] : [0, 1, 2, 3];
  const low = batch.amin(dims, { keepdim: true });
  const high = batch.amax(dims, { keepdim: true });
  return batch.sub(low).div(high.sub(low).clamp(1e-5));
}
