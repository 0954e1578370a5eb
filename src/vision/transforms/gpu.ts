/**
 * The executor on the GPU: it carries out actions on tensors of images, one
 * list of actions for all of them or a list for each. A batch is planned
 * (fold.ts) and done in as few passes as that gives.
 *
 * Images are [..., C, H, W] of uint8 or float32 (float16 is computed in
 * float32); results have the type and the leading dims of the source. Only
 * normalising floats lets gradients through.
 *
 * @module
 */

import type { WaitingImages } from "../../data/images/transform.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { cat } from "../../ops/movement/join.ts";
import { fromHost, zeros } from "../../tensor/create.ts";
import { HostArray } from "../../tensor/host_array.ts";
import { scope } from "../../tensor/scope.ts";
import { formatShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { type Action, ACTIONS, after, type Extent, valueAt } from "./action.ts";
import { setTensorExecutor } from "./executor.ts";
import { type Atlas, atlasOf, extentOfTensor } from "./atlas.ts";
import { fold, idlePass, type Pass, staysPut } from "./fold.ts";
import { normalizeBytes } from "./kernels.ts";
import { runPasses } from "./passes.ts";
import type { Place } from "./records.ts";
import { isFilter, runFilter } from "./tensor_filters.ts";
import { moveTensorMask } from "./tensor_masks.ts";

/** Channels that the kernel takes at once. */
const MAX_CHANNELS = 4;

/**
 * The tensor after actions, the same for all of its images.
 *
 * @throws {TypeError} If it holds no images, or an action does not take them
 * @throws {RangeError} If a size does not fit
 */
export function runOnTensor(x: Tensor, actions: readonly Action[]): Tensor {
  let result = extentOfTensor(x);
  for (const action of actions) result = after(action, result); // checks
  if (actions.length === 0) return x;
  if (x.shape.includes(0)) { // no images at all
    const { channels, height, width, dtype } = result;
    const lead = x.shape.slice(0, -3);
    return zeros([...lead, channels, height, width], { dtype });
  }
  return scope(() => runOnImages(x, actions, result));
}

function runOnImages(
  x: Tensor,
  actions: readonly Action[],
  result: Extent,
): Tensor {
  const { channels, height, width } = extentOfTensor(x);
  const own = x.dtype === "float16" ? x.to("float32") : x;
  let y = x.ndim === 4 ? own : own.reshape([-1, channels, height, width]);
  for (const part of segments(actions)) {
    const [first] = part;
    y = first && isFilter(first) ? runFilter(y, first) : runAlike(y, part);
  }
  if (x.ndim !== 4) {
    const isPlane = x.ndim === 2 && result.channels === 1;
    y = y.reshape([
      ...x.shape.slice(0, -3),
      ...y.shape.slice(isPlane ? -2 : -3),
    ]);
  }
  return x.dtype === "float16" && isFloat(y.dtype) ? y.to("float16") : y;
}

/** Runs of actions that the kernel does, and others one by one. */
function segments(actions: readonly Action[]): Action[][] {
  const parts: Action[][] = [];
  for (const action of actions) {
    const last = parts.at(-1);
    const joins = last && ACTIONS[action.op].batched &&
      ACTIONS[last[0]!.op].batched;
    if (joins) last.push(action);
    else parts.push([action]);
  }
  return parts;
}

/** Batched actions, the same for all images of [N, C, H, W]. */
function runAlike(x: Tensor, actions: readonly Action[]): Tensor {
  if (actions.every(({ op }) => op === "convert" || op === "normalize")) {
    const [first, second] = actions;
    if (
      actions.length === 2 && x.dtype === "uint8" && first!.op === "convert" &&
      second!.op === "normalize"
    ) {
      const found = normalizeBytes(x, second);
      if (found) return found;
    }
    return actions.reduce(affine, x);
  }
  const extent = extentOfTensor(x);
  if (extent.channels > MAX_CHANNELS) return planeByPlane(x, actions);
  const passes = fold(actions, extent);
  const images = x.shape[0]!;
  return runPasses(
    atlasOf(x),
    passes.map((pass) => new Array<Pass>(images).fill(pass)),
  );
}

// The ops of tensors, where no pixel moves: gradients flow through them.
function affine(x: Tensor, action: Action): Tensor {
  if (action.op === "convert") {
    if (action.dtype === x.dtype) return x;
    return action.dtype === "float32"
      ? x.to("float32").div(255)
      : x.mul(255.999).clamp(0, 255).to("uint8");
  }
  if (action.op !== "normalize") return x;
  const { mean, std } = action;
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

// More channels than a pixel of the kernel has: each is an image of one.
function planeByPlane(x: Tensor, actions: readonly Action[]): Tensor {
  const [n, c, h, w] = x.shape;
  const planes = x.reshape([n! * c!, 1, h!, w!]);
  const lists = Array.from(
    { length: c! },
    (_, channel) =>
      actions.map((action): Action => {
        switch (action.op) {
          case "normalize": {
            const mean = [valueAt(action.mean, channel)];
            return { ...action, mean, std: [valueAt(action.std, channel)] };
          }
          case "pad":
            return { ...action, fill: valueAt(action.fill, channel) };
          case "warp": {
            const { fill } = action;
            return { ...action, fill: fill && valueAt(fill, channel) };
          }
          default:
            return action;
        }
      }),
  );
  const each = Array.from({ length: n! }, () => lists).flat();
  const y = runOnBatch(atlasOf(planes), each);
  return y.reshape([n!, c!, ...y.shape.slice(-2)]);
}

/**
 * A batch [N, C, H, W] of images, each after its own actions. All must end with
 * one size, number of channels and type.
 *
 * @throws {TypeError} If results differ, or an action does not take its image
 */
export function runOnBatch(
  atlas: Atlas,
  lists: readonly (readonly Action[])[],
): Tensor {
  const { extents } = atlas;
  const results = lists.map((actions, n) =>
    actions.reduce((extent, action) => after(action, extent), extents[n]!)
  );
  checkAlike(results);
  const isPlanned = lists.every((actions) =>
    actions.every(({ op }) => ACTIONS[op].batched)
  );
  const planned = isPlanned
    ? aligned(lists.map((actions, n) => fold(actions, extents[n]!)))
    : undefined;
  if (planned) return runPasses(atlas, planned);
  // steps that some images have and others have not: one image after another
  return cat(
    lists.map((actions, n) => {
      const extent = extents[n]!;
      const alone = {
        tensor: atlas.tensor,
        places: [atlas.places[n]!],
        extents: [extent],
      };
      return runOnTensor(runPasses(alone, [[idlePass(extent)]]), actions);
    }),
    0,
  );
}

/**
 * Images that wait for what is left to be done to each: a batch, or the bytes of
 * images that differ in size.
 *
 * @throws {TypeError} If results differ, or an action does not take its image
 */
export function runOnWaiting(
  { tensor, sizes, channels }: WaitingImages,
  lists: readonly (readonly Action[])[],
): Tensor {
  if (tensor.ndim !== 1) {
    const [first] = lists;
    const isAlike = lists.every((list) => sameActions(list, first!));
    return isAlike && first
      ? runOnTensor(tensor, first)
      : runOnBatch(atlasOf(tensor), lists);
  }
  let offset = tensor.layout.offset;
  const places = sizes.map(([height, width]): Place => {
    const place = {
      offset,
      channelStep: 1,
      rowStep: width * channels,
      pixelStep: channels,
    };
    offset += height * width * channels;
    return place;
  });
  const extents = sizes.map(([height, width]): Extent => ({
    channels,
    height,
    width,
    dtype: "uint8",
  }));
  return runOnBatch({ tensor, places, extents }, lists);
}

function sameActions(
  a: readonly Action[],
  b: readonly Action[],
): boolean {
  return a === b || (a.length === b.length &&
    a.every((action, i) => action.op === b[i]!.op) &&
    JSON.stringify(a) === JSON.stringify(b));
}

function checkAlike(results: readonly Extent[]): void {
  const [first] = results;
  const format = ({ channels, height, width, dtype }: Extent): string =>
    `${dtype} ${formatShape([channels, height, width])}`;
  const other = results.find((each) => format(each) !== format(first!));
  if (!other) return;
  throw new TypeError(
    `Cannot make a batch of images of ${format(first!)} and ${
      format(other)
    }: ` +
      `end with one size (resize([h, w]), a crop) and one type`,
  );
}

/** The passes of all images side by side; undefined if they do not fit. */
function aligned(
  perImage: readonly (readonly Pass[])[],
): readonly (readonly Pass[])[] | undefined {
  const count = Math.max(...perImage.map(({ length }) => length));
  const passes: Pass[][] = [];
  for (let p = 0; p < count; p++) {
    const each = perImage.map((list) =>
      list[p] ?? idlePass(list.at(-1)!.result)
    );
    const { channels, height, width } = each[0]!.result;
    const source = each[0]!.source.channels;
    const isAlike = each.every(({ source: from, result: to }) =>
      from.channels === source && to.channels === channels &&
      to.height === height && to.width === width
    );
    const isWarped = each.some(({ geometry }) => geometry.kind === "matrix");
    if (!isAlike || (isWarped && !each.every(isWarpable))) return undefined;
    passes.push(isWarped ? each.map(asWarp) : each);
  }
  return passes;
}

function isWarpable(pass: Pass): boolean {
  return pass.geometry.kind === "matrix" || staysPut(pass);
}

function asWarp(pass: Pass): Pass {
  if (pass.geometry.kind === "matrix") return pass;
  const { height, width } = pass.source;
  return {
    ...pass,
    geometry: {
      kind: "matrix",
      warp: {
        op: "warp",
        matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1],
        size: [height, width],
        interpolation: "nearest",
        fill: undefined,
      },
    },
  };
}

setTensorExecutor({
  takes: (value): value is Tensor => value instanceof Tensor,
  extentOf: extentOfTensor,
  run: runOnTensor,
  runMask: (mask, actionsOf, fill) =>
    moveTensorMask(mask, actionsOf, fill, runOnTensor),
  runWaiting: runOnWaiting,
});
