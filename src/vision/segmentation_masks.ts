/**
 * Segmentation masks painted over their image, and colours of masks.
 *
 * Painting is a composition of tensor ops: nothing is read back.
 *
 * @module
 */

import { checkOptionNames } from "../tensor/arguments.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Colour } from "./image.ts";

/** Options of `drawSegmentationMasks`. */
export interface DrawSegmentationMasksOptions {
  /** Opacity of masks, from 0 to 1. Default: 0.8. */
  readonly alpha?: number;
  /** A colour for each mask. Default: those of `colorPalette`. */
  readonly colors?: readonly Colour[];
}

/** Factors of colours in torch's tutorials, coprime to 255. */
const PALETTE: Colour = [2 ** 25 - 1, 2 ** 15 - 1, 2 ** 21 - 1];

/**
 * Returns distinct colours, the same in every run; the first is black.
 *
 * Source: torchvision.utils._generate_color_palette.
 *
 * @throws {RangeError} If `count` is not an integer of 0 or more
 */
export function colorPalette(count: number): Colour[] {
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(
      `Cannot make a palette of ${count} colours: expected an integer, 0 or more`,
    );
  }
  return Array.from({ length: count }, (_, i) => {
    const [red, green, blue] = PALETTE;
    return [i * red % 255, i * green % 255, i * blue % 255];
  });
}

/**
 * The 256 colours of PASCAL VOC's masks, by class: black, dark red, dark green and
 * so on. 255, the ignored class, is cream. `saveImage` takes it as a palette.
 *
 * Source: VOCdevkit, VOClabelcolormap: the bits of a class go to red, green and
 * blue in turn, highest bits first.
 */
export const VOC_PALETTE: readonly Colour[] = Array.from(
  { length: 256 },
  (_, index) => {
    const colour: [number, number, number] = [0, 0, 0];
    for (let bit = 0; bit < 8; bit++) {
      colour[bit % 3]! |= (index >> bit & 1) << (7 - Math.floor(bit / 3));
    }
    return colour;
  },
);

/**
 * Paints masks over an image, later ones over earlier ones. Under a mask, a pixel
 * becomes `image * (1 - alpha) + colour * alpha` without its fraction.
 *
 * Shapes: uint8 [3, H, W] and bool [N, H, W] or [H, W] to uint8 [3, H, W].
 *
 * Source: torchvision.utils.draw_segmentation_masks.
 *
 * @throws {TypeError} If the image or the masks have another type or shape
 * @throws {RangeError} If `alpha` is not from 0 to 1, there are fewer colours
 * than masks, or a colour is not of bytes
 */
export function drawSegmentationMasks(
  image: Tensor,
  masks: Tensor,
  options: DrawSegmentationMasksOptions = {},
): Tensor {
  const { alpha = 0.8, colors } = checkOptionNames(
    "drawSegmentationMasks",
    options,
    ["alpha", "colors"],
  );
  if (image.dtype !== "uint8" || image.ndim !== 3 || image.shape[0] !== 3) {
    throw new TypeError(
      `Cannot draw masks on ${image.describe()}: expected uint8 [3, H, W]`,
    );
  }
  const size = image.shape.slice(1);
  const fits = masks.dtype === "bool" && (masks.ndim === 2 || masks.ndim === 3);
  if (!fits || masks.shape.slice(-2).some((n, i) => n !== size[i])) {
    throw new TypeError(
      `Cannot draw ${masks.describe()} on an image of shape ` +
        `${formatShape(image.shape)}: expected bool ` +
        formatShape(size).replace("[", "[N, "),
    );
  }
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new RangeError(
      `Cannot draw masks with alpha ${alpha}: expected 0 to 1`,
    );
  }
  const layers = masks.ndim === 2 ? masks.unsqueeze(0) : masks;
  const count = layers.shape[0]!; // has three dims
  const paints = colors ?? colorPalette(count);
  if (paints.length < count) {
    throw new RangeError(
      `Cannot draw ${count} masks with ${paints.length} colours: expected ` +
        `one for each`,
    );
  }
  checkColours(paints);
  if (count === 0) return image;

  const before = image.to("float32");
  let painted = before;
  for (let i = 0; i < count; i++) {
    const colour = tensor([...paints[i]!]).reshape([3, 1, 1]);
    painted = colour.where(layers.select(0, i), painted);
  }
  return before.mul(1 - alpha).add(painted.mul(alpha)).to("uint8");
}

function checkColours(colours: readonly Colour[]): void {
  for (const colour of colours) {
    const isRight = colour.length === 3 &&
      colour.every((n) => Number.isInteger(n) && n >= 0 && n <= 255);
    if (isRight) continue;
    throw new RangeError(
      `Cannot draw a mask in colour [${colour.join(", ")}]: expected three ` +
        `integers from 0 to 255`,
    );
  }
}
