/**
 * Masks on the host: images whose values are names, of pixels' classes or
 * instances. They move without being mixed, so their elements may be of any
 * type: each is moved as its bytes.
 *
 * @module
 */

import { type DType, DTYPES, isFloat } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { Image } from "../image.ts";
import { type Action, after, type Extent, type Fill } from "./action.ts";
import { runOnHost } from "./host.ts";
import { type HostImage, imageOf, pixelsOf } from "./pixels.ts";

/** What is done to a mask, with `fill` beside it: a value for each channel. */
export type MaskActions = (fill: Fill) => readonly Action[];

/**
 * A value as the one element of an array of its type.
 *
 * @throws {RangeError} If the type does not have it
 */
export function checkMaskFill(dtype: DType, fill: number): Uint8Array {
  const { array } = DTYPES[dtype];
  const one = new array(1);
  one[0] = fill;
  const fits = isFloat(dtype)
    ? Number.isFinite(one[0])
    : one[0] === fill && (dtype !== "bool" || fill <= 1);
  if (fits) return new Uint8Array(one.buffer);
  throw new RangeError(
    `Cannot fill a mask of ${dtype} with maskFill ${fill}: expected a value ` +
      `of its type`,
  );
}

/**
 * [height, width] of a mask: an image, an array or a tensor.
 *
 * @throws {TypeError} If it is none of them
 */
export function sizeOfMask(mask: unknown): readonly [number, number] {
  const { shape } = Object(mask);
  if (Array.isArray(shape) && shape.length >= 2) {
    const [height, width] = shape.slice(-2);
    return [height, width];
  }
  const { height, width } = pixelsOf(mask);
  return [height, width];
}

/**
 * The mask after actions; an array keeps its type and its number of dims.
 *
 * @throws {TypeError} If it is neither an image nor an array [H, W] or
 * [C, H, W]
 * @throws {RangeError} If its type does not have the fill
 */
export function moveHostMask(
  mask: unknown,
  actionsOf: MaskActions,
  fill: number,
): HostImage {
  if (mask instanceof HostArray) return moveArray(mask, actionsOf, fill);
  const pixels = pixelsOf(mask);
  checkMaskFill("uint8", fill);
  const moved = imageOf(runOnHost(pixels, actionsOf(fill)));
  const { palette } = Object(mask);
  if (!(moved instanceof Image) || palette === undefined) return moved;
  const { data, width, height, channels } = moved;
  return new Image(data, width, height, channels, palette);
}

function moveArray(
  { data, shape, dtype }: HostArray,
  actionsOf: MaskActions,
  fill: number,
): HostArray {
  const { bytes, array } = DTYPES[dtype];
  const [height = 0, width = 0] = shape.slice(-2);
  const isMask = (shape.length === 2 || shape.length === 3) &&
    height > 0 && width > 0 && bytes !== 2; // no image has two channels
  if (!isMask) {
    throw new TypeError(
      `Cannot move a mask of ${dtype} [${shape.join(", ")}]: expected uint8, ` +
        `bool, int32, uint32 or float32 of [H, W] or [C, H, W]`,
    );
  }
  const actions = actionsOf([...checkMaskFill(dtype, fill)]);
  const extent = { channels: bytes, height, width, dtype: "uint8" } as const;
  const result = sizeAfter(actions, extent);
  const all = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const plane = height * width * bytes;
  const movedPlane = result.height * result.width * bytes;
  const masks = all.length / plane; // none, where there are no instances
  const moved = new Uint8Array(masks * movedPlane);
  for (let i = 0; i < masks; i++) {
    const bytesOf = all.subarray(i * plane, (i + 1) * plane);
    const pixels = { ...extent, data: bytesOf, planar: false };
    moved.set(runOnHost(pixels, actions).data, i * movedPlane);
  }
  return new HostArray(
    new array(moved.buffer),
    [...shape.slice(0, -2), result.height, result.width],
    dtype,
  );
}

/** What becomes of an image's extent. */
export function sizeAfter(actions: readonly Action[], extent: Extent): Extent {
  return actions.reduce((before, action) => after(action, before), extent);
}
