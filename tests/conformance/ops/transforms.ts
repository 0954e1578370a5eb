/**
 * Image transforms as functions of tensors.
 *
 * @module
 */

import { fromHost } from "../../../src/tensor/create.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Channels, Image } from "../../../src/vision/image.ts";
import * as TF from "../../../src/vision/transforms/functional.ts";
import type { Arguments } from "../arguments.ts";
import { listOf } from "./_shared.ts";
import { Unsupported } from "../outcome.ts";
import type { Row, Rows } from "../row.ts";

/** A call on `img` and the numbers `names`. */
function adjust(
  call: (img: Tensor, ...numbers: number[]) => Tensor | Tensor[],
  ...names: string[]
): Row {
  return (args) => {
    const img = args.tensor("img");
    return call(img, ...names.map((name) => args.value<number>(name)));
  };
}

function resizeOptions(args: Arguments): TF.ResizeOptions {
  return {
    // torchvision 0.14 filters tensors only if it is told to
    antialias: false,
    ...args.options<TF.ResizeOptions>("interpolation", "maxSize", "antialias"),
  };
}

function boxOf(args: Arguments): TF.CropBox {
  return {
    top: args.value("top"),
    left: args.value("left"),
    height: args.value("height"),
    width: args.value("width"),
  };
}

/** Every such call. */
export const TRANSFORMS: Rows = {
  "torchvision.transforms.functional.resize": (args) =>
    TF.resize(args.tensor("img"), args.value("size"), resizeOptions(args)),
  "torchvision.transforms.functional.center_crop": (args) =>
    TF.centerCrop(args.tensor("img"), args.value("output_size")),
  "torchvision.transforms.functional.pad": (args) => {
    const img = args.tensor("img");
    const padding = args.value<number[]>("padding");
    const options = args.options<TF.PadOptions>("fill", "paddingMode");
    return TF.pad(img, padding, options);
  },
  "torchvision.transforms.functional.crop": (args) =>
    TF.crop(args.tensor("img"), boxOf(args)),
  "torchvision.transforms.functional.resized_crop": (args) => {
    const [img, box] = [args.tensor("img"), boxOf(args)];
    const [size, options] = [args.value<number[]>("size"), resizeOptions(args)];
    // one number is the shorter edge for torchvision, and both edges for us
    return listOf(size).length === 1
      ? TF.resize(TF.crop(img, box), size, options)
      : TF.resizedCrop(img, box, { size, ...options });
  },
  "torchvision.transforms.functional.hflip": adjust(TF.hflip),
  "torchvision.transforms.functional.vflip": adjust(TF.vflip),
  "torchvision.transforms.functional.five_crop": (args) =>
    TF.fiveCrop(args.tensor("img"), args.value("size")),
  "torchvision.transforms.functional.ten_crop": (args) =>
    TF.tenCrop(
      args.tensor("img"),
      args.value("size"),
      args.options<{ verticalFlip?: boolean }>("verticalFlip"),
    ),
  "torchvision.transforms.functional.normalize": (args) => {
    const mean = args.value<number[]>("mean");
    return TF.normalize(args.tensor("img"), mean, args.value("std"));
  },
  "torchvision.transforms.functional.rgb_to_grayscale": (args) =>
    TF.rgbToGrayscale(
      args.tensor("img"),
      args.options<{ numOutputChannels?: number }>("numOutputChannels"),
    ),
  "torchvision.transforms.functional.adjust_brightness": adjust(
    TF.adjustBrightness,
    "brightness_factor",
  ),
  "torchvision.transforms.functional.adjust_contrast": adjust(
    TF.adjustContrast,
    "contrast_factor",
  ),
  "torchvision.transforms.functional.adjust_saturation": adjust(
    TF.adjustSaturation,
    "saturation_factor",
  ),
  "torchvision.transforms.functional.adjust_hue": adjust(
    TF.adjustHue,
    "hue_factor",
  ),
  "torchvision.transforms.functional.adjust_gamma": adjust(
    TF.adjustGamma,
    "gamma",
    "gain",
  ),
  "torchvision.transforms.functional.adjust_sharpness": adjust(
    TF.adjustSharpness,
    "sharpness_factor",
  ),
  "torchvision.transforms.functional.autocontrast": adjust(TF.autocontrast),
  "torchvision.transforms.functional.equalize": adjust(TF.equalize),
  "torchvision.transforms.functional.invert": adjust(TF.invert),
  "torchvision.transforms.functional.posterize": adjust(TF.posterize, "bits"),
  "torchvision.transforms.functional.solarize": adjust(
    TF.solarize,
    "threshold",
  ),
  "torchvision.transforms.functional.gaussian_blur": (args) =>
    TF.gaussianBlur(
      args.tensor("img"),
      args.value("kernel_size"),
      args.option("sigma"),
    ),
  "torchvision.transforms.functional.convert_image_dtype": (args) => {
    const name = args.value<string>("dtype");
    // the range of an integer type counts: int64 is not int32 here
    const dtype = name === "float64" ? "float32" : name;
    if (dtype !== "float32" && dtype !== "uint8") {
      throw new Unsupported(`dtype ${name}`);
    }
    return TF.convertImageDtype(args.tensor("image"), dtype);
  },
  "torchvision.transforms.functional.to_tensor": async (args) => {
    const pic = args.tensor("pic");
    const [height, width, channels = 1] = pic.shape;
    const image = new Image(
      Uint8Array.from(await pic.data()),
      width!,
      height!,
      channels as Channels, // the constructor looks
    );
    return TF.toTensor(image);
  },
  "torchvision.transforms.functional.to_pil_image": async (args) => {
    const { data, height, width, channels } = await TF.toImage(
      args.tensor("pic"),
    );
    const shape = channels === 1 ? [height, width] : [height, width, channels];
    return fromHost(new HostArray(data, shape));
  },
  "torchvision.transforms.functional.erase": async (args) => {
    const img = args.tensor("img");
    const [i, j, h, w] = ["i", "j", "h", "w"].map((name) =>
      args.value<number>(name)
    );
    const each = args.maybe("v");
    const v = each ? [...await each.data()] : args.value<number>("v");
    return TF.erase(img, { i: i!, j: j!, h: h!, w: w!, v });
  },
  "torchvision.transforms.functional.rotate": (args) => {
    const options = args.options<TF.RotateOptions>(
      "interpolation",
      "expand",
      "center",
      "fill",
    );
    return TF.rotate(args.tensor("img"), args.value("angle"), options);
  },
  "torchvision.transforms.functional.affine": (args) =>
    TF.affine(args.tensor("img"), {
      angle: args.value("angle"),
      translate: args.value("translate"),
      scale: args.value("scale"),
      shear: args.value("shear"),
      ...args.options<TF.CenteredWarpOptions>(
        "interpolation",
        "center",
        "fill",
      ),
    }),
  "torchvision.transforms.functional.perspective": (args) =>
    TF.perspective(args.tensor("img"), {
      startpoints: args.value("startpoints"),
      endpoints: args.value("endpoints"),
      ...args.options<TF.WarpOptions>("interpolation", "fill"),
    }),
};
