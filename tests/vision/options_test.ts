import { zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import * as vision from "../../src/vision/mod.ts";
import { testUnknownOptions } from "../unknown_options.ts";

const { Image, transforms: T } = vision;
const x = (): Tensor => zeros([3, 4, 4]);
const picture = () => new Image(new Uint8Array(12), 2, 2, 3);
const box = { top: 0, left: 0, height: 2, width: 2 };

testUnknownOptions([
  ["makeGrid", (options) => vision.makeGrid(x(), options)],
  ["saveImage", (options) => vision.saveImage("a.png", picture(), options)],
  ["encodeImage", (options) => vision.encodeImage(picture(), options)],
  [
    "an image's decoding",
    (options) => vision.decodeImage(new Uint8Array(), options),
  ],
  ["an image's decoding", (options) => vision.readImage("a.png", options)],
  [
    "drawSegmentationMasks",
    (options) => vision.drawSegmentationMasks(x(), x(), options),
  ],
  ["ResNet", (options) => vision.models.resnet18(options)],
  ["resize", (options) => T.resize(2, options)],
  ["pad", (options) => T.pad(1, options)],
  ["tenCrop", (options) => T.tenCrop(2, options)],
  ["randomCrop", (options) => T.randomCrop(2, options)],
  ["randomResizedCrop", (options) => T.randomResizedCrop(2, options)],
  ["randomRotation", (options) => T.randomRotation(10, options)],
  ["randomAffine", (options) => T.randomAffine(10, options)],
  ["randomPerspective", (options) => T.randomPerspective(options)],
  ["randomErasing", (options) => T.randomErasing(options)],
  ["colorJitter", (options) => T.colorJitter(options)],
  ["grayscale", (options) => T.grayscale(options)],
  ["gaussianBlur", (options) => T.gaussianBlur(3, options)],
  ["resize", (options) => T.functional.resize(x(), 2, options)],
  ["pad", (options) => T.functional.pad(x(), 1, options)],
  ["resizedCrop", (options) => T.functional.resizedCrop(x(), box, options)],
  ["tenCrop", (options) => T.functional.tenCrop(x(), 2, options)],
  ["rotate", (options) => T.functional.rotate(x(), 10, options)],
  ["affine", (options) => T.functional.affine(x(), options)],
  ["perspective", (options) => T.functional.perspective(x(), options)],
  ["rgbToGrayscale", (options) => T.functional.rgbToGrayscale(x(), options)],
]);
