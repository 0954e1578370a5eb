/**
 * Progress of a download on the standard error stream: a bar that redraws
 * itself on a terminal, a few plain lines elsewhere (logs, CI).
 *
 * @module
 */

import { formatBytes } from "../_shared.ts";

/** How far a download is. */
export interface DownloadProgress {
  /** The name of the file. */
  readonly file: string;
  /** Where the bytes come from. */
  readonly url: string;
  /** Bytes on disk, those of an earlier try included. */
  readonly receivedBytes: number;
  /** Bytes of the whole file, where they are known. */
  readonly totalBytes?: number | undefined;
}

/** Milliseconds between two drawings of the bar, and between two plain lines. */
const REDRAW_MS = 100;
const LINE_MS = 10_000;

const BAR_CELLS = 24;
const ERASE_LINE = "\r\x1b[2K";

/** Where the lines and the bar go. */
export interface ProgressTarget {
  /** Takes text as it is. */
  write(text: string): void;
  /** Whether a line can be drawn over. */
  readonly isTerminal: boolean;
}

const encoder = new TextEncoder();

/** The standard error stream. */
export function standardError(): ProgressTarget {
  return {
    write: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
    isTerminal: Deno.stderr.isTerminal(),
  };
}

/** Shows one download. */
export class ProgressBar {
  readonly #target: ProgressTarget;
  readonly #startedMs = performance.now();
  #shownMs = -Infinity;
  #startBytes: number | undefined;
  #drawn = false;

  /** Shows nothing yet. */
  constructor(target: ProgressTarget = standardError()) {
    this.#target = target;
  }

  /** Takes the newest figures, and shows them if it is time to. */
  update(progress: DownloadProgress): void {
    const now = performance.now();
    this.#startBytes ??= progress.receivedBytes;
    const { isTerminal } = this.#target;
    if (now - this.#shownMs < (isTerminal ? REDRAW_MS : LINE_MS)) return;
    const first = this.#shownMs === -Infinity;
    this.#shownMs = now;
    if (isTerminal) {
      this.#target.write(ERASE_LINE + this.#bar(progress));
      this.#drawn = true;
    } else {
      this.line(first ? `Downloading ${progress.url}` : this.#bar(progress));
    }
  }

  /** A line of its own. */
  line(text: string): void {
    this.#target.write(`${this.#drawn ? ERASE_LINE : ""}${text}\n`);
    this.#drawn = false;
  }

  /** Takes the bar away, and says how it went if `receivedBytes` is given. */
  end(file: string, receivedBytes?: number): void {
    if (receivedBytes !== undefined) {
      const seconds = (performance.now() - this.#startedMs) / 1000;
      const size = formatBytes(receivedBytes);
      this.line(`Downloaded ${file}, ${size} in ${seconds.toFixed(1)} s`);
    } else if (this.#drawn) {
      this.#target.write(ERASE_LINE);
      this.#drawn = false;
    }
  }

  #bar({ file, receivedBytes, totalBytes }: DownloadProgress): string {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const rate = (receivedBytes - (this.#startBytes ?? 0)) / (seconds || 1);
    const speed = `${formatBytes(Math.round(rate))}/s`;
    if (!totalBytes) return `${file} ${formatBytes(receivedBytes)} ${speed}`;
    const part = Math.min(1, receivedBytes / totalBytes);
    const full = Math.round(part * BAR_CELLS);
    const cells = "━".repeat(full) + "╌".repeat(BAR_CELLS - full);
    return `${file} ${cells} ${Math.floor(100 * part)} % of ` +
      `${formatBytes(totalBytes)} ${speed}`;
  }
}
