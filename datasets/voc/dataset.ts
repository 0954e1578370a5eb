/**
 * The base class of VOC's datasets: an image set in a folder of VOC's layout.
 *
 * @module
 */

import { Dataset } from "../../src/data/datasets/dataset.ts";
import { describeDataset } from "../samples/transforms.ts";
import { photoOf, photosOf, VOC_CLASSES, type VOCSet } from "./files.ts";

/** The photos of an image set of PASCAL VOC; a subclass adds the targets. */
export abstract class VOCDataset<Sample> extends Dataset<Sample>
  implements VOCSet {
  /** The folder in which VOC was looked for. */
  readonly root: string;
  /** The folder of the year. */
  readonly folder: string;
  /** The image set. */
  readonly imageSet: string;
  /** The names of the photos, without folder and ending. */
  readonly names: readonly string[];
  /** The names of the classes. */
  readonly classes: readonly string[] = VOC_CLASSES;
  /** The transform of photos. */
  abstract readonly transform: unknown;
  /** The transform of whole samples. */
  abstract readonly transforms: unknown;

  /** Keeps the names of an image set. */
  constructor({ root, folder, imageSet, names }: VOCSet) {
    super();
    this.root = root;
    this.folder = folder;
    this.imageSet = imageSet;
    this.names = names;
  }

  /** The number of photos. */
  override get length(): number {
    return this.names.length;
  }

  /** The file of each photo; a new list each time. */
  get images(): string[] {
    return photosOf(this);
  }

  /** The file of photo `index`. */
  override sampleName(index: number): string | undefined {
    return photoOf(this, index);
  }

  /** Name, size, folder and transforms, as torchvision prints them. */
  override toString(): string {
    return describeDataset(this.constructor.name, [
      `Number of datapoints: ${this.length}`,
      `Root location: ${this.root}`,
    ], this);
  }

  /** The text of `console.log`. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}
