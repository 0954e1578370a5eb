/**
 * KMNIST: 60,000 and 10,000 cursive Japanese characters (Kuzushiji) in the form
 * of MNIST. Reading, batches and options are those of mnist.ts.
 *
 * @module
 */

import type { HostArray } from "../../src/tensor/host_array.ts";
import {
  MNIST,
  type MNISTOptions,
  type MNISTSource,
  openSplit,
} from "./mnist.ts";

/**
 * KMNIST, in memory: samples and batches are those of `MNIST`.
 *
 * Source: Clanuwat et al. 2018, arXiv:1812.01718; files, sums and folders as in
 * torchvision.datasets.KMNIST.
 */
export class KMNIST<X = HostArray, Y = number> extends MNIST<X, Y> {
  /** Where workers find this class. */
  static override url: string = import.meta.url;

  /** Files, sums and mirrors. */
  static override readonly source: MNISTSource = {
    name: "KMNIST",
    mirrors: ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
    classes: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
    files: {
      train: [{
        file: "train-images-idx3-ubyte.gz",
        sizeBytes: 18165135,
        md5: "bdb82020997e1d708af4cf47b453dcf7",
      }, {
        file: "train-labels-idx1-ubyte.gz",
        sizeBytes: 29497,
        md5: "e144d726b3acfaa3e44228e80efcd344",
      }],
      test: [{
        file: "t10k-images-idx3-ubyte.gz",
        sizeBytes: 3041136,
        md5: "5c965bf0a639b31b8f53240b1b52f4d7",
      }, {
        file: "t10k-labels-idx1-ubyte.gz",
        sizeBytes: 5120,
        md5: "7320c461ea6c1c855c0b718fb2a4b134",
      }],
    },
  };

  /**
   * Downloads what is missing, checks it and reads it into memory.
   *
   * @throws As `MNIST.open` does
   */
  static override async open<X = HostArray, Y = number>(
    options: MNISTOptions<X, Y> = {},
  ): Promise<KMNIST<X, Y>> {
    return new KMNIST(await openSplit(KMNIST.source, options), options);
  }
}
