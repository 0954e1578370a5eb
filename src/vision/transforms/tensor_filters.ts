/**
 * Actions on tensors that look beyond a pixel: blur, sharpness, histograms, and
 * rectangles. Compositions of ops, the same for all images of a tensor.
 *
 * Images are [N, C, H, W], uint8 or float32; results have the same type. A
 * batch in which each image has numbers of its own is done elsewhere.
 *
 * @module
 */

import { conv2d } from "../../ops/conv/conv.ts";
import { pad } from "../../ops/index/padding.ts";
import { fromHost, full } from "../../tensor/create.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action, BlurAction, EraseAction } from "./action.ts";
import { eraser, gaussian } from "./host_colour.ts";

/** The actions here. */
export type FilterAction = Extract<
  Action,
  { op: "blur" | "sharpness" | "autocontrast" | "equalize" | "erase" }
>;

const FILTERS: readonly Action["op"][] = [
  "blur",
  "sharpness",
  "autocontrast",
  "equalize",
  "erase",
];

/** Whether an action is one of those here. */
export function isFilter(action: Action): action is FilterAction {
  return FILTERS.includes(action.op);
}

/** Carries one of them out, on all images alike. */
export function runFilter(x: Tensor, action: FilterAction): Tensor {
  switch (action.op) {
    case "blur":
      return blur(x, action);
    case "sharpness":
      return sharpen(x, action.factor);
    case "autocontrast":
      return autocontrast(x);
    case "equalize":
      return equalize(x);
    case "erase":
      return erase(x, action);
    default:
      return action satisfies never;
  }
}

/** The bytes nearest to floats, half to even, if `like` holds bytes. */
function roundedAs(like: Tensor, y: Tensor): Tensor {
  return like.dtype === "uint8" ? y.round().to("uint8") : y;
}

/** `y` within the bounds of `like`, cut to whole numbers if that holds bytes. */
function cutAs(like: Tensor, y: Tensor): Tensor {
  return like.dtype === "uint8" ? y.clamp(0, 255).to("uint8") : y.clamp(0, 1);
}

/** One kernel [kh, kw] over every channel. */
function filter(
  x: Tensor,
  kernel: Float32Array<ArrayBuffer>,
  [kh, kw]: readonly [number, number],
): Tensor {
  const [n, c, h, w] = x.shape;
  const weight = fromHost(new HostArray(kernel, [1, 1, kh, kw]));
  const planes = x.to("float32").contiguous().reshape([n! * c!, 1, h!, w!]);
  const y = conv2d(planes, weight);
  return y.reshape([n!, c!, ...y.shape.slice(2)]);
}

function blur(x: Tensor, action: BlurAction): Tensor {
  const { kernelSize: [kx, ky], sigma: [sx, sy] } = action;
  const [halfX, halfY] = [kx >> 1, ky >> 1];
  const framed = pad(x.to("float32"), [halfX, halfX, halfY, halfY], {
    mode: "reflect",
  });
  const across = filter(framed, Float32Array.from(gaussian(kx, sx)), [1, kx]);
  return roundedAs(
    x,
    filter(across, Float32Array.from(gaussian(ky, sy)), [ky, 1]),
  );
}

function sharpen(x: Tensor, factor: number): Tensor {
  const [, , h, w] = x.shape;
  if (h! <= 2 || w! <= 2) return x;
  const kernel = Float32Array.of(1, 1, 1, 1, 5, 1, 1, 1, 1)
    .map((weight) => weight / 13);
  const smooth = roundedAs(x, filter(x, kernel, [3, 3])).to("float32");
  const inner = pad(smooth, [1, 1, 1, 1]);
  // the border stays as it is
  const isInner = pad(full([1, 1, h! - 2, w! - 2], 1), [1, 1, 1, 1]).eq(1);
  const values = x.to("float32");
  const degenerate = inner.where(isInner, values);
  return cutAs(x, values.mul(factor).add(degenerate.mul(1 - factor)));
}

function autocontrast(x: Tensor): Tensor {
  const bound = x.dtype === "uint8" ? 255 : 1;
  const values = x.to("float32");
  const low = values.amin([-2, -1], { keepdim: true });
  const high = values.amax([-2, -1], { keepdim: true });
  const factor = high.sub(low).rdiv(bound);
  const isConstant = factor.isfinite().logicalNot();
  return cutAs(
    x,
    values.sub(low.maskedFill(isConstant, 0))
      .mul(factor.maskedFill(isConstant, 1)),
  );
}

// The histogram of each channel by an addition for each pixel, its running sum,
// and the table that follows from it, looked up.
function equalize(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape;
  const planes = n! * c!;
  const values = x.contiguous().reshape([planes, h! * w!]).to("int32");
  const counts = full([planes, 256], 0, { dtype: "int32" })
    .scatterAdd(1, values, full([planes, h! * w!], 1, { dtype: "int32" }));
  const last = counts.takeAlongDim(
    values.amax([1], { keepdim: true }),
    1,
  );
  const step = last.rsub(h! * w!).floorDivide(255); // [planes, 1]
  const isKept = step.eq(0);
  const by = step.maskedFill(isKept, 1);
  const before = counts.cumsum(1).sub(counts); // of darker pixels
  const table = before.add(by.floorDivide(2)).floorDivide(by).clamp(0, 255);
  const even = table.gather(1, values);
  return values.where(isKept, even).to("uint8").reshape(x.shape);
}

function erase(x: Tensor, action: EraseAction): Tensor {
  const [, channels, h, w] = x.shape;
  const { top, left } = action;
  const height = Math.min(action.height, h! - top);
  const width = Math.min(action.width, w! - left);
  if (height <= 0 || width <= 0) return x;
  const dtype = x.dtype === "uint8" ? "uint8" : "float32";
  const valueOf = eraser(action, channels!, dtype);
  const values = new Float32Array(channels! * height * width);
  let at = 0;
  for (let c = 0; c < channels!; c++) {
    for (let y = 0; y < height; y++) {
      for (let column = 0; column < width; column++) {
        values[at++] = valueOf(c, y, column);
      }
    }
  }
  const patch = fromHost(new HostArray(values, [1, channels!, height, width]));
  const edges = [left, w! - left - width, top, h! - top - height];
  const isErased = pad(full([1, 1, height, width], 1), edges).eq(1);
  return pad(patch, edges).to(x.dtype).where(isErased, x);
}
