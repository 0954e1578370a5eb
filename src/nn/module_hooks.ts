/**
 * What a module calls around `forward`: the hooks that were registered, in the
 * order in which they were. How gradients are watched is in hooks.ts.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import {
  attach,
  type HookHandle,
  type OnGradients,
  replaces,
  watchGradients,
} from "./hooks.ts";

// methods are compared loosely: a module of one tensor passes for one of anything
interface BeforeForward<In extends readonly unknown[]> {
  hook(inputs: In): unknown;
}
interface AfterForward<In extends readonly unknown[], Out> {
  hook(inputs: In, output: Out): unknown;
}

/** The hooks of one module, each kind made when its first hook comes. */
export class ModuleHooks<In extends readonly unknown[], Out> {
  #before: Set<BeforeForward<In>> | undefined;
  #after: Set<AfterForward<In, Out>> | undefined;
  #backward: Set<{ readonly hook: OnGradients }> | undefined;

  /** Adds what is called before `forward`. */
  before(hook: (inputs: In) => unknown): HookHandle {
    return attach(this.#before ??= new Set(), { hook });
  }

  /** Adds what is called after `forward`. */
  after(hook: (inputs: In, output: Out) => unknown): HookHandle {
    return attach(this.#after ??= new Set(), { hook });
  }

  /** Adds what is called with gradients. */
  backward(hook: OnGradients): HookHandle {
    return attach(this.#backward ??= new Set(), { hook });
  }

  /** All that are called: an object for each hook. */
  entries(): unknown[] {
    return [
      ...this.#before ?? [],
      ...this.#after ?? [],
      ...this.#backward ?? [],
    ];
  }

  /** Runs `forward` with the hooks before, after and behind it. */
  run(inputs: In, forward: (inputs: In) => Out): Out {
    let given = inputs;
    for (const { hook } of this.#before ?? []) {
      const result = hook(given);
      if (replaces(result, given)) given = result;
    }
    let output = this.#backward?.size
      ? watchGradients(
        given,
        forward,
        (gradInputs, gradOutput) => this.#tell(gradInputs, gradOutput),
      )
      : forward(given);
    for (const { hook } of this.#after ?? []) {
      const replaced = hook(given, output);
      if (replaces(replaced, output)) output = replaced;
    }
    return output;
  }

  #tell(
    ...[gradInputs, gradOutput]: Parameters<OnGradients>
  ): ReturnType<OnGradients> {
    let result: readonly (Tensor | undefined)[] | undefined;
    for (const { hook } of this.#backward ?? []) {
      result = hook(result ?? gradInputs, gradOutput) || result;
    }
    return result;
  }
}
