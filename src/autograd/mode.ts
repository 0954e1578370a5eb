/**
 * Gradient mode: whether ops are recorded on the tape.
 *
 * @module
 */

/** The gradient mode of a part of the program. */
interface GradMode {
  readonly on: boolean;
  /** Number of open `noGrad` blocks inside. */
  blocks: number;
}

let mode: GradMode = { on: true, blocks: 0 };

/** Whether ops on tensors that require gradients are recorded. */
export function isGradEnabled(): boolean {
  return mode.on && mode.blocks === 0;
}

/** Runs `body` with recording on or off, and restores the mode. */
export function withGrad<T>(on: boolean, body: () => T): T {
  const before = mode;
  mode = { on, blocks: 0 };
  try {
    return body();
  } finally {
    mode = before;
  }
}

/**
 * Runs `body` without recording: no tensor made inside requires a gradient. The
 * body must be synchronous: code after an `await` is recorded again.
 *
 * Source: torch.no_grad.
 *
 * @example A step on the values of a parameter
 * ```ts
 * import { noGrad, ones } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = ones([2], { requiresGrad: true });
 * assertEquals(noGrad(() => weight.mul(2)).requiresGrad, false);
 * ```
 */
export function noGrad<T>(body: () => T): T;
/**
 * Switches recording off until the end of the block, including awaits:
 * `using _ = noGrad();`. Other code that runs during an await is not recorded
 * either. Without `using`, call `[Symbol.dispose]()` to end it.
 *
 * @example Validation
 * ```ts
 * import { nn, noGrad, ones } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Linear(3, 1);
 * {
 *   using _ = noGrad();
 *   await model.call(ones([2, 3])).data();
 *   assertEquals(model.call(ones([2, 3])).requiresGrad, false);
 * }
 * assertEquals(model.call(ones([2, 3])).requiresGrad, true);
 * ```
 */
export function noGrad(): Disposable;
export function noGrad<T>(body?: () => T): T | Disposable {
  if (body) return withGrad(false, body);
  const around = mode; // may end before the block
  let isOpen = true;
  around.blocks++;
  return {
    [Symbol.dispose]() {
      if (isOpen) around.blocks--;
      isOpen = false;
    },
  };
}
