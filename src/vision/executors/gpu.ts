/**
 * The executor on the GPU: it carries out actions on tensors of images, one
 * list of actions for all images or one list for each. The planner (fold.ts)
 * joins actions into passes.
 *
 * Images are [..., C, H, W] of uint8, float32 or float16, which is computed in
 * float32. Results have the leading dims of the source. Gradients flow only
 * through the actions that normalise and convert floats.
 *
 * @module
 */

import type { WaitingImages } from "../../data/images/transform.ts";
import { cat } from "../../ops/movement/join.ts";
import { zeros } from "../../tensor/create.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { scope } from "../../tensor/scope.ts";
import { formatShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Action, Extent } from "../actions/action.ts";
import { ACTIONS, after, isBatched } from "../actions/rows.ts";
import { type Atlas, atlasOf, extentOfTensor } from "./atlas.ts";
import { composed, isComposed } from "./compositions.ts";
import type { TensorExecutor } from "./executor.ts";
import { fold, idlePass, type Pass, staysPut } from "./fold.ts";
import { normalizeBytes } from "./kernels.ts";
import { runPasses } from "./passes.ts";
import type { Place } from "./records.ts";
import { moveTensorMask } from "./tensor_masks.ts";

/** The most channels that a pixel of the kernel has. */
const MAX_CHANNELS = 4;

/**
 * Returns a tensor after actions, the same for all of its images.
 *
 * @throws {TypeError} If the tensor does not hold images, or an action does not
 * take them
 * @throws {RangeError} If a size does not fit
 */
export function runOnTensor(x: Tensor, actions: readonly Action[]): Tensor {
  let result = extentOfTensor(x);
  for (const action of actions) result = after(action, result); // checks
  if (actions.length === 0) return x;
  if (x.shape.includes(0)) { // no images
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
  for (const part of segments(actions)) y = runAlike(y, part);
  if (x.ndim !== 4) {
    const isPlane = x.ndim === 2 && result.channels === 1;
    y = y.reshape([
      ...x.shape.slice(0, -3),
      ...y.shape.slice(isPlane ? -2 : -3),
    ]);
  }
  return x.dtype === "float16" && isFloat(y.dtype) ? y.to("float16") : y;
}

/** Splits actions into runs that the kernels do, and single others. */
function segments(actions: readonly Action[]): Action[][] {
  const parts: Action[][] = [];
  for (const action of actions) {
    const last = parts.at(-1);
    const joins = last && isBatched(action.op) && isBatched(last[0]!.op);
    if (joins) last.push(action);
    else parts.push([action]);
  }
  return parts;
}

/** Returns images [N, C, H, W] after a segment of actions. */
function runAlike(x: Tensor, actions: readonly Action[]): Tensor {
  if (actions.every(isComposed)) {
    return normalizedBytes(x, actions) ?? actions.reduce(composed, x);
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

function normalizedBytes(
  x: Tensor,
  actions: readonly Action[],
): Tensor | undefined {
  const [first, second] = actions;
  return actions.length === 2 && x.dtype === "uint8" &&
      first?.op === "convert" && second?.op === "normalize"
    ? normalizeBytes(x, second)
    : undefined;
}

// A pixel of the kernel has four channels: of more, each is an image of one.
function planeByPlane(x: Tensor, actions: readonly Action[]): Tensor {
  const [n, c, h, w] = x.shape;
  const planes = x.reshape([n! * c!, 1, h!, w!]);
  const lists = Array.from(
    { length: c! },
    (_, channel) =>
      actions.map((action) =>
        ACTIONS[action.op].ofChannel?.(action, channel) ?? action
      ),
  );
  const each = Array.from({ length: n! }, () => lists).flat();
  const y = runOnBatch(atlasOf(planes), each);
  return y.reshape([n!, c!, ...y.shape.slice(-2)]);
}

/**
 * Returns a batch [N, C, H, W], each image after its own actions. All results
 * must have one size, number of channels and type.
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
    actions.every(({ op }) => isBatched(op))
  );
  const planned = isPlanned
    ? aligned(lists.map((actions, n) => fold(actions, extents[n]!)))
    : undefined;
  if (planned) return runPasses(atlas, planned);
  // lists do not align: one image after another
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
 * Returns waiting images after the actions that are left for each. They are a
 * batch, or the bytes of images that differ in size.
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
      `transforms must end with one size (resize([h, w]), a crop) and one type`,
  );
}

/** Returns the passes by image; undefined if images need different kinds. */
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

/** The executor of tensors, to be registered with executor.ts. */
export const tensorExecutor: TensorExecutor = {
  takes: (value): value is Tensor => value instanceof Tensor,
  extentOf: extentOfTensor,
  run: runOnTensor,
  runMask: (mask, actionsOf, fill) =>
    moveTensorMask(mask, actionsOf, fill, runOnTensor),
  runWaiting: runOnWaiting,
};
