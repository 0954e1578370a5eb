import { assertEquals, assertThrows } from "@std/assert";

import { tensor, zeros } from "../../src/tensor/create.ts";
import type { Colour } from "../../src/vision/image.ts";
import {
  colorPalette,
  drawSegmentationMasks,
} from "../../src/vision/segmentation_masks.ts";

const grey = () => tensor(100).expand([3, 1, 3]).to("uint8");

Deno.test("colorPalette() equals torchvision's", () => {
  // (i * (2^25 - 1, 2^15 - 1, 2^21 - 1)) mod 255
  assertEquals(colorPalette(3), [[0, 0, 0], [1, 127, 31], [2, 254, 62]]);
  assertEquals(colorPalette(0), []);
  assertThrows(() => colorPalette(-1), RangeError, "-1 colours");
});

Deno.test("drawSegmentationMasks() paints later masks over earlier ones", async () => {
  const masks = tensor([[[1, 1, 0]], [[0, 1, 0]]]).to("bool");
  const colors: Colour[] = [[255, 0, 0], [0, 0, 255]];
  const seen = drawSegmentationMasks(grey(), masks, { alpha: 0.5, colors });
  assertEquals(seen.dtype, "uint8");
  // trunc(100 * 0.5 + colour * 0.5)
  assertEquals(await seen.toArray(), [
    [[177, 50, 100]],
    [[50, 50, 100]],
    [[50, 177, 100]],
  ]);
  const opaque = drawSegmentationMasks(grey(), masks, { alpha: 1, colors });
  assertEquals(await opaque.toArray(), [
    [[255, 0, 100]],
    [[0, 0, 100]],
    [[0, 255, 100]],
  ]);
});

Deno.test("drawSegmentationMasks() takes one mask, none, and its own colours", async () => {
  const mask = tensor([[1, 0, 0]]).to("bool");
  const one = drawSegmentationMasks(grey(), mask); // black, alpha 0.8
  assertEquals(await one.select(0, 0).toArray(), [[20, 100, 100]]);
  const none = drawSegmentationMasks(grey(), zeros([0, 1, 3]).to("bool"));
  assertEquals(await none.toArray(), await grey().toArray());
});

Deno.test("drawSegmentationMasks() names what it refuses", () => {
  const masks = zeros([2, 1, 3]).to("bool");
  const draw =
    (options: { alpha?: number; colors?: readonly Colour[] }) => () =>
      drawSegmentationMasks(grey(), masks, options);
  assertThrows(
    () => drawSegmentationMasks(zeros([3, 1, 3]), masks),
    TypeError,
    "expected uint8 [3, H, W]",
  );
  assertThrows(
    () => drawSegmentationMasks(grey(), masks.to("float32")),
    TypeError,
    "expected bool [N, 1, 3]",
  );
  assertThrows(
    () => drawSegmentationMasks(grey(), zeros([2, 3, 1]).to("bool")),
    TypeError,
    "on an image of shape [3, 1, 3]",
  );
  assertThrows(draw({ alpha: 2 }), RangeError, "alpha 2: expected 0 to 1");
  assertThrows(
    draw({ colors: [[1, 2, 3]] }),
    RangeError,
    "2 masks with 1 colours",
  );
  assertThrows(
    draw({ colors: [[1, 2, 3], [0, 0, 256]] }),
    RangeError,
    "colour [0, 0, 256]",
  );
});
