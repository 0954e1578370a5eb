/**
 * Hooks of modules: what is called around `forward`, and when gradients pass.
 *
 * A backward hook stands between two identity views, one at the module's inputs
 * and one at its output: the gradients that arrive there are those of this call
 * alone, whatever else uses the same tensors.
 *
 * @module
 */

import { defineView } from "../ops/define.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What registering a hook returns. */
export interface HookHandle {
  /** Takes the hook away; twice does nothing. */
  remove(): void;
}

/** Adds `entry` to a set until its handle is removed. */
export function attach<T>(entries: Set<T>, entry: T): HookHandle {
  entries.add(entry);
  return {
    remove() {
      entries.delete(entry);
    },
  };
}

/** Whether what a hook returned is of the kind it may replace. */
export function replaces<T>(value: unknown, before: T): value is T {
  if (before instanceof Tensor) return value instanceof Tensor;
  if (Array.isArray(before)) return Array.isArray(value);
  return false;
}

/**
 * Called with the gradients of the inputs and of the output of one call, which
 * are freed afterwards unless kept. With one input, what it returns replaces
 * that input's gradient.
 */
export type OnGradients = (
  gradInputs: readonly (Tensor | undefined)[],
  gradOutput: Tensor,
) => readonly (Tensor | undefined)[] | void;

const identity = defineView<void>({
  name: "hook",
  layout: (x) => x.layout,
  grad: (dy) => dy,
});

/**
 * Runs `forward` so that `onGradients` hears of its gradients. Inputs that are
 * no tensors or need no gradient have `undefined` for theirs.
 */
export function watchGradients<In extends readonly unknown[], Out>(
  inputs: In,
  forward: (inputs: In) => Out,
  onGradients: OnGradients,
): Out {
  const views = inputs.map((input) =>
    input instanceof Tensor && input.requiresGrad
      ? identity(input, undefined)
      : undefined
  );
  const passed = inputs.map((input, i) => views[i] ?? input);
  // the same types in the same places, some replaced by views of themselves
  const output = forward(passed as unknown as In);
  if (!(output instanceof Tensor) || !output.requiresGrad) return output;
  const result = identity(output, undefined);
  const arrivals = new Arrivals(views, onGradients);
  onGradient(result, (dy) => arrivals.output(dy));
  views.forEach((view, i) => {
    if (view) onGradient(view, (dx) => arrivals.input(i, dx));
  });
  return result as Tensor as typeof output; // Out is Tensor here
}

/** Collects the gradients of one call until all are there. */
class Arrivals {
  readonly #onGradients: OnGradients;
  readonly #inputs: (Tensor | undefined)[];
  readonly #expected: number;
  #arrived = 0;
  #output: Tensor | undefined;

  constructor(
    views: readonly (Tensor | undefined)[],
    onGradients: OnGradients,
  ) {
    this.#onGradients = onGradients;
    this.#inputs = views.map(() => undefined);
    this.#expected = views.filter((view) => view !== undefined).length;
  }

  output(dy: Tensor): void {
    this.#output = dy.alias().keep();
    if (this.#expected === 0) this.#tell();
  }

  input(i: number, dx: Tensor): Tensor | void {
    this.#inputs[i] = dx.alias().keep();
    if (++this.#arrived < this.#expected) return;
    const replaced = this.#tell();
    if (this.#expected === 1) return replaced?.[i];
  }

  // Hands out handles of the scope that backward opens around each node.
  #tell(): readonly (Tensor | undefined)[] | void {
    const inputs = this.#inputs.map((each) => each?.alias());
    const output = this.#output;
    if (!output) return;
    const replaced = this.#onGradients(inputs, output.alias());
    output.dispose();
    for (const each of this.#inputs) each?.dispose();
    this.#inputs.fill(undefined);
    this.#output = undefined;
    this.#arrived = 0;
    return replaced;
  }
}

function onGradient(
  tensor: Tensor,
  hook: (gradient: Tensor) => Tensor | void,
): void {
  (tensor.autograd.hooks ??= new Set()).add(hook);
}
