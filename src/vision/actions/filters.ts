/**
 * Rows of the actions that need neighbours, histograms or a place in the image.
 * No kernel does a batch of them: executors/compositions.ts makes them of
 * tensor ops, for images alike.
 *
 * @module
 */

import type { ActionName, ActionOf } from "./action.ts";
import { checkFit } from "./fills.ts";
import {
  autocontrast,
  blur,
  equalize,
  erase,
  sharpen,
} from "./host_filters.ts";
import type { ActionRows } from "./row.ts";

/** Actions that look beyond a pixel. */
export const FILTERS = {
  erase: {
    verb: "erase a part of",
    check: ({ value }: ActionOf<"erase">, extent, what) => {
      if (typeof value === "object" && "noise" in value) return;
      checkFit(what, "values", value, extent);
    },
    host: (pixels, action: ActionOf<"erase">) => erase(pixels, action),
  },
  blur: {
    verb: "blur",
    check: ({ kernelSize: [x, y] }: ActionOf<"blur">, extent, what) => {
      if (x >> 1 < extent.width && y >> 1 < extent.height) return;
      throw new RangeError(
        `${what} with kernelSize [${x}, ${y}]: expected one whose half is ` +
          `smaller than the image`,
      );
    },
    host: (pixels, action: ActionOf<"blur">) => blur(pixels, action),
  },
  sharpness: {
    verb: "adjust the sharpness of",
    channels: [1, 3],
    host: (pixels, { factor }: ActionOf<"sharpness">) =>
      sharpen(pixels, factor),
  },
  autocontrast: { verb: "autocontrast", channels: [1, 3], host: autocontrast },
  equalize: {
    verb: "equalize",
    channels: [1, 3],
    dtype: "uint8",
    host: equalize,
  },
} satisfies Partial<ActionRows<ActionName>>;
