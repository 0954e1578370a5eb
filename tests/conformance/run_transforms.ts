/**
 * Runs the category transforms: functions of tensors by the table, and what
 * transforms draw by drawing many times.
 *
 * @module
 */

import { Generator } from "../../src/tensor/generator.ts";
import type { Action, Extent } from "../../src/vision/actions/action.ts";
import { after } from "../../src/vision/actions/rows.ts";
import { colorPalette } from "../../src/vision/segmentation_masks.ts";
import * as T from "../../src/vision/transforms/mod.ts";
import { type Arguments, withArguments } from "./arguments.ts";
import { asFields, type Case, type Category } from "./case.ts";
import { unequal } from "./facts.ts";
import { judge, judgeError, type Outcome, Unsupported } from "./outcome.ts";
import { runOps } from "./run_ops.ts";
import { defaultDifferences } from "./transform_defaults.ts";

/** Draws of something random. */
const DRAWS = 2000;
/** How far a mean of that many may be off, as a share of the range. */
const MEAN_TOLERANCE = 0.05;

/** What one draw gave, by the names of the goldens. */
type Draw = Readonly<Record<string, number>>;

/** Facts that are the same for every draw, and the draws. */
interface Drawn {
  readonly draws: readonly Draw[];
  readonly facts?: Readonly<Record<string, unknown>>;
}

type DrawRow = (args: Arguments) => Drawn;

/** Runs the cases of the category in their order. */
export async function runTransforms(category: Category): Promise<Outcome[]> {
  const isDrawn = ({ op }: Case): boolean => op in ROWS;
  const called = category.cases.filter((golden) => !isDrawn(golden));
  const outcomes = await runOps({ ...category, cases: called });
  const byCase = new Map(called.map((golden, i) => [golden, outcomes[i]!]));
  return category.cases.map((golden) =>
    byCase.get(golden) ?? judgeDraws(golden)
  );
}

function judgeDraws(golden: Case): Outcome {
  try {
    const { op, kwargs } = golden;
    const { draws, facts = {} } = withArguments({ op, kwargs }, ROWS[op]!);
    return judge(
      Object.entries(golden.expect).flatMap(([key, want]) => {
        switch (key) {
          case "bounds":
            return judgeBounds(draws, asFields(want, key));
          case "observed":
            return judgeMeans(draws, golden);
          case "exact":
            return Object.entries(asFields(want, key)).map(([name, value]) =>
              unequal(name, draws[0]?.[name], value, golden)
            );
          case "defaults":
            return defaultDifferences(want);
          default:
            if (!(key in facts)) throw new Unsupported(`expect.${key}`);
            return [unequal(key, facts[key], want, golden)];
        }
      }),
    );
  } catch (error) {
    return judgeError(golden, error);
  }
}

function judgeBounds(
  draws: readonly Draw[],
  bounds: Readonly<Record<string, unknown>>,
): (string | undefined)[] {
  return Object.entries(bounds).map(([name, bound]) => {
    if (bound === null) { // a step that is turned off
      const drawn = draws.find((draw) => name in draw);
      return drawn && `${name}: got ${drawn[name]}, want none`;
    }
    const [low, high] = rangeOf(bound);
    const slack = 1e-6 * Math.max(Math.abs(low), Math.abs(high));
    const outside = draws.map((draw) => draw[name]).find((value) =>
      !(value! >= low - slack && value! <= high + slack)
    );
    return outside === undefined && draws.length > 0
      ? undefined
      : `${name}: got ${outside}, want ${low} to ${high}`;
  });
}

/** Whether numbers spread as torch's do: the same mean over many draws. */
function judgeMeans(
  draws: readonly Draw[],
  { expect }: Case,
): (string | undefined)[] {
  const bounds = asFields(expect.bounds, "bounds");
  return Object.entries(asFields(expect.observed, "observed")).map(
    ([name, observed]) => {
      const { min, max, mean } = asFields(observed, name);
      const want = Number(mean);
      const [low, high] = rangeOf(bounds[name] ?? [min, max]);
      const got = draws.reduce((sum, draw) => sum + draw[name]!, 0) /
        draws.length;
      return Math.abs(got - want) <= MEAN_TOLERANCE * (high - low)
        ? undefined
        : `mean of ${name}: got ${got}, want ${want}`;
    },
  );
}

function rangeOf(value: unknown): [number, number] {
  const [low, high] = Array.isArray(value) ? value.map(Number) : [];
  return [low ?? NaN, high ?? NaN];
}

function extentOf([height, width]: readonly number[]): Extent {
  return { channels: 3, height: height!, width: width!, dtype: "float32" };
}

/** Many draws, each from a sample's own generator. */
function drawMany<T>(draw: (generator: Generator) => T): T[] {
  return Array.from(
    { length: DRAWS },
    (_, index) => draw(Generator.ofSample(0, 0, index)),
  );
}

