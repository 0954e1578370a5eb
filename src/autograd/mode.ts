/**
 * Whether ops are put on the tape.
 *
 * @module
 */

/** A region of the program with gradient recording switched on or off. */
interface Region {
  readonly on: boolean;
  /** Blocks inside that have switched recording off and have not ended. */
  blocks: number;
}

let region: Region = { on: true, blocks: 0 };

/** Whether ops on tensors that require gradients are recorded now. */
export function isGradEnabled(): boolean {
  return region.on && region.blocks === 0;
}

/** Runs `body` with recording switched on or off, and switches back. */
export function withGrad<T>(on: boolean, body: () => T): T {
  const before = region;
  region = { on, blocks: 0 };
  try {
    return body();
  } finally {
    region = before;
  }
}

/**
 * Runs `body` without recording: nothing made inside requires a gradient. The
 * body is synchronous; what it awaits later is recorded again.
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
 * Switches recording off to the end of the block, awaits included: `using _ =
 * noGrad();`. Whatever else runs while the block awaits is not recorded either.
 * Without `using` nothing ends it but `[Symbol.dispose]()`.
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
  const around = region; // which may have ended before the block does
  let isOpen = true;
  around.blocks++;
  return {
    [Symbol.dispose]() {
      if (isOpen) around.blocks--;
      isOpen = false;
    },
  };
}
