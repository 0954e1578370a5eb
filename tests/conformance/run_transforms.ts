/**
 * Runs the cases of the category transforms: calls on tensors by the table, and
 * those that give something else.
 *
 * @module
 */

import { colorPalette } from "../../src/vision/segmentation_masks.ts";
import { Arguments } from "./arguments.ts";
import type { Case, Category } from "./case.ts";
import { judgeFacts } from "./facts.ts";
import { eachCase, type Outcome } from "./outcome.ts";
import { runOps } from "./run_ops.ts";

/** Calls that give no tensor. */
const FACTS: Readonly<
  Record<string, (golden: Case, args: Arguments) => Outcome>
> = {
  "torchvision.utils._generate_color_palette": (golden, args) =>
    judgeFacts(golden, { colors: colorPalette(args.value("num_objects")) }),
};

/** Runs transforms of images. */
export async function runTransforms(category: Category): Promise<Outcome[]> {
  const { cases } = category;
  const [own, calls] = [true, false].map((isOwn) =>
    cases.filter(({ op }) => op in FACTS === isOwn)
  );
  const outcomes = new Map<Case, Outcome>();
  for (const [part, run] of [[own!, runFacts], [calls!, runOps]] as const) {
    const found = await run({ ...category, cases: part });
    part.forEach((golden, i) => outcomes.set(golden, found[i]!));
  }
  return cases.map((golden) => outcomes.get(golden)!); // each is in a part
}

function runFacts(category: Category): Promise<Outcome[]> {
  return eachCase(category, (golden) => {
    const args = new Arguments(golden.kwargs);
    const outcome = FACTS[golden.op]!(golden, args);
    args.check();
    return outcome;
  });
}
