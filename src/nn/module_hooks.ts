/**
 * The hooks of a module, which run in the order of their registration. hooks.ts
 * observes the gradients.
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

// Methods, whose parameters TypeScript compares loosely: a Module<[Tensor]> is
// an AnyModule.
interface BeforeForward<In extends readonly unknown[]> {
  hook(inputs: In): unknown;
}
interface AfterForward<In extends readonly unknown[], Out> {
  hook(inputs: In, output: Out): unknown;
}

/** The hooks of one module. The sets are created with their first hook. */
export class ModuleHooks<In extends readonly unknown[], Out> {
  #before: Set<BeforeForward<In>> | undefined;
  #after: Set<AfterForward<In, Out>> | undefined;
  #backward: Set<{ readonly hook: OnGradients }> | undefined;

  /** Adds a hook before `forward`. */
  before(hook: (inputs: In) => unknown): HookHandle {
    return attach(this.#before ??= new Set(), { hook });
  }

  /** Adds a hook after `forward`. */
  after(hook: (inputs: In, output: Out) => unknown): HookHandle {
    return attach(this.#after ??= new Set(), { hook });
  }

  /** Adds a hook that gets gradients. */
  backward(hook: OnGradients): HookHandle {
    return attach(this.#backward ??= new Set(), { hook });
  }

  /** Returns an object for each hook, which guards compare. */
  entries(): unknown[] {
    return [
      ...this.#before ?? [],
      ...this.#after ?? [],
      ...this.#backward ?? [],
    ];
  }

  /** Runs `forward` with all hooks. */
  run(inputs: In, forward: (inputs: In) => Out): Out {
    let args = inputs;
    for (const { hook } of this.#before ?? []) {
      const result = hook(args);
      if (replaces(result, args)) args = result;
    }
    let output = this.#backward?.size
      ? watchGradients(
        args,
        forward,
        (gradInputs, gradOutput) => this.#tell(gradInputs, gradOutput),
      )
      : forward(args);
    for (const { hook } of this.#after ?? []) {
      const replaced = hook(args, output);
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
