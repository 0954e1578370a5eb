/**
 * Masks on the GPU, moved by the kernels of images. Kernels compute in float32,
 * which does not hold all integers. So 32-bit integers move in two halves, as
 * channels.
 *
 * @module
 */

import { cat } from "../../ops/movement/join.ts";
import { zeros } from "../../tensor/create.ts";
import { scope } from "../../tensor/scope.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action } from "../actions/action.ts";
import { checkMaskFill, type MaskActions, sizeAfter } from "./host_masks.ts";

const HALF = 2 ** 16;

/**
 * Returns masks [..., C, H, W] or [H, W] after actions, of the same type.
 *
 * @param run Carries out actions on images of floats or bytes
 * @throws {RangeError} If the type cannot hold the fill
 */
export function moveTensorMask(
  x: Tensor,
  actionsOf: MaskActions,
  fill: number,
  run: (x: Tensor, actions: readonly Action[]) => Tensor,
): Tensor {
  checkMaskFill(x.dtype, fill);
  if (x.ndim >= 3 && x.shape.at(-3) === 0) { // no instances
    const [height = 0, width = 0] = x.shape.slice(-2);
    const extent = { channels: 1, height, width, dtype: "float32" } as const;
    const result = sizeAfter(actionsOf(fill), extent);
    const shape = [...x.shape.slice(0, -2), result.height, result.width];
    return zeros(shape, { dtype: x.dtype });
  }
  switch (x.dtype) {
    case "bool":
      return scope(() => run(x.to("uint8"), actionsOf(fill)).to("bool"));
    case "int32":
    case "uint32":
      return scope(() => {
        const planes = x.ndim === 2 ? x.unsqueeze(0) : x;
        const channels = planes.shape.at(-3)!; // has at least three dims
        const lower = planes.bitwiseAnd(HALF - 1);
        const upper = planes.sub(lower).floorDivide(HALF);
        const halves = cat([upper, lower], -3).to("float32");
        const high = Math.floor(fill / HALF);
        const fills = Array.from(
          { length: 2 * channels },
          (_, c) => c < channels ? high : fill - high * HALF,
        );
        const moved = run(halves, actionsOf(fills)).to(x.dtype);
        const y = moved.narrow(-3, 0, channels).mul(HALF)
          .add(moved.narrow(-3, channels, channels));
        return x.ndim === 2 ? y.squeeze(0) : y;
      });
    default:
      return run(x, actionsOf(fill));
  }
}
