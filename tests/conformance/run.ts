/**
 * Runs a folder of goldens: each category by its runner.
 *
 * @module
 */

import { type Category, readCategory } from "./case.ts";
import type { CategoryRunner, Outcome, Result } from "./outcome.ts";
import { runData } from "./run_data.ts";
import { runImages } from "./run_images.ts";
import { runModels } from "./run_models.ts";
import { runLargeOps, runOps } from "./run_ops.ts";
import { runOptim } from "./run_optim.ts";
import { runSchedulers } from "./run_schedulers.ts";
import { runTraining } from "./run_training.ts";
import { runTransforms } from "./run_transforms.ts";

/** The runner of each category; the cases of others are unsupported. */
const RUNNERS: Readonly<Record<string, CategoryRunner>> = {
  tensor: runOps,
  nn: runOps,
  losses: runOps,
  optim: runOptim,
  schedulers: runSchedulers,
  transforms: runTransforms,
  images: runImages,
  data: runData,
  training: runTraining,
  models: runModels,
  large: runLargeOps,
};

/** Runs one category of a folder. */
export async function runCategory(
  folder: string,
  name: string,
): Promise<Result[]> {
  const category = await readCategory(folder, name);
  const runner = RUNNERS[name] ?? runNothing;
  const outcomes = await runner(category);
  return category.cases.map(({ id, op }, i) => ({
    category: name,
    id,
    op,
    outcome: outcomes[i]!, // one for each case
  }));
}

function runNothing({ name, cases }: Category): Promise<Outcome[]> {
  const reason = `no runner for ${name}`;
  return Promise.resolve(
    cases.map(() => ({ kind: "unsupported", reason })),
  );
}
