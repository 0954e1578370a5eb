/**
 * Runs a folder of goldens: each category by its runner.
 *
 * @module
 */

import { type Case, type Category, readCategory } from "./case.ts";
import type { CategoryRunner, Outcome, Result } from "./outcome.ts";
import { runData } from "./run_data.ts";
import { runImages } from "./run_images.ts";
import { runModels } from "./run_models.ts";
import { runLargeOps, runOps } from "./run_ops.ts";
import { runOptim } from "./run_optim.ts";
import { runSchedulers } from "./run_schedulers.ts";
import { runTraining } from "./run_training.ts";
import { runTransforms } from "./run_transforms.ts";

/** How a category is run, and which fields of a case only it knows. */
interface CategoryRule {
  readonly run: CategoryRunner;
  readonly fields?: readonly string[];
}

const OPS: CategoryRule = { run: runOps };
const LARGE_OPS: CategoryRule = { run: runLargeOps };
const NOTHING: CategoryRule = { run: runNothing };

/** The rules of categories; others are calls. */
const RULES: Readonly<Record<string, CategoryRule>> = {
  checkpoints: NOTHING,
  data: { run: runData },
  images: { run: runImages, fields: ["tolerance"] },
  large: LARGE_OPS,
  lbfgs: NOTHING,
  long: LARGE_OPS,
  models: { run: runModels },
  optim: {
    run: runOptim,
    fields: ["grad_is_none_at", "param_groups", "scheduler"],
  },
  schedulers: {
    run: runSchedulers,
    fields: ["formula", "metrics", "optimizer", "step_argument", "steps"],
  },
  training: { run: runTraining },
  transforms: { run: runTransforms },
};

/** Runs one category of a folder. */
export async function runCategory(
  folder: string,
  name: string,
): Promise<Result[]> {
  const category = await readCategory(folder, name);
  const { run, fields = [] } = RULES[name] ?? OPS;
  const unknown = new Map(
    category.cases.map((golden) => [golden, unknownFields(golden, fields)]),
  );
  // what a runner does not know, it would leave undone without a word
  const known = category.cases.filter((golden) => !unknown.get(golden));
  const outcomes = await run({ ...category, cases: known });
  const byCase = new Map(known.map((golden, i) => [golden, outcomes[i]!]));
  return category.cases.map((golden) => ({
    category: name,
    id: golden.id,
    op: golden.op,
    outcome: byCase.get(golden) ??
      { kind: "unsupported", reason: `with ${unknown.get(golden)}` },
  }));
}

/** Fields of every category, as the goldens' README lists them. */
const FIELDS = new Set([
  "atol",
  "cotangents",
  "expect",
  "generated",
  "grads",
  "id",
  "inputs",
  "kwargs",
  "max_bad_fraction",
  "note",
  "op",
  "output_shapes",
  "outputs",
  "reason",
  "rtol",
  "samples",
  "tags",
  "tier",
  "views",
]);

/** Names of what no runner looks at, if there is any. */
function unknownFields(
  { fields }: Case,
  known: readonly string[],
): string | undefined {
  const names = Object.keys(fields).filter((name) =>
    !FIELDS.has(name) && !known.includes(name) && fields[name] !== null
  );
  return names.length > 0 ? names.join(", ") : undefined;
}

function runNothing({ name, cases }: Category): Promise<Outcome[]> {
  const reason = `no runner for ${name}`;
  return Promise.resolve(
    cases.map(() => ({ kind: "unsupported", reason })),
  );
}
