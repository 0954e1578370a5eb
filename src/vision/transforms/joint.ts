/**
 * Joint transforms: an image, its mask and its boxes move together.
 *
 * The values of a mask name classes or instances. Transforms scale and turn a
 * mask without mixing values, and changes of colour do not reach it. It may have
 * any type: classes are often uint8, instances int32. A box is [left, top,
 * right, bottom] in pixels.
 *
 * @module
 */

import { isPlainObject } from "../../data/checks/values.ts";
import { checkOptionNames, formatValue } from "../../tensor/arguments.ts";
import { defaultGenerator, type Generator } from "../../tensor/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Action, Extent, Fill } from "../actions/action.ts";
import type { HostImage } from "../actions/pixels.ts";
import { ACTIONS, after } from "../actions/rows.ts";
import { extentOfImage, runOnImage, runOnMask } from "../executors/executor.ts";
import { sizeOfMask } from "../executors/host_masks.ts";
import { checkArguments, checkNumber } from "./checks.ts";
import { drawAll, isDrawn, type Transform } from "./transform.ts";

/** [left, top, right, bottom], in pixels. */
export type BoundingBox = readonly number[];

/** A record of an image and its targets; other fields stay as they are. */
export interface JointSample {
  /** The image. */
  readonly image: HostImage | Tensor;
  /** Class or instance of each pixel. */
  readonly mask?: HostImage | Tensor;
  /** Boxes in the image. */
  readonly boxes?: readonly BoundingBox[];
}

/** Options of `joint`. */
export interface JointOptions {
  /**
   * Value around masks: 255, say, if the loss ignores that class. Default: 0.
   */
  readonly maskFill?: number;
}

/** Transform of an image together with its targets. */
export class Joint {
  /** Module of this class, for workers. */
  static readonly url: string = import.meta.url;
  /** The transforms, in order. */
  readonly transforms: readonly Transform[];
  /** Value around masks. */
  readonly maskFill: number;

  /**
   * @throws {TypeError} If the argument is not a list of transforms
   * @throws {RangeError} If the fill is not a finite number
   */
  constructor(transforms: readonly Transform[], options: JointOptions = {}) {
    checkArguments("Joint", arguments, 2);
    if (!Array.isArray(transforms)) {
      throw new TypeError(
        `Cannot make a joint transform of ${formatValue(transforms)}: ` +
          `expected a list: T.joint([a, b])`,
      );
    }
    const wrong = transforms.find((each) => !isDrawn(each));
    if (wrong !== undefined) {
      throw new TypeError(
        `Cannot make a joint transform of ${formatValue(wrong)}: expected ` +
          `transforms, which say where pixels move`,
      );
    }
    this.transforms = transforms;
    const { maskFill = 0 } = checkOptionNames("joint", options, ["maskFill"]);
    this.maskFill = checkNumber("a fill of masks", maskFill);
  }

  /**
   * Returns a record with its image, mask and boxes moved; mask and boxes may be
   * absent. Steps like `toFloat` make a HostArray of an `Image`.
   *
   * @throws {TypeError} If the sample is neither such a record nor a pair, the
   * mask and the image differ in size, or the boxes are not a list of boxes
   */
  call<Sample extends JointSample>(
    sample: Sample,
    generator?: Generator,
  ): Sample;
  /** Returns a pair of tensors, images and masks. */
  call(
    pair: readonly [Tensor, Tensor],
    generator?: Generator,
  ): [Tensor, Tensor];
  /** Returns the pair of an image and its mask, or of an image and a record. */
  call<Target>(
    pair: readonly [HostImage, Target],
    generator?: Generator,
  ): [HostImage, Target];
  call(
    sample: JointSample | readonly [unknown, unknown],
    generator: Generator = defaultGenerator(),
  ): unknown {
    if (!isPair(sample) && Object(sample).image === undefined) {
      throw new TypeError(
        `Cannot move ${
          formatValue(sample)
        }: expected a pair [image, mask] or ` +
          `a record with \`image\`; a joint transform belongs in a dataset's ` +
          `option \`transforms\``,
      );
    }
    const [image, target] = isPair(sample) ? sample : [sample.image, sample];
    const extent = extentOfImage(image);
    const { actions } = drawAll(this.transforms, extent, generator);
    const moved = runOnImage(image, actions);
    const move = { actions, extent, maskFill: this.maskFill };
    if (!isPair(sample)) return { ...moveFields(target, move), image: moved };
    return [
      moved,
      isPlainObject(target) ? moveFields(target, move) : moveMask(target, move),
    ];
  }

  /** Returns a text like that of `Compose`. */
  toString(): string {
    const lines = this.transforms.map((each) =>
      `\n    ${String(each).replaceAll("\n", "\n    ")}`
    );
    return `Joint(${lines.join("")}\n)`;
  }
}

function isPair(
  sample: JointSample | readonly [unknown, unknown],
): sample is readonly [unknown, unknown] {
  return Array.isArray(sample);
}

/** Actions on an image of an extent, and the fill of its mask. */
interface Move {
  readonly actions: readonly Action[];
  readonly extent: Extent;
  readonly maskFill: number;
}

