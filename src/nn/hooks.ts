/**
 * Hooks of modules: functions that are called around `forward`, and with the
 * gradients of a call.
 *
 * For a backward hook, the inputs and the output of the module become identity
 * views. The gradients of these views belong to this call alone, even if other
 * code uses the same tensors.
 *
 * @module
 */

import { defineView } from "../ops/define.ts";
import { Tensor } from "../tensor/tensor.ts";

/** The handle of a registered hook. */
export interface HookHandle {
  /** Removes the hook. A second call does nothing. */
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

/** Whether a hook's result is of a type that may replace `before`. */
export function replaces<T>(value: unknown, before: T): value is T {
  if (before instanceof Tensor) return value instanceof Tensor;
  if (Array.isArray(before)) return Array.isArray(value);
  return false;
}

/**
 * Receives the gradients of the inputs and the output of one call, which are
 * freed afterwards unless kept. If the module has one input, the returned
 * gradient replaces that input's.
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
 * Runs `forward`, and calls `onGradients` when backward reaches it. The
 * gradient of an input is undefined if the input is not a tensor or requires no
 * gradient.
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
  // same types as the inputs; some tensors are replaced by views of themselves
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

/** Collects the gradients of one call until all have arrived. */
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

  // Passes aliases, which the scope of the backward node frees.
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
