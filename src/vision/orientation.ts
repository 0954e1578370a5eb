/**
 * Turns of images by their EXIF orientation.
 *
 * @module
 */

import { Image } from "./image.ts";

/**
 * Returns the upright image. EXIF's `orientation` is the place of the first row
 * and the first column in the scene: 1 top left, 2 top right, 3 bottom right, 4
 * bottom left. Orientations 5 to 8 are the same with rows and columns exchanged.
 *
 * Source: Exif 2.32, tag 0x0112; PIL.ImageOps.exif_transpose.
 */
export function orientImage(image: Image, orientation: number): Image {
  if (orientation === 1) return image;
  const { data, width, height, channels } = image;
  const isTurned = orientation >= 5;
  const [columns, rows] = isTurned ? [height, width] : [width, height];
  // axes of the result that run against those of the data
  const fromRight = [2, 3, 6, 7].includes(orientation);
  const fromBottom = [3, 4, 7, 8].includes(orientation);
  const result = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < rows; y++) {
    const row = fromBottom ? rows - 1 - y : y;
    for (let x = 0; x < columns; x++) {
      const column = fromRight ? columns - 1 - x : x;
      const pixel = isTurned ? column * width + row : row * width + column;
      for (let c = 0; c < channels; c++) {
        result[to++] = data[pixel * channels + c]!;
      }
    }
  }
  return new Image(result, columns, rows, channels);
}
