/**
 * Fashion-MNIST: 60,000 and 10,000 pictures of clothes in the form of MNIST.
 * Reading, batches and options are those of mnist.ts.
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
 * Fashion-MNIST, in memory: samples and batches are those of `MNIST`.
 *
 * Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747; files, sums and folders
 * as in torchvision.datasets.FashionMNIST.
 */
export class FashionMNIST<X = HostArray, Y = number> extends MNIST<X, Y> {
  /** Where workers find this class. */
  static override url: string = import.meta.url;

  /** Files, sums and mirrors. */
  static override readonly source: MNISTSource = {
    name: "FashionMNIST",
    mirrors: ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    classes: [
      "T-shirt/top",
      "Trouser",
      "Pullover",
      "Dress",
      "Coat",
      "Sandal",
      "Shirt",
      "Sneaker",
      "Bag",
      "Ankle boot",
    ],
    files: {
      train: [{
        file: "train-images-idx3-ubyte.gz",
        sizeBytes: 26421880,
        md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
      }, {
        file: "train-labels-idx1-ubyte.gz",
        sizeBytes: 29515,
        md5: "25c81989df183df01b3e8a0aad5dffbe",
      }],
      test: [{
        file: "t10k-images-idx3-ubyte.gz",
        sizeBytes: 4422102,
        md5: "bef4ecab320f06d8554ea6380940ec79",
      }, {
        file: "t10k-labels-idx1-ubyte.gz",
        sizeBytes: 5148,
        md5: "bb300cfdad3c16e7a12a480ee83cd310",
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
  ): Promise<FashionMNIST<X, Y>> {
    return new FashionMNIST(
      await openSplit(FashionMNIST.source, options),
      options,
    );
  }
}
