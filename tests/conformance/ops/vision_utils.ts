/**
 * Pictures of batches and masks.
 *
 * @module
 */

import type { Colour } from "../../../src/vision/image.ts";
import {
  makeGrid,
  type MakeGridOptions,
} from "../../../src/vision/make_grid.ts";
import { drawSegmentationMasks } from "../../../src/vision/segmentation_masks.ts";
import type { Rows } from "../row.ts";

/** Calls of torchvision.utils. */
export const VISION_UTILS: Rows = {
  "torchvision.utils.make_grid": (args) => {
    const list = args.list("tensor");
    const options = args.options<MakeGridOptions>(
      "nrow",
      "padding",
      "normalize",
      "valueRange",
      "scaleEach",
      "padValue",
    );
    return makeGrid(list.length > 0 ? list : args.tensor("tensor"), options);
  },
  "torchvision.utils.draw_segmentation_masks": (args) =>
    drawSegmentationMasks(
      args.tensor("image"),
      args.tensor("masks"),
      args.options<{ alpha?: number; colors?: readonly Colour[] }>(
        "alpha",
        "colors",
      ),
    ),
};
