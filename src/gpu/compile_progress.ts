/**
 * Compile progress: a line on the terminal while a driver compiles kernels. The
 * first step of a program waits for that, and would seem to hang.
 *
 * @module
 */

/** Milliseconds after which the line appears. */
const PATIENCE_MS = 1000;

/** A line on a terminal that counts compiled kernels. */
export class CompileProgress {
  readonly #write: (text: string) => void;
  readonly #patienceMs: number;
  #start = 0;
  #isShown = false;

  constructor(write: (text: string) => void, patienceMs = PATIENCE_MS) {
    this.#write = write;
    this.#patienceMs = patienceMs;
  }

  /** Starts the clock. */
  begin(): void {
    this.#start = performance.now();
  }

  /** Shows that `done` of `total` kernels are compiled. */
  show(done: number, total: number): void {
    if (performance.now() - this.#start < this.#patienceMs) return;
    this.#isShown = true;
    this.#write(
      `\r\x1b[KCompiling kernels: ${done} of ${total}, once for each driver`,
    );
  }

  /** Whether the line is visible. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Clears the line. */
  end(): void {
    if (this.#isShown) this.#write("\r\x1b[K");
    this.#isShown = false;
  }
}

/** Returns a progress line, if standard error is a terminal. */
export function terminalProgress(): CompileProgress | undefined {
  if (!Deno.stderr.isTerminal()) return undefined;
  const encoder = new TextEncoder();
  return new CompileProgress((text) => {
    Deno.stderr.writeSync(encoder.encode(text));
  });
}
