/**
 * Datasets of pictures for tests, of classes that workers find.
 *
 * @module
 */

import { Dataset } from "../../src/data/datasets/dataset.ts";
import {
  IterableDataset,
  type StreamContext,
} from "../../src/data/datasets/iterable.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import { Image } from "../../src/vision/image.ts";
import type { HostImage, Transform } from "../../src/vision/transforms/mod.ts";

/** A picture of smooth waves, of a size of its own unless one is given. */
export function picture(index: number, size?: number): Image {
  const height = size ?? 20 + index % 5;
  const width = size ?? 24 + index % 3;
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    const wave = Math.sin(x / 3 + i % 3 + index) * Math.cos(y / 4 - i % 3);
    data[i] = Math.round(127.5 + 120 * wave);
  }
  return new Image(data, width, height);
}

/** Pictures that differ in size, or have one. */
export class Pictures extends Dataset<[HostImage, number]> {
  static url: string = import.meta.url;
  readonly length: number;
  readonly size: number | undefined;
  readonly transform: Transform | undefined;

  constructor(length: number, size?: number, transform?: Transform) {
    super();
    this.length = length;
    this.size = size;
    this.transform = transform;
  }

  override get(index: number, generator: Generator): [HostImage, number] {
    const image = picture(index, this.size);
    return [this.transform?.call(image, generator) ?? image, index];
  }

  override sampleName(index: number): string {
    return `picture-${index}.jpg`;
  }
}

/** Pictures of which every third is missing. */
export class Holes extends Dataset<[Image, number] | null> {
  static url: string = import.meta.url;
  readonly length = 9;

  override get(index: number): [Image, number] | null {
    return index % 3 === 1 ? null : [picture(index), index];
  }
}

/** Pictures in a stream. */
export class PictureStream extends IterableDataset<Image> {
  static url: string = import.meta.url;
  override readonly length = 6;

  override *iterate(_: StreamContext): Iterable<Image> {
    for (let index = 0; index < this.length; index++) yield picture(index);
  }
}
