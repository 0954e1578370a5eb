/**
 * Image transforms as functions of tensors.
 *
 * Values that differ between bytes and floats are {u8, f32} in the goldens.
 *
 * @module
 */

import { fromHost } from "../../../src/tensor/create.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Channels, Image } from "../../../src/vision/image.ts";
import * as TF from "../../../src/vision/transforms/functional.ts";
import type { Arguments } from "../arguments.ts";
import type { Row, Rows } from "../row.ts";

/** A value for both types of images, or one of {u8, f32}. */
function byType<T>(args: Arguments, name: string, img: Tensor): T | undefined {
  const value = args.option<T | { u8: T; f32: T }>(name);
  if (typeof value === "object" && value !== null && "u8" in value) {
    return img.dtype === "uint8" ? value.u8 : value.f32;
  }
  return value;
}

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
  return args.options<TF.ResizeOptions>(
    "interpolation",
    "maxSize",
    "antialias",
  );
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
    const fill = byType<number>(args, "fill", img);
    const padding = args.value<number[]>("padding");
    const { paddingMode } = args.options<TF.PadOptions>("paddingMode");
    return TF.pad(img, padding, {
      ...(fill === undefined ? {} : { fill }),
      ...(paddingMode ? { paddingMode } : {}),
    });
  },
  "torchvision.transforms.functional.crop": (args) =>
    TF.crop(args.tensor("img"), boxOf(args)),
  "torchvision.transforms.functional.resized_crop": (args) =>
    TF.resizedCrop(args.tensor("img"), boxOf(args), {
      size: args.value("size"),
      ...resizeOptions(args),
    }),
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
    args.only("inplace", false);
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
  "torchvision.transforms.functional.solarize": (args) => {
    const img = args.tensor("img");
    return TF.solarize(img, byType<number>(args, "threshold", img) ?? NaN);
  },
  "torchvision.transforms.functional.gaussian_blur": (args) =>
    TF.gaussianBlur(
      args.tensor("img"),
      args.value("kernel_size"),
      args.option("sigma"),
    ),
  "torchvision.transforms.functional.convert_image_dtype": (args) =>
    TF.convertImageDtype(args.tensor("image"), args.option("dtype")),
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
    args.only("mode", null);
    const { data, height, width, channels } = await TF.toImage(
      args.tensor("pic"),
    );
    const shape = channels === 1 ? [height, width] : [height, width, channels];
    return fromHost(new HostArray(data, shape));
  },
  "torchvision.transforms.functional.erase": async (args) => {
    args.only("inplace", false);
    const img = args.tensor("img");
    const [i, j, h, w] = ["i", "j", "h", "w"].map((name) =>
      args.value<number>(name)
    );
    const each = args.maybe("v");
    const v = each
      ? [...await each.data()]
      : byType<number>(args, "v", img) ?? NaN;
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
