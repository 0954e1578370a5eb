/**
 * Runs the cases of the category schedulers: the learning rates (and momenta)
 * after construction and after each step.
 *
 * @module
 */

import type { Scheduled, ScheduledGroup } from "../../src/optim/scheduler.ts";
import { zeros } from "../../src/tensor/create.ts";
import { asFields, type Case, type Category, type Fields } from "./case.ts";
import { judgeFacts } from "./facts.ts";
import { optimizerOf } from "./optimizers.ts";
import { eachCase, type Outcome, Unsupported } from "./outcome.ts";
import { schedulerOf } from "./schedulers.ts";

/** Runs sequences of learning rates. */
export function runSchedulers(category: Category): Promise<Outcome[]> {
  return eachCase(category, runSequence);
}

/** What schedulers get where a case says nothing: a rate and a momentum. */
const DEFAULT_OPTIMIZER: Fields = { name: "SGD", lr: 0.1, momentum: 0.9 };

function runSequence(golden: Case): Outcome {
  const { fields, expect } = golden;
  const { calls_of_step: calls, ...kwargs } = golden.kwargs;
  const described = asFields(
    fields.optimizer ?? DEFAULT_OPTIMIZER,
    "an optimizer",
  );
  const { lr } = described;
  const optimizer = makeOptimizer(described);
  const formula = fields.formula === undefined
    ? undefined
    : String(fields.formula);
  const scheduler = schedulerOf({ op: golden.op, kwargs }, optimizer, {
    formula,
  });
  const perGroup = Array.isArray(lr);
  const rates = [read(optimizer, perGroup, (group) => group.lr)];
  const momenta = [read(optimizer, perGroup, momentumOf)];
  const given = fields.metrics ?? fields.step_argument;
  const count = Number(fields.steps ?? calls ?? 0);
  if (given !== undefined && !Array.isArray(given)) {
    throw new Unsupported("an argument of step() that is no list");
  }
  for (let step = 0; step < count; step++) {
    scheduler.step(given ? Number(given[step]) : undefined);
    rates.push(read(optimizer, perGroup, (group) => group.lr));
    momenta.push(read(optimizer, perGroup, momentumOf));
  }
  if (expect.error !== undefined) {
    return { kind: "failed", message: "was not refused" };
  }
  return judgeFacts(golden, { lr: rates, momentum: momenta });
}

/** An optimizer with a group for each rate. */
function makeOptimizer({ name, lr, ...options }: Fields): Scheduled {
  const rates = Array.isArray(lr) ? lr : undefined;
  const groups = (rates ?? [undefined]).map((rate) => ({
    params: [zeros([1])],
    ...(rates ? { options: { lr: rate } } : {}),
  }));
  return optimizerOf(
    `torch.optim.${name}`,
    groups,
    { ...options, lr: rates ? rates[0] : lr },
  );
}

function read(
  { paramGroups }: Scheduled,
  perGroup: boolean,
  value: (group: ScheduledGroup) => number,
): number | number[] {
  const values = paramGroups.map(value);
  return perGroup ? values : values[0]!;
}

function momentumOf({ momentum, betas }: ScheduledGroup): number {
  return betas ? betas[0] : momentum ?? 0;
}
