/**
 * Whether ops are put on the tape.
 *
 * @module
 */

let enabled = true;

/** Whether ops on tensors that require gradients are recorded now. */
export function isGradEnabled(): boolean {
  return enabled;
}

/** Runs `body` with recording switched on or off, and switches back. */
export function withGrad<T>(on: boolean, body: () => T): T {
  const before = enabled;
  enabled = on;
  try {
    return body();
  } finally {
    enabled = before;
  }
}

/**
 * Runs `body` without recording: nothing made inside requires a gradient. The
 * body is synchronous; what it awaits later is recorded again.
 *
 * Source: torch.no_grad.
 */
export function noGrad<T>(body: () => T): T {
  return withGrad(false, body);
}
