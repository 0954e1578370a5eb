/**
 * Runs planned passes over images on the GPU, one after the other.
 *
 * @module
 */

import { MAX_LOOPS } from "../../gpu/plan.ts";
import { cat } from "../../ops/movement/join.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Atlas, atlasOf } from "./atlas.ts";
import { halved, isIdle, type Pass } from "./fold.ts";
import { runPass } from "./kernels.ts";
import { filterLoop, recordsOf, tapsOf } from "./records.ts";

/**
 * Whether filters have so many taps that a pass is split into one along rows and
 * one along columns: see NOTE [loops].
 */
function isLong(passes: readonly Pass[]): boolean {
  return filterLoop(tapsOf(passes)).passes > MAX_LOOPS / 2;
}

/** Returns images after passes; `given` lists the passes, each by image. */
export function runPasses(
  atlas: Pick<Atlas, "tensor" | "places">,
  given: readonly (readonly Pass[])[],
): Tensor {
  const { tensor, places } = atlas;
  if (given.some(isLong) && !haveOneSize(given[0]!)) {
    // between two halves, each image would have a size of its own
    return cat(
      places.map((place, n) =>
        runPasses({ tensor, places: [place] }, given.map((each) => [each[n]!]))
      ),
      0,
    );
  }
  const passes = given.flatMap((each) => {
    if (!isLong(each)) return [each];
    const halves = each.map(halved);
    return [halves.map(([down]) => down), halves.map(([, across]) => across)];
  });
  let y = tensor;
  let at = places;
  for (const [p, each] of passes.entries()) {
    const isSkipped = p === 0 && passes.length > 1 && y.ndim === 4 &&
      y.dtype === "float32" && each.every(isIdle);
    if (isSkipped) {
      y = y.contiguous();
    } else {
      const { source, result } = each[0]!;
      y = runPass(y, recordsOf(each, at), {
        images: each.length,
        channels: source.channels,
        outChannels: result.channels,
        height: result.height,
        width: result.width,
        sampler: samplerOf(each),
      });
    }
    at = atlasOf(y).places;
  }
  const last = passes.at(-1)![0]!;
  return last.result.dtype === "uint8" ? y.to("uint8") : y;
}

function haveOneSize(passes: readonly Pass[]): boolean {
  const [{ source: { height, width } }] = passes as [Pass]; // never empty
  return passes.every(({ source }) =>
    source.height === height && source.width === width
  );
}

function samplerOf(passes: readonly Pass[]): 0 | 1 | 2 {
  if (passes[0]!.geometry.kind === "matrix") return 2;
  const isScaled = passes.some(({ geometry }) =>
    geometry.kind === "window" && geometry.resize
  );
  return isScaled ? 1 : 0;
}
