/**
 * Transforms for tests, of classes that workers find.
 *
 * @module
 */

import type { DetectionSample } from "../../datasets/voc/detection.ts";
import type { SegmentationSample } from "../../datasets/voc/segmentation.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";

/** What is seen of an image: its sizes, its first pixel, its sum. */
export class Look {
  static url: string = import.meta.url;
  call({ data, width, height, channels }: Image): HostArray {
    const first = [...data.subarray(0, channels)];
    const sum = data.reduce((sum, byte) => sum + byte, 0);
    return new HostArray(
      Int32Array.of(width, height, channels, ...first, sum),
    );
  }
  toString(): string {
    return "Look(\n    first=True\n)";
  }
}

/** A number that the sample's generator draws. */
export class Draw {
  static url: string = import.meta.url;
  call(_value: unknown, generator: Generator): number {
    return generator.random();
  }
}

/** The label, and `by` more. */
export class Add {
  static url: string = import.meta.url;
  readonly by: number;
  constructor(by: number) {
    this.by = by;
  }
  call(label: number): number {
    return label + this.by;
  }
  toString(): string {
    return `Add(${this.by})`;
  }
}

/** The width of an image under the name of its target. */
export class Together {
  static url: string = import.meta.url;
  call([image, label]: [Image, number]): [number, number] {
    return [image.width, label + 100];
  }
  toString(): string {
    return "Together()";
  }
}

/** Reads a text file. */
export class ReadText {
  static url: string = import.meta.url;
  call(path: string): Promise<string> {
    return Deno.readTextFile(path);
  }
}

/** The width of a photo, and how many pixels of its mask are class 8. */
export class WithMask {
  static url: string = import.meta.url;
  call({ image, mask }: { image: Image; mask: Image }): {
    image: number;
    mask: number;
  } {
    const count = mask.data.filter((value) => value === 8).length;
    return { image: image.width, mask: count };
  }
}

/** How many boxes a photo has, and how wide the first is. */
export class Boxes {
  static url: string = import.meta.url;
  call({ boxes }: DetectionSample): [count: number, width: number] {
    return [boxes.length, boxes[0]![2]! - boxes[0]![0]!];
  }
}

/** A photo that is an array already, and the bytes of its mask. */
export class Arrays {
  static url: string = import.meta.url;
  call({ image, mask }: SegmentationSample): [HostArray, HostArray] {
    const photo: unknown = image;
    if (!(photo instanceof HostArray)) throw new TypeError("expected floats");
    return [photo, new HostArray(mask.data)];
  }
}
