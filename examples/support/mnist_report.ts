/**
 * Output of examples/mnist.ts: a progress bar with the loss on a terminal,
 * plain lines elsewhere, and the model's mistakes at the end.
 *
 * @module
 */

import { adapter, type data, type Tensor } from "@kindling/kindling";
import type { Options } from "./mnist_setup.ts";

const CLASSES = 10;
/** Number of misread digits to draw, side by side. */
const DRAWN = 4;
const EDGE = 28;
/** Milliseconds between two updates of the bar. */
const REDRAW_MS = 200;
/** Characters from white to black. */
const INK = " .:-=+*#%@";

/** One tested batch, still on the GPU. */
export interface TestedBatch {
  readonly images: Tensor;
  readonly labels: Tensor;
  readonly logits: Tensor;
  /** Sum of the losses. */
  readonly loss: Tensor;
}

/** Timing of an epoch. */
export interface EpochTimes {
  readonly samplesPerSecond: number;
  /** Mean milliseconds from one step to the next. */
  readonly stepMs: number;
  /** Median milliseconds of TypeScript per step. */
  readonly scriptMs: number;
  /** Share of the epoch spent waiting for batches, 0 to 1. */
  readonly waitingShare: number;
  /** Number of losses read. */
  readonly reads: number;
}

interface WrongDigit {
  readonly pixels: Float32Array<ArrayBufferLike>;
  readonly label: number;
  readonly guess: number;
}

/** Prints the output of a run, and counts results for its end. */
export class Report {
  readonly #options: Options;
  readonly #start = performance.now();
  readonly #isTerminal = Deno.stdout.isTerminal();
  #dataset = "";
  #firstLossSeconds = 0;
  #times: EpochTimes = {
    samplesPerSecond: 0,
    stepMs: 0,
    scriptMs: 0,
    waitingShare: 0,
    reads: 0,
  };
  #testAccuracy = 0;
  #testLoss = 0;
  /** confusion[label][guess] of the epoch that is tested. */
  #confusion = emptyConfusion();
  #lossSum = 0;
  #wrong: WrongDigit[] = [];

  constructor(options: Options) {
    this.#options = options;
  }

  /** Seconds since the program began. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Whether a bar can be redrawn in place. */
  get isTerminal(): boolean {
    return this.#isTerminal;
  }

  /** Prints a line to standard error. */
  warn(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  }

  /** Prints to standard output, without a line break. */
  print(text: string): void {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  }

  /** Prints the first line: model, dataset and adapter. */
  begin(dataset: string, length: number): void {
    this.#dataset = dataset;
    const { name, kind } = adapter();
    const { model } = this.#options;
    const why = kind === "cpu"
      ? "an adapter that runs on the CPU"
      : "a GPU adapter";
    this.print(
      `Training ${model} on ${length} images of ${dataset}, ` +
        `on ${name}, ${why}\n`,
    );
  }

  /** Records the time of the first loss. */
  firstLoss(): void {
    this.#firstLossSeconds ||= this.seconds;
  }

  /** Records the timing of an epoch. */
  trained(times: EpochTimes): void {
    this.#times = times;
  }

  /** Counts a tested batch. */
  async tested({ images, labels, logits, loss }: TestedBatch): Promise<void> {
    const guesses = logits.argmax(1);
    const [truth, guess, sum, pixels] = await Promise.all([
      labels.data(),
      guesses.data(),
      loss.item(),
      images.data(),
    ]);
    this.#lossSum += sum;
    for (let i = 0; i < truth.length; i++) {
      const label = truth[i]!;
      const guessed = guess[i]!;
      this.#confusion[label]![guessed]!++;
      if (label !== guessed && this.#wrong.length < DRAWN) {
        const picture = pixels.slice(i * EDGE ** 2, (i + 1) * EDGE ** 2);
        this.#wrong.push({
          pixels: Float32Array.from(picture),
          label,
          guess: guessed,
        });
      }
    }
    for (const each of [images, labels, logits, loss, guesses]) each.dispose();
  }

  /** Prints the result of an epoch, and the mistakes of the last one. */
  epochEnd(epoch: number, isLast: boolean): void {
    const total = this.#confusion.flat().reduce((a, b) => a + b, 0);
    const right = this.#confusion.reduce((sum, row, i) => sum + row[i]!, 0);
    this.#testAccuracy = right / total;
    this.#testLoss = this.#lossSum / total;
    const percent = (100 * this.#testAccuracy).toFixed(2);
    this.print(
      `epoch ${epoch}: test accuracy ${percent} %, ` +
        `loss ${this.#testLoss.toFixed(4)}, ${this.seconds.toFixed(1)} s\n`,
    );
    if (isLast) this.#printMistakes();
    this.#confusion = emptyConfusion();
    this.#lossSum = 0;
    this.#wrong = [];
  }

  #printMistakes(): void {
    const mistakes = this.#confusion.flatMap((row, label) =>
      row.map((count, guess) => ({ count, label, guess }))
    ).filter(({ count, label, guess }) => count > 0 && label !== guess)
      .sort((a, b) => b.count - a.count);
    if (mistakes.length === 0) return;
    const list = mistakes.slice(0, 5)
      .map(({ count, label, guess }) => `${label} as ${guess} (${count})`);
    this.print(`most often mistaken: ${list.join(", ")}\n`);
    const titles = this.#wrong.map(({ label, guess }) =>
      `${label}, read as ${guess}`.padEnd(EDGE)
    );
    this.print(`${titles.join("  ")}\n`);
    for (let y = 0; y < EDGE; y += 2) { // characters are twice as high as wide
      const rows = this.#wrong.map(({ pixels }) =>
        Array.from(
          { length: EDGE },
          (_, x) => shade(pixels[y * EDGE + x]!, pixels[(y + 1) * EDGE + x]!),
        ).join("")
      );
      this.print(`${rows.join("  ").trimEnd()}\n`);
    }
  }

  /** Prints the last line, if --json is set. */
  end(): void {
    if (!this.#options.json) return;
    this.print(`${
      JSON.stringify({
        testAccuracy: this.#testAccuracy,
        testLoss: this.#testLoss,
        seconds: this.seconds,
        firstLossSeconds: this.#firstLossSeconds,
        ...this.#times, // of the last epoch
        dataset: this.#dataset,
        model: this.#options.model,
        adapter: adapter().name,
      })
    }\n`);
  }
}

