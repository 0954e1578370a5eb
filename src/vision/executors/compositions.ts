/**
 * Actions on tensors as compositions of ops, the same for all images of a
 * tensor: the filters, and the types, through which gradients flow.
 *
 * Images are [N, C, H, W], uint8 or float32. The kernels do the other actions,
 * and batches in which each image has numbers of its own.
 *
 * @module
 */

import { conv2d } from "../../ops/conv/conv.ts";
import { pad } from "../../ops/index/padding.ts";
import { fromHost, full } from "../../tensor/create.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type {
  Action,
  ActionOf,
  BlurAction,
  EraseAction,
} from "../actions/action.ts";
import type { FILTERS } from "../actions/filters.ts";
import { eraser, gaussian } from "../actions/host_filters.ts";
import { boundOf, valueAt } from "../actions/values.ts";

type ComposedName = keyof typeof FILTERS | "convert" | "normalize";

/** A method, so that each rule may take the action of its own name. */
interface Rule {
  run(x: Tensor, action: Action): Tensor;
}

const RULES: Readonly<Record<ComposedName, Rule>> = {
  convert: { run: convert },
  normalize: { run: normalize },
  blur: { run: blur },
  sharpness: { run: sharpen },
  autocontrast: { run: autocontrast },
  equalize: { run: equalize },
  erase: { run: erase },
};

/** An action that is a composition of ops. */
export type ComposedAction = ActionOf<ComposedName>;

/** Whether an action is a composition of ops. */
export function isComposed(action: Action): action is ComposedAction {
  return Object.hasOwn(RULES, action.op);
}

/** Returns all images of a tensor after an action. */
export function composed(x: Tensor, action: ComposedAction): Tensor {
  return RULES[action.op].run(x, action);
}

function convert(x: Tensor, { dtype }: ActionOf<"convert">): Tensor {
  if (dtype === x.dtype) return x;
  return dtype === "float32"
    ? x.to("float32").div(255)
    : x.mul(255.999).clamp(0, 255).to("uint8");
}

function normalize(x: Tensor, { mean, std }: ActionOf<"normalize">): Tensor {
  if (mean.length === 1 && std.length === 1) {
    return x.sub(mean[0]!).div(std[0]!);
  }
  const channels = x.shape[1]!;
  const upload = (values: readonly number[]): Tensor => {
    const each = Float32Array.from(
      { length: channels },
      (_, c) => valueAt(values, c),
    );
    return fromHost(new HostArray(each, [channels, 1, 1]));
  };
  return x.sub(upload(mean)).div(upload(std));
}

/** Returns floats rounded to bytes, half to even, if `like` has bytes. */
function roundedAs(like: Tensor, y: Tensor): Tensor {
  return like.dtype === "uint8" ? y.round().to("uint8") : y;
}

/** Returns `y` within the bounds of `like`; bytes lose their fraction. */
function cutAs(like: Tensor, y: Tensor): Tensor {
  return like.dtype === "uint8" ? y.clamp(0, 255).to("uint8") : y.clamp(0, 1);
}

/** Returns every channel filtered by the weights [kh, kw]. */
function filter(
  x: Tensor,
  weights: Float32Array<ArrayBuffer>,
  [kh, kw]: readonly [number, number],
): Tensor {
  const [n, c, h, w] = x.shape;
  const weight = fromHost(new HostArray(weights, [1, 1, kh, kw]));
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

function sharpen(x: Tensor, { factor }: ActionOf<"sharpness">): Tensor {
  const [, , h, w] = x.shape;
  if (h! <= 2 || w! <= 2) return x;
  const weights = Float32Array.of(1, 1, 1, 1, 5, 1, 1, 1, 1)
    .map((weight) => weight / 13);
  const smooth = roundedAs(x, filter(x, weights, [3, 3])).to("float32");
  const inner = pad(smooth, [1, 1, 1, 1]);
  // the border stays as it is
  const isInner = pad(full([1, 1, h! - 2, w! - 2], 1), [1, 1, 1, 1]).eq(1);
  const values = x.to("float32");
  const degenerate = inner.where(isInner, values);
  return cutAs(x, values.mul(factor).add(degenerate.mul(1 - factor)));
}

function autocontrast(x: Tensor): Tensor {
  const bound = boundOf(x.dtype === "uint8" ? "uint8" : "float32");
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

// The histogram of each channel, its running sum, the table from that, and a
// look-up for each pixel.
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
