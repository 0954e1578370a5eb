/**
 * Masks on the host: images whose values name the class or the instance of a
 * pixel. Actions move these values without mixing them, so elements may have
 * any type: an element moves as its bytes.
 *
 * @module
 */

import { type DType, DTYPES, isFloat } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { Image } from "../image.ts";
import type { Action, Extent, Fill } from "../actions/action.ts";
import { type HostImage, imageOf, pixelsOf } from "../actions/pixels.ts";
import { after } from "../actions/rows.ts";
import { runOnHost } from "./host.ts";

/** Returns the actions on a mask; `fill` has a value for each channel. */
export type MaskActions = (fill: Fill) => readonly Action[];

/**
 * Returns the bytes of a value in a type.
 *
 * @throws {RangeError} If the type cannot hold the value
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
      `of that type`,
  );
}

/**
 * Returns [height, width] of a mask: an image, an array or a tensor.
 *
 * @throws {TypeError} If the value is none of them
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
 * Returns the mask after actions; an array keeps its type and number of dims.
 *
 * @throws {TypeError} If the mask is neither an image nor an array [H, W] or
 * [C, H, W]
 * @throws {RangeError} If its type cannot hold the fill
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
    height > 0 && width > 0 && bytes !== 2; // float16: no image has two channels
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
  const masks = all.length / plane; // 0 if there are no instances
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

/** Returns the extent of an image after actions. */
export function sizeAfter(actions: readonly Action[], extent: Extent): Extent {
  return actions.reduce((before, action) => after(action, before), extent);
}