function emptyConfusion(): number[][] {
  return Array.from(
    { length: CLASSES },
    () => new Array<number>(CLASSES).fill(0),
  );
}

// Pixels are normalized: ink is about 2.8, paper about -0.4.
function shade(upper: number, lower: number): string {
  const ink = ((upper + lower) / 2 + 0.4242) / 3.2457;
  return INK[Math.min(INK.length - 1, Math.max(0, Math.round(ink * 9)))]!;
}

/** The part of the loader that the bar uses. */
type Loader = Pick<data.DataLoader<unknown>, "length" | "waitedMs">;

/** The progress bar of one epoch. Training does not wait for losses. */
export class Progress {
  readonly #report: Report;
  readonly #epoch: number;
  readonly #loader: Loader;
  readonly #batchSize: number;
  readonly #start = performance.now();
  readonly #waitedBefore: number;
  #done = 0;
  readonly #scriptMs: number[] = [];
  #reads = 0;
  /** Time of the last update, and the number of steps then. */
  #drawn = 0;
  #shown = 0;
  #loss = NaN;
  #reading: Promise<void> | undefined;

  constructor(
    report: Report,
    epoch: number,
    { loader, batchSize }: {
      readonly loader: Loader;
      readonly batchSize: number;
    },
  ) {
    this.#report = report;
    this.#epoch = epoch;
    this.#loader = loader;
    this.#waitedBefore = loader.waitedMs;
    this.#batchSize = batchSize;
  }

  /** Runs a step, and reads its loss unless another read is pending. */
  step(run: () => Tensor): void {
    const start = performance.now();
    const loss = run();
    this.#scriptMs.push(performance.now() - start);
    this.#done++;
    if (this.#reading) return;
    this.#reads++;
    this.#reading = loss.item().then((value) => {
      this.#loss = value;
      this.#reading = undefined;
      this.#report.firstLoss();
      this.#draw();
    });
  }

  /** Ends the bar. */
  async end(): Promise<void> {
    await this.#reading;
    const elapsedMs = performance.now() - this.#start;
    const waitedMs = this.#loader.waitedMs - this.#waitedBefore;
    this.#report.trained({
      samplesPerSecond: this.#rate,
      stepMs: elapsedMs / this.#done,
      scriptMs: this.#scriptMs.sort((a, b) => a - b)[this.#done >> 1] ?? 0,
      waitingShare: waitedMs / elapsedMs,
      reads: this.#reads,
    });
    if (this.#shown < this.#done) {
      this.#drawn = 0;
      this.#draw();
    }
    if (this.#report.isTerminal) this.#report.print("\n");
  }

  get #rate(): number {
    const seconds = (performance.now() - this.#start) / 1000;
    return Math.round(this.#done * this.#batchSize / seconds);
  }

  #draw(): void {
    const now = performance.now();
    const { isTerminal } = this.#report;
    if (now - this.#drawn < (isTerminal ? REDRAW_MS : 20 * REDRAW_MS)) return;
    this.#drawn = now;
    this.#shown = this.#done;
    const { length } = this.#loader;
    const share = this.#done / length;
    const bar = "=".repeat(Math.round(share * 30)).padEnd(30);
    const text = `epoch ${this.#epoch} [${bar}] ${this.#done}/` +
      `${length}, loss ${this.#loss.toFixed(4)}, ` +
      `${this.#rate} samples/s`;
    this.#report.print(isTerminal ? `\r${text}\x1b[K` : `${text}\n`);
  }
}
