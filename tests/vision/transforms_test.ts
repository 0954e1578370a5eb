import { assertEquals, assertThrows } from "@std/assert";

import { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { fromHost, tensor, zeros } from "../../src/tensor/create.ts";
import { type Channels, Image } from "../../src/vision/image.ts";
import type { Extent } from "../../src/vision/actions/action.ts";
import * as T from "../../src/vision/transforms/mod.ts";

function bytes(shape: readonly number[], values: readonly number[]) {
  return fromHost(new HostArray(Uint8Array.from(values), shape));
}

function image(width: number, height: number, channels: Channels = 3): Image {
  const data = new Uint8Array(width * height * channels).map((_, i) => i);
  return new Image(data, width, height, channels);
}

function extent(height: number, width: number): Extent {
  return { channels: 3, height, width, dtype: "uint8" };
}

Deno.test("compose() takes bytes to normalised floats, in one step or two", async () => {
  const images = bytes([1, 1, 1, 5], [0, 1, 127, 254, 255]);
  const steps = [T.toFloat(), T.normalize([0.1307], [0.3081])];
  const before = images.to("float32").div(255).sub(0.1307).div(0.3081);
  const fused = T.compose(steps).call(images);
  assertEquals(fused.dtype, "float32");
  const [got, want] = await Promise.all([fused.data(), before.data()]);
  got.forEach((value, i) =>
    assertEquals(Math.abs(value - want[i]!) < 1e-6, true)
  );
});

Deno.test("compose() normalises bytes side by side as it does planes", async () => {
  const steps = T.compose([T.toFloat(), T.normalize(T.IMAGENET)]);
  for (const [height, width] of [[4, 6], [3, 5]] as const) {
    const values = Array.from({ length: 2 * 3 * height * width }, (_, i) => i);
    const view = bytes([2, height, width, 3], values).permute([0, 3, 1, 2]);
    const got = await steps.call(view).data();
    const want = await steps.call(view.contiguous()).data();
    got.forEach((value, i) =>
      assertEquals(Math.abs(value - want[i]!) < 1e-6, true)
    );
  }
});

Deno.test("compose() runs functions between transforms, on the host too", () => {
  const double = T.lambda((picture: Image) =>
    new Image(
      picture.data.map((value) => 2 * value),
      picture.width,
      picture.height,
      picture.channels,
    )
  );
  const steps = T.compose([T.centerCrop(1), double, T.toFloat()]);
  const result = steps.call(image(3, 3, 1)); // the middle is 4
  assertEquals(result, new HostArray(Float32Array.of(8 / 255), [1, 1, 1]));
  assertThrows(
    () => steps.draw(extent(3, 3), new Generator(0)),
    TypeError,
    "Cannot draw the actions of a Lambda",
  );
});

Deno.test("compose() says that a step lacks its brackets", () => {
  // what programs without types do
  const forgotten = T.toFloat as unknown as T.Transform;
  assertThrows(
    () => T.compose([T.centerCrop(1), forgotten]).call(image(3, 3)),
    TypeError,
    "Cannot transform an image: the step toFloat made a transform, expected " +
      "an image; call the factory: T.toFloat()",
  );
});

Deno.test("compose() hands a list of crops to the function behind it", () => {
  const count = T.compose<number>([
    T.fiveCrop(2),
    (crops: Image[]) => crops.length,
  ]);
  assertEquals(count.call(image(4, 4)) as unknown, 5);
  const first = T.tenCrop(1).call(image(2, 2, 1)) as Image[];
  assertEquals(first.map(({ data }) => data[0]), [
    ...[0, 1, 2, 3, 0],
    ...[1, 0, 3, 2, 1],
  ]);
  assertThrows(() => T.fiveCrop(5).call(image(4, 4)), RangeError, "too small");
});

Deno.test("normalize() takes each channel by its own numbers", async () => {
  const images = tensor([[[[1, 2]], [[3, 4]]]]); // [1, 2, 1, 2]
  const y = T.normalize([1, 2], [1, 2]).call(images);
  assertEquals(await y.toArray(), [[[[0, 1]], [[0.5, 1]]]]);
});

Deno.test("convertImageDtype() cuts floats beyond 0 to 1, wherever it runs", async () => {
  const floats = new HostArray(
    Float32Array.of(-3, -0.01, 0, 0.5, 1, 1.2, 2),
    [1, 1, 7],
  );
  const want = [0, 0, 0, 127, 255, 255, 255];
  const convert = T.convertImageDtype("uint8");
  const onHost = convert.call(floats);
  assertEquals([...onHost.data], want);
  // by the ops of tensors, and with a flip by the kernel
  assertEquals([...await convert.call(fromHost(floats)).data()], want);
  const flipped = T.compose([T.randomHorizontalFlip(1), convert]);
  assertEquals(
    [...await flipped.call(fromHost(floats)).data()],
    want.toReversed(),
  );
});

Deno.test("normalize() lets gradients of floats through", async () => {
  const x = tensor([[[1, 2]]], { requiresGrad: true });
  T.normalize([1], [4]).call(x).sum().backward();
  assertEquals(await x.grad?.toArray(), [[[0.25, 0.25]]]); // 1 / std
});

Deno.test("normalize() names what it refuses", () => {
  assertThrows(() => T.normalize([0.5], []), TypeError, "std []");
  assertThrows(() => T.normalize([0.5], [0]), RangeError, "above 0");
  assertThrows(() => T.normalize([0.5], [-1]), RangeError, "std [-1]");
  assertThrows(
    () => T.normalize([0], [1]).call(bytes([1, 1, 1, 1], [0])),
    TypeError,
    "toFloat()",
  );
  assertThrows(
    () => T.normalize([0, 0, 0, 0], [1, 1, 1, 1]).call(zeros([2, 1, 4, 4])),
    TypeError,
    "Cannot normalize an image of float32 [1, 4, 4] with 4 means",
  );
});

Deno.test("Transforms draw the same for the same generator", () => {
  const augment = T.compose([
    T.randomResizedCrop(8),
    T.randomOrder([T.randomHorizontalFlip(), T.randomVerticalFlip()]),
    T.randomChoice([T.randomInvert(1), T.randomPosterize(3, 1)], [1, 3]),
    T.randomApply([T.colorJitter({ brightness: 0.3 })], 0.8),
    T.randomErasing({ value: "random" }),
  ]);
  const draw = (index: number) =>
    augment.draw(extent(30, 40), Generator.ofSample(5, 2, index));
  for (let index = 0; index < 20; index++) {
    assertEquals(draw(index), draw(index));
  }
  const kinds = new Set(
    Array.from({ length: 50 }, (_, i) => draw(i).map(({ op }) => op).join()),
  );
  assertEquals(kinds.size > 10, true);
});

Deno.test("randomChoice() follows its weights, randomApply() its probability", () => {
  const of = (transform: T.Transform): string[] =>
    Array.from(
      { length: 1000 },
      (_, i) =>
        transform.draw(extent(4, 4), Generator.ofSample(0, 0, i))
          .map(({ op }) => op).join(),
    );
  const flips = [T.randomHorizontalFlip(1), T.randomVerticalFlip(1)];
  const count = (ops: string[], op: string): number =>
    ops.filter((each) => each === op).length;
  const chosen = of(T.randomChoice(flips, [1, 3]));
  assertEquals(Math.abs(count(chosen, "hflip") - 250) < 60, true);
  assertEquals(count(chosen, "hflip") + count(chosen, "vflip"), 1000);
  const applied = of(T.randomApply(flips, 0.3));
  assertEquals(Math.abs(count(applied, "hflip,vflip") - 300) < 60, true);
  assertEquals(count(of(T.randomApply(flips, 0)), ""), 1000);
  assertThrows(
    () => T.randomChoice(flips, [1]),
    RangeError,
    "a number of 0 or more for each",
  );
  const step = T.lambda((x: Image) => x) as unknown as T.Transform;
  assertThrows(() => T.randomApply([step]), TypeError, "a Lambda");
});

Deno.test("Transforms leave the image alone that they are given", () => {
  const before = image(8, 8);
  const copy = before.data.slice();
  T.compose([
    T.randomHorizontalFlip(1),
    T.randomErasing({ p: 1 }),
    T.toFloat(),
    T.normalize(T.IMAGENET),
  ]).call(before);
  assertEquals(before.data, copy);
});

Deno.test("Transforms of an Image give an Image until it is floats", () => {
  const cropped = T.centerCrop(2).call(image(4, 4));
  assertEquals(cropped instanceof Image, true);
  const floats = T.compose([T.centerCrop(2), T.toTensor()]).call(image(4, 4));
  assertEquals((floats as HostArray).shape, [3, 2, 2]);
  assertEquals((floats as HostArray).dtype, "float32");
  const grey = new HostArray(Uint8Array.of(1, 2, 3, 4), [1, 2, 2]);
  const flipped = T.randomHorizontalFlip(1).call(grey);
  assertEquals(flipped, new HostArray(Uint8Array.of(2, 1, 4, 3), [1, 2, 2]));
});

Deno.test("joint() moves mask and boxes with the image, and colours it alone", () => {
  const data = new Uint8Array(16).map((_, i) => 10 * i);
  const picture = new Image(data, 4, 4, 1);
  const mask = new Image(data.map((value) => value / 10), 4, 4, 1);
  const augment = T.joint([
    T.randomCrop([2, 3]),
    T.randomHorizontalFlip(1),
    T.colorJitter({ brightness: [0.5, 0.5] }),
  ]);
  const generator = Generator.ofSample(0, 0, 4);
  const sample = { image: picture, mask, boxes: [[1, 1, 3, 3]], name: "x" };
  const moved = augment.call(sample, generator);
  assertEquals(moved.name, "x");
  assertEquals([moved.mask.height, moved.mask.width], [2, 3]);
  assertEquals(moved.image.data, moved.mask.data.map((value) => 5 * value));
  // the box's upper right corner, pixel (1, 2), is named 6 in the mask
  const [, top, right] = moved.boxes[0]!;
  const [, , , pad] = moved.boxes[0]!;
  assertEquals(pad! <= 2 && right! <= 3, true);
  const at = moved.mask.data.indexOf(6);
  if (at !== -1) {
    assertEquals(at % 3, moved.boxes[0]![0]);
    assertEquals(Math.floor(at / 3), top);
  }
  const pair = augment.call([picture, mask], Generator.ofSample(0, 0, 4));
  assertEquals(pair[1].data, moved.mask.data);
  assertThrows(
    () => augment.call([picture, image(2, 2)]),
    TypeError,
    "Cannot move a mask of 2 x 2 with an image of 4 x 4",
  );
  assertThrows(
    () => T.joint([T.fiveCrop(2) as unknown as T.Transform]),
    TypeError,
    "Cannot make a joint transform of a SeveralCrops",
  );
});

Deno.test("joint() leaves a box of no area where a crop leaves one outside", () => {
  const crop = T.joint([T.centerCrop(2)]); // of the 6 x 4, from (2, 1) on
  const boxes = [[5, 0, 6, 1], [2, 1, 3, 2]];
  const moved = crop.call({ image: image(6, 4), boxes });
  assertEquals(moved.boxes, [[2, 0, 2, 0], [0, 0, 1, 1]]);
});

Deno.test("joint() names boxes that are none", () => {
  const crop = T.joint([T.centerCrop(2)]);
  const cases: [boxes: unknown, message: string][] = [
    [5, "Cannot move the boxes 5: expected a list of [left, top, right,"],
    [
      new HostArray(Float32Array.of(0, 0, 1, 1), [1, 4]),
      "Cannot move the boxes a HostArray: expected a list of [left, top,",
    ],
    [[5], "Cannot move box 5: expected [left, top, right, bottom]"],
    [[[0, 1]], "Cannot move box [0, 1]: expected [left, top, right, bottom]"],
  ];
  for (const [boxes, message] of cases) {
    assertThrows(
      // what programs without types do
      () => crop.call({ image: image(6, 4), boxes: boxes as number[][] }),
      TypeError,
      message,
    );
  }
});

Deno.test("joint() turns boxes with the image", () => {
  const turn = T.joint([T.randomRotation([90, 90], { expand: true })]);
  const sample = { image: image(6, 4), boxes: [[0, 0, 2, 1]] };
  const { boxes, image: turned } = turn.call(sample);
  assertEquals([turned.height, turned.width], [6, 4]);
  // counter-clockwise: the upper left corner goes down to the left
  assertEquals(boxes[0]!.map((value) => Math.round(value)), [0, 4, 1, 6]);
});

Deno.test("convertImageDtype() prints its type, where torchvision prints none", () => {
  assertEquals(
    `${T.convertImageDtype("uint8")}`,
    "ConvertImageDtype(dtype=uint8)",
  );
});

Deno.test("Transforms print as torchvision's do", () => {
  const lines = [
    "Compose(",
    "    Resize(size=256, interpolation=bilinear, max_size=None, antialias=None)",
    "    RandomResizedCrop(size=(224, 224), scale=(0.08, 1), " +
    "ratio=(0.75, 1.3333), interpolation=bilinear, antialias=None)",
    "    RandomHorizontalFlip(p=0.5)",
    "    RandomApply(",
    "        p=0.5",
    "        ColorJitter(brightness=[0.6, 1.4], contrast=None, " +
    "saturation=None, hue=None)",
    "    )",
    "    ToFloat()",
    "    Normalize(mean=[0.5], std=[0.25])",
    ")",
  ];
  assertEquals(
    T.compose([
      T.resize(256),
      T.randomResizedCrop(224),
      T.randomHorizontalFlip(),
      T.randomApply([T.colorJitter({ brightness: 0.4 })]),
      T.toFloat(),
      T.normalize([0.5], [0.25]),
    ]).toString(),
    lines.join("\n"),
  );
});

/** Calls with what the compiler would not let through. */
function mistaken(f: unknown, ...values: readonly unknown[]): unknown {
  if (typeof f !== "function") throw new Error("not a function");
  return f(...values);
}

const joint = T.joint([T.randomHorizontalFlip()]);

/** What is wrong, what makes it, and what the message says of it. */
const MISTAKES: readonly [string, () => unknown, string][] = [
  ["a size of 0", () => T.resize(0), "of size 0: expected a positive integer"],
  ["three sizes", () => T.centerCrop([1, 2, 3]), "of size [1, 2, 3]"],
  ["a small maxSize", () => T.resize(9, { maxSize: 8 }), "maxSize 8"],
  ["half a maxSize", () => T.resize(9, { maxSize: 9.5 }), "maxSize 9.5"],
  ["an endless angle", () => T.randomRotation([0, Infinity]), "[0, Infinity]"],
  [
    "a NaN as a fill",
    () => T.pad(1, { fill: NaN }),
    "Cannot use NaN as a fill",
  ],
  [
    "no size",
    () => mistaken(T.resize),
    "of size undefined: expected a positive integer",
  ],
  [
    "a function as a size",
    () => mistaken(T.centerCrop, T.toFloat),
    "of size a function",
  ],
  ["no angle", () => mistaken(T.randomRotation), "Cannot use undefined as"],
  ["no padding", () => mistaken(T.pad), "Cannot pad by undefined"],
  [
    "two numbers to normalize by",
    () => mistaken(T.normalize, 0.5, 0.5),
    "by mean 0.5 and std 0.5: expected lists with a number for each",
  ],
  [
    "steps that are no list",
    () => mistaken(T.compose, T.toFloat(), T.randomHorizontalFlip()),
    "expected a list: T.compose([a, b])",
  ],
  [
    "joint steps that are no list",
    () => mistaken(T.joint, T.randomHorizontalFlip()),
    "expected a list: T.joint([a, b])",
  ],
  [
    "an image alone to move jointly",
    () => mistaken(joint.call.bind(joint), image(2, 2)),
    ": expected a pair [image, mask] or a record with `image`",
  ],
  ["half a pixel around", () => T.pad(0.5), "Cannot pad by 0.5"],
  [
    "an unknown mode",
    () => T.pad(1, { paddingMode: "wrap" as "edge" }),
    'Cannot use "wrap" as a padding mode: expected "constant", "edge"',
  ],
  [
    "an unknown interpolation",
    () => T.resize(9, { interpolation: "lanczos" as "nearest" }),
    'Cannot use "lanczos" as an interpolation',
  ],
  ["p of 2", () => T.randomHorizontalFlip(2), "2 as a probability"],
  ["a range backwards", () => T.randomRotation([3, 1]), "[3, 1] as a range"],
  ["a negative jitter", () => T.colorJitter({ contrast: -1 }), "contrast"],
  ["a large hue", () => T.colorJitter({ hue: 0.6 }), "a range of hue"],
  ["an even kernel", () => T.gaussianBlur(4), "expected odd sizes"],
  ["9 bits", () => T.randomPosterize(9), "Cannot keep 9 bits"],
  ["a large shift", () => T.randomAffine(0, { translate: [2, 0] }), "shift"],
  [
    "a crop larger than the image",
    () => T.randomCrop(9).call(image(4, 5)),
    "Cannot crop 9 x 9 out of an image of 5 x 4: resize it first",
  ],
  [
    "more reflection than there is image",
    () => T.pad(5, { paddingMode: "reflect" }).call(image(4, 4)),
    'by [5, 5, 5, 5] in mode "reflect"',
  ],
  [
    "colours of two channels",
    () =>
      T.colorJitter({ brightness: [2, 2] })
        .call(new HostArray(new Float32Array(8), [2, 2, 2])),
    "Cannot adjust the brightness of an image of float32 [2, 2, 2]: expected " +
    "1 or 3 channels",
  ],
  [
    "equalized floats",
    () => T.compose([T.toFloat(), T.randomEqualize(1)]).call(image(4, 4)),
    "Cannot equalize an image of float32 [3, 4, 4]: expected uint8",
  ],
  [
    "three fills for one channel",
    () => T.pad(1, { fill: [1, 2, 3] }).call(image(4, 4, 1)),
    "with 3 fills",
  ],
  [
    "something that is no image",
    () => T.toFloat().call("cat.jpg" as unknown as Image),
    'Cannot transform "cat.jpg": expected an Image, a HostArray or a Tensor',
  ],
  [
    "an array of integers",
    () => T.toFloat().call(new HostArray(new Int32Array(4), [1, 2, 2])),
    "Cannot transform an array of int32 [1, 2, 2]",
  ],
  [
    "a tensor of integers",
    () => T.toFloat().call(zeros([1, 2, 2], { dtype: "int32" })),
    "expected images, uint8 or floats of [..., C, H, W]",
  ],
  [
    "a number among the steps",
    () => T.compose([3 as unknown as T.Transform]),
    "Cannot compose 3: expected transforms, functions",
  ],
  [
    "a lambda that is none",
    () => T.lambda(3 as unknown as () => void),
    "Cannot call 3",
  ],
];

for (const [what, run, message] of MISTAKES) {
  Deno.test(`Transforms refuse ${what} by name`, () => {
    assertThrows(run, Error, message);
  });
}
