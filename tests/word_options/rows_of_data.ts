/**
 * The options that are words of images, loaders and data sets.
 *
 * @module
 */

import * as datasets from "../../datasets/mod.ts";
import { DataLoader } from "../../src/data/loader/loader.ts";
import { TensorDataset } from "../../src/data/datasets/tensor.ts";
import { zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import * as vision from "../../src/vision/mod.ts";
import type { WordRow } from "./row.ts";

const { Image, transforms: T } = vision;
const { functional: TF } = T;

const image = (): Tensor => zeros([1, 2, 4, 4]);
const picture = () => new Image(new Uint8Array(48), 4, 4, 3);
const box = { top: 0, left: 0, height: 2, width: 2 };

const INTERPOLATIONS = ["nearest", "nearest-exact", "bilinear", "bicubic"];
const WARPS = ["nearest", "bilinear"];
const PADDINGS = ["constant", "edge", "reflect", "symmetric"];
const MODES = ["unchanged", "gray", "rgb", "rgba"];
const GRAY_16 = new URL("../vision/images/gray16/plain.png", import.meta.url);

/** Opens a table of no rows. */
async function table(options: datasets.TableOptions): Promise<unknown> {
  const file = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(file, "file,label\n");
    return await datasets.Table.open(file, options);
  } finally {
    await Deno.remove(file);
  }
}

/** A row for each. */
export const ROWS_OF_DATA: readonly WordRow[] = [
  // images
  ["mode of convertImage", MODES, (m) => vision.convertImage(picture(), m)],
  [
    "mode of decodeImage",
    [...MODES, "gray16"],
    async (mode) =>
      await vision.decodeImage(await Deno.readFile(GRAY_16), { mode }),
  ],
  [
    "format of encodeImage",
    ["jpeg", "png"],
    (format) => vision.encodeImage(picture(), { format }),
  ],
  [
    "interpolation of resize",
    INTERPOLATIONS,
    (interpolation) => T.resize(2, { interpolation }),
  ],
  [
    "interpolation of letterbox",
    INTERPOLATIONS,
    (interpolation) => T.letterbox(2, { interpolation }),
  ],
  [
    "interpolation of functional.resize",
    INTERPOLATIONS,
    (interpolation) => TF.resize(image(), [2, 2], { interpolation }),
  ],
  [
    "interpolation of functional.resizedCrop",
    INTERPOLATIONS,
    (interpolation) =>
      TF.resizedCrop(image(), box, { size: [2, 2], interpolation }),
  ],
  [
    "interpolation of randomResizedCrop",
    INTERPOLATIONS,
    (interpolation) => T.randomResizedCrop(2, { interpolation }),
  ],
  [
    "interpolation of letterbox",
    INTERPOLATIONS,
    (interpolation) => T.letterbox(2, { interpolation }),
  ],
  [
    "interpolation of randomRotation",
    WARPS,
    (interpolation) => T.randomRotation(9, { interpolation }),
  ],
  [
    "interpolation of randomAffine",
    WARPS,
    (interpolation) => T.randomAffine(9, { interpolation }),
  ],
  [
    "interpolation of randomPerspective",
    WARPS,
    (interpolation) => T.randomPerspective({ interpolation }),
  ],
  [
    "value of randomErasing",
    ["random"],
    (value) => T.randomErasing({ value }),
  ],
  [
    "interpolation of functional.affine",
    WARPS,
    (interpolation) =>
      TF.affine(image(), {
        angle: 9,
        translate: [0, 0],
        scale: 1,
        shear: 0,
        interpolation,
      }),
  ],
  [
    "interpolation of functional.rotate",
    WARPS,
    (interpolation) => TF.rotate(image(), 9, { interpolation }),
  ],
  [
    "paddingMode of pad",
    PADDINGS,
    (paddingMode) => T.pad(1, { paddingMode }),
  ],
  [
    "paddingMode of randomCrop",
    PADDINGS,
    (paddingMode) => T.randomCrop(2, { padding: 1, paddingMode }),
  ],
  [
    "paddingMode of functional.pad",
    PADDINGS,
    (paddingMode) => TF.pad(image(), 1, { paddingMode }),
  ],
  [
    "dtype of convertImageDtype",
    ["uint8", "float32"],
    (dtype) => T.convertImageDtype(dtype),
  ],
  // data
  [
    "resident of DataLoader",
    ["auto"],
    (resident) =>
      new DataLoader(new TensorDataset(zeros([2, 1])), { resident }),
  ],
  ["missing of Table", ["refuse", "skip"], (word) => table({ missing: word })],
  [
    "format of extract",
    ["tar", "tar.gz", "zip", "gz"],
    // a folder that is there is left alone
    (format) => datasets.extract("a.rar", ".", { format }),
  ],
  ["quoting of Table", ["minimal", "none"], (word) => table({ quoting: word })],
];