/** Returns a record with its mask and its boxes moved. */
function moveFields(target: unknown, move: Move): Record<string, unknown> {
  const { mask, boxes, ...rest }: Partial<JointSample> = Object(target);
  if (boxes !== undefined && !Array.isArray(boxes)) {
    throw new TypeError(
      `Cannot move the boxes ${formatValue(boxes)}: expected a list of ` +
        `[left, top, right, bottom]`,
    );
  }
  const { actions, extent } = move;
  return {
    ...rest,
    ...(mask === undefined ? {} : { mask: moveMask(mask, move) }),
    ...(boxes === undefined
      ? {}
      : { boxes: boxes.map((box) => moveBox(box, actions, extent)) }),
  };
}

function moveMask(
  mask: unknown,
  { actions, extent, maskFill }: Move,
): unknown {
  const [height, width] = sizeOfMask(mask);
  if (extent.height !== height || extent.width !== width) {
    throw new TypeError(
      `Cannot move a mask of ${height} x ${width} with an image ` +
        `of ${extent.height} x ${extent.width}: sizes must be equal`,
    );
  }
  const actionsOf = (fill: Fill): Action[] => {
    let before = extent;
    return actions.flatMap((action) => {
      const moved = ACTIONS[action.op].moves
        ? [withoutMixing(action, before, fill)]
        : [];
      before = after(action, before);
      return moved;
    });
  };
  return runOnMask(mask, actionsOf, maskFill);
}

function withoutMixing(
  action: Action,
  { height, width }: Extent,
  fill: Fill,
): Action {
  switch (action.op) {
    case "resize":
      return { ...action, interpolation: "nearest", antialias: false };
    case "warp":
      return { ...action, interpolation: "nearest", fill };
    case "pad":
      return { ...action, fill };
    case "crop": {
      const right = action.left + action.width - width;
      const bottom = action.top + action.height - height;
      const padding = [-action.left, -action.top, right, bottom] as const;
      // a crop has zeros beyond the image
      return padding.every((amount) => amount <= 0)
        ? action
        : { op: "pad", padding, fill, mode: "constant" };
    }
    default:
      return action;
  }
}

/** Returns the box around the moved corners of a box, within the image. */
function moveBox(
  box: BoundingBox,
  actions: readonly Action[],
  extent: Extent,
): BoundingBox {
  const isList = Array.isArray(box);
  if (!isList || box.length !== 4 || !box.every(Number.isFinite)) {
    const got = isList ? `[${box.join(", ")}]` : formatValue(box);
    throw new TypeError(
      `Cannot move box ${got}: expected [left, top, right, bottom]`,
    );
  }
  let moved = box;
  for (const action of actions) {
    const [left, top, right, bottom] = moved;
    const corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
      .map(([x, y]) => movePoint(x!, y!, action, extent));
    extent = after(action, extent);
    const within = (value: number, most: number): number =>
      Math.min(Math.max(value, 0), most);
    const xs = corners.map(([x]) => within(x, extent.width));
    const ys = corners.map(([, y]) => within(y, extent.height));
    moved = [
      Math.min(...xs),
      Math.min(...ys),
      Math.max(...xs),
      Math.max(...ys),
    ];
  }
  return moved;
}

/** Returns the place to which an action moves a point. */
function movePoint(
  x: number,
  y: number,
  action: Action,
  { height, width }: Extent,
): readonly [number, number] {
  switch (action.op) {
    case "hflip":
      return [width - x, y];
    case "vflip":
      return [x, height - y];
    case "crop":
      return [x - action.left, y - action.top];
    case "pad":
      return [x + action.padding[0], y + action.padding[1]];
    case "resize": {
      const [tall, broad] = action.size;
      return [x * broad / width, y * tall / height];
    }
    case "warp":
      return unwarped(x, y, action.matrix);
    default:
      return [x, y];
  }
}

// The matrix of a warp maps a result to its source. Cramer's rule inverts it: the
// (X, Y) with (a - x g) X + (b - x h) Y = x i - c, and likewise for y.
function unwarped(
  x: number,
  y: number,
  [a, b, c, d, e, f, g, h, i]: readonly number[],
): readonly [number, number] {
  const [p, q, r] = [a! - x * g!, b! - x * h!, x * i! - c!];
  const [s, t, u] = [d! - y * g!, e! - y * h!, y * i! - f!];
  const det = p * t - q * s;
  return [(r * t - q * u) / det, (p * u - r * s) / det];
}

/**
 * Makes transforms that move an image, its mask and its boxes together. Samples
 * are pairs [image, mask], or records with `image` and perhaps `mask` and
 * `boxes`.
 *
 * Masks move to the nearest pixel, with `maskFill` around them; changes of colour
 * and type and erased rectangles do not reach them. They are images, or arrays
 * and tensors of any type, which they keep.
 *
 * Boxes are clipped to the image. A box outside the image stays in the list, at
 * the edge and without area: remove it afterwards, together with its label.
 *
 * @throws {TypeError} If the list does not hold transforms only
 * @throws {RangeError} If the fill is not a finite number
 *
 * @example The mask is mirrored with its image
 * ```ts
 * import { vision } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const T = vision.transforms;
 * const image = new vision.Image(Uint8Array.of(10, 200), 2, 1, 1);
 * const mask = new vision.Image(Uint8Array.of(0, 1), 2, 1, 1);
 * const flip = T.joint([T.randomHorizontalFlip(1), T.randomInvert(1)]);
 * const moved = flip.call({ image, mask });
 * assertEquals([...moved.image.data], [55, 245]);
 * assertEquals([...moved.mask.data], [1, 0]);
 * ```
 */
export function joint(
  transforms: readonly Transform[],
  options?: JointOptions,
): Joint {
  const moved = new Joint(transforms, options);
  checkArguments("joint", arguments, 2);
  return moved;
}
