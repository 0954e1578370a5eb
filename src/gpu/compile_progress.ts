/**
 * Tells on a terminal that a driver compiles kernels, if that takes long: the first
 * step of a program waits for it, and looks like one that hangs.
 *
 * @module
 */

/** Milliseconds after which the line appears. */
const PATIENCE_MS = 1000;

/** A line that counts compiled kernels, on a terminal. */
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

  /** Counts kernels that are compiled, of `total`. */
  show(done: number, total: number): void {
    if (performance.now() - this.#start < this.#patienceMs) return;
    this.#isShown = true;
    this.#write(
      `\r\x1b[KCompiling kernels: ${done} of ${total}, once for each driver`,
    );
  }

  /** Whether there is a line to clear. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Clears the line. */
  end(): void {
    if (this.#isShown) this.#write("\r\x1b[K");
    this.#isShown = false;
  }
}

/** The progress line of this process, if its standard error is a terminal. */
export function terminalProgress(): CompileProgress | undefined {
  if (!Deno.stderr.isTerminal()) return undefined;
  const encoder = new TextEncoder();
  return new CompileProgress((text) => {
    Deno.stderr.writeSync(encoder.encode(text));
  });
}
