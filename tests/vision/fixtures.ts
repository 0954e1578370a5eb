/**
 * A dataset of images for the vision room's tests, in a module of its own, as
 * workers import it.
 *
 * @module
 */

import { Dataset } from "../../src/data/datasets/dataset.ts";
import { workerInfo } from "../../src/data/workers/info.ts";
import {
  loadCodecs,
  readImage,
  readImageSync,
} from "../../src/vision/decode.ts";

/** The sum of each file's bytes as RGB; read at once in workers. */
export class Sums extends Dataset<number> {
  static url: string = import.meta.url;
  readonly files: readonly string[];
  /** Whether messages call samples by their files. */
  readonly isNamed: boolean;

  constructor(files: readonly string[], isNamed: boolean) {
    super();
    this.files = files;
    this.isNamed = isNamed;
  }

  get length(): number {
    return this.files.length;
  }

  override async get(index: number): Promise<number> {
    const path = this.files[index]!; // the loader has checked it
    await loadCodecs();
    const { data } = workerInfo() ? readImageSync(path) : await readImage(path);
    return data.reduce((a, b) => a + b);
  }

  override sampleName(index: number): string | undefined {
    return this.isNamed ? this.files[index] : undefined;
  }
}