/** The crop or the rectangle among actions. */
function boxOf(
  actions: readonly Action[],
  [height, width]: readonly number[],
): Draw {
  const action = actions.find(({ op }) => op === "crop" || op === "erase");
  if (action?.op !== "crop" && action?.op !== "erase") {
    throw new Error("nothing was cut");
  }
  const { top: i, left: j, height: h, width: w } = action;
  return {
    i,
    j,
    h,
    w,
    "i_plus_h": i + h,
    "j_plus_w": j + w,
    area: h * w / (height! * width!),
    ratio: w / h,
  };
}

const ROWS: Readonly<Record<string, DrawRow>> = {
  "torchvision.transforms.RandomCrop.get_params"(args) {
    const size = args.value<number[]>("image_size");
    const crop = T.randomCrop(args.value<number[]>("output_size"));
    const draws = drawMany((each) =>
      boxOf(crop.draw(extentOf(size), each), size)
    );
    return { draws };
  },

  "torchvision.transforms.RandomResizedCrop.get_params"(args) {
    const size = args.value<number[]>("image_size");
    const options = {
      scale: args.value<number[]>("scale"),
      ratio: args.value<number[]>("ratio"),
    };
    const crop = T.randomResizedCrop(8, options);
    const draws = drawMany((each) =>
      boxOf(crop.draw(extentOf(size), each), size)
    );
    return { draws };
  },

  "torchvision.transforms.RandomErasing.get_params"(args) {
    const size = args.value<number[]>("image_size");
    const erase = T.randomErasing({
      p: 1,
      scale: args.value<number[]>("scale"),
      ratio: args.value<number[]>("ratio"),
      value: args.value<number[]>("value"),
    });
    // ten tries may all fail: then there is no rectangle
    const draws = drawMany((each) => erase.draw(extentOf(size), each))
      .filter(({ length }) => length > 0)
      .map((actions) => boxOf(actions, size));
    return { draws };
  },

  "torchvision.transforms.RandomRotation.get_params"(args) {
    const turn = T.randomRotation(args.value<number[]>("degrees"));
    const draws = drawMany((each) => ({ angle: -turn.params(each).angle }));
    return { draws };
  },

  "torchvision.transforms.RandomAffine.get_params"(args) {
    const [width, height] = args.value<number[]>("img_size");
    const map = T.randomAffine(args.value<number[]>("degrees"), {
      translate: args.option<number[]>("translate"),
      scale: args.option<number[]>("scale_ranges"),
      shear: args.option<number[]>("shears"),
    });
    const draws = drawMany((each) => {
      const { angle, translate, scale, shear } = map.params(
        { height: height!, width: width! },
        each,
      );
      return {
        angle,
        "translate_x": translate[0],
        "translate_y": translate[1],
        scale,
        "shear_x": shear[0],
        "shear_y": shear[1],
      };
    });
    return { draws };
  },

  "torchvision.transforms.RandomPerspective.get_params"(args) {
    const bend = T.randomPerspective({
      distortionScale: args.value<number>("distortion_scale"),
    });
    const size = {
      width: args.value<number>("width"),
      height: args.value<number>("height"),
    };
    const many = drawMany((each) => bend.params(size, each));
    const names = ["topleft", "topright", "botright", "botleft"];
    return {
      facts: { startpoints: many[0]!.startpoints },
      draws: many.map(({ endpoints }) =>
        Object.fromEntries(
          endpoints.flatMap(([x, y], i) => [
            [`${names[i]}_x`, x!],
            [`${names[i]}_y`, y!],
          ]),
        )
      ),
    };
  },

  "torchvision.transforms.ColorJitter"(args) {
    const jitter = T.colorJitter(
      args.options<T.ColorJitterOptions>(
        "brightness",
        "contrast",
        "saturation",
        "hue",
      ),
    );
    const many = drawMany((each) => jitter.draw(extentOf([4, 4]), each));
    const orders = new Set(many.map((list) => list.map(({ op }) => op).join()));
    return {
      facts: { "orders_seen": orders.size },
      draws: many.map((list) =>
        Object.fromEntries(
          list.map((
            action,
          ) => [action.op, "factor" in action ? action.factor : NaN]),
        )
      ),
    };
  },

  "torchvision.transforms.GaussianBlur.get_params"(args) {
    const blur = T.gaussianBlur(3, {
      sigma: [args.value<number>("sigma_min"), args.value<number>("sigma_max")],
    });
    const draws = drawMany((each) => {
      const [action] = blur.draw(extentOf([8, 8]), each);
      return { sigma: action?.op === "blur" ? action.sigma[0] : NaN };
    });
    return { draws };
  },

  "torchvision.utils._generate_color_palette"(args) {
    const colors = colorPalette(args.value("num_objects"));
    return { draws: [], facts: { colors } };
  },

  // the case's defaults say what is compared
  "torchvision.transforms": () => ({ draws: [] }),

  "torchvision.transforms.RandomCrop"(args) {
    const crop = T.randomCrop(
      args.value<number>("size"),
      args.options<T.RandomCropOptions>("padding", "padIfNeeded"),
    );
    const extent = extentOf(args.value<number[]>("image_size"));
    const { channels, height, width } = crop.draw(extent, new Generator(0))
      .reduce((whole, action) => after(action, whole), extent);
    return { draws: [], facts: { "output_size": [channels, height, width] } };
  },
};
