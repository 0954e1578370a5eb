import { assertEquals, assertThrows } from "@std/assert";

import { HostArray } from "../../src/tensor/host_array.ts";
import { fromHost, tensor, zeros } from "../../src/tensor/create.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Image } from "../../src/vision/image.ts";
import { makeGrid } from "../../src/vision/make_grid.ts";

Deno.test("makeGrid() lays images out in rows, with padding around each", async () => {
  const images = tensor([[[[1]]], [[[2]]], [[[3]]]]); // [3, 1, 1, 1]
  const grid = makeGrid(images, { nrow: 2, padding: 1, padValue: 9 });
  const channel = [
    [9, 9, 9, 9, 9],
    [9, 1, 9, 2, 9],
    [9, 9, 9, 9, 9],
    [9, 3, 9, 9, 9],
    [9, 9, 9, 9, 9],
  ];
  assertEquals(await grid.toArray(), [channel, channel, channel]);
});

Deno.test("makeGrid() keeps bytes, and takes lists", async () => {
  const byte = (value: number) =>
    fromHost(new HostArray(new Uint8Array(12).fill(value), [3, 2, 2]));
  const grid = makeGrid([byte(200), byte(7)], { padding: 0, padValue: 255 });
  assertEquals(grid.dtype, "uint8");
  assertEquals(grid.shape, [3, 2, 4]); // no longer than there are images
  assertEquals(
    await grid.toArray(),
    Array(3).fill([
      [200, 200, 7, 7],
      [200, 200, 7, 7],
    ]),
  );
});

Deno.test("makeGrid() gives a single image without padding", async () => {
  assertEquals(makeGrid(zeros([1, 3, 4, 5])).shape, [3, 4, 5]);
  assertEquals(makeGrid(zeros([1, 4, 5])).shape, [3, 4, 5]);
  assertEquals(await makeGrid(tensor([[1, 2]])).toArray(), [
    ...Array(3).fill([[1, 2]]),
  ]);
});

Deno.test("makeGrid() normalizes by the batch, by each image or by a range", async () => {
  const images = tensor([[[[0, 1]]], [[[2, 4]]]]); // [2, 1, 1, 2]
  const red = async (options: Parameters<typeof makeGrid>[1]) => {
    const grid = makeGrid(images, { normalize: true, padding: 0, ...options });
    return await grid.select(0, 0).toArray();
  };
  assertEquals(await red({}), [[0, 0.25, 0.5, 1]]);
  assertEquals(await red({ scaleEach: true }), [[0, 1, 0, 1]]);
  assertEquals(await red({ valueRange: [1, 3] }), [[0, 0, 0.5, 1]]);
  assertEquals(
    await red({ valueRange: [1, 3], scaleEach: true }),
    [[0, 0, 0.5, 1]],
  );
});

Deno.test("makeGrid() of one value divides by no zero", async () => {
  const grid = makeGrid(tensor([[[3, 3]]]), { normalize: true });
  assertEquals(await grid.select(0, 0).toArray(), [[0, 0]]);
});

Deno.test("makeGrid() names what it refuses", () => {
  const images = zeros([2, 3, 4, 4]);
  assertThrows(() => makeGrid([]), RangeError, "of no images");
  assertThrows(() => makeGrid(zeros([0, 3, 4, 4])), RangeError, "no images");
  assertThrows(() => makeGrid(zeros([3])), TypeError, "of shape [3]: expected");
  assertThrows(() => makeGrid(images, { nrow: 0 }), RangeError, "0 as nrow");
  assertThrows(
    () => makeGrid(images, { padding: -1 }),
    RangeError,
    "Cannot use -1 as padding of a grid: expected an integer of 0 or more",
  );
  assertThrows(
    () => makeGrid(images, { normalize: true, valueRange: [1, 0] }),
    RangeError,
    "valueRange [1, 0]",
  );
  assertThrows(
    () => makeGrid(images.to("uint8"), { normalize: true }),
    TypeError,
    "a grid of uint8: expected floats",
  );
  // what programs without types do
  const valueRange = 5 as unknown as [number, number];
  assertThrows(
    () => makeGrid(images, { normalize: true, valueRange }),
    RangeError,
    "valueRange 5: expected two numbers, the lowest value first",
  );
});

Deno.test("makeGrid() says how an Image becomes a tensor", () => {
  const image = new Image(new Uint8Array(3), 1, 1);
  const cases: [wrong: unknown, name: string][] = [
    [image, "an Image"],
    [[zeros([3, 1, 1]), image], "an Image"],
    [5, "5"],
    [[undefined], "undefined"],
  ];
  for (const [wrong, name] of cases) {
    const error = assertThrows(
      () => makeGrid(wrong as Tensor), // what programs without types do
      TypeError,
    );
    assertEquals(
      error.message,
      `Cannot make a grid of ${name}: expected a tensor [N, C, H, W], or a ` +
        `list of tensors [C, H, W]; make them of images with ` +
        `vision.transforms.functional.toTensor(image)`,
    );
  }
});

Deno.test("makeGrid() pads bytes with bytes", async () => {
  const bytes = zeros([2, 3, 1, 1], { dtype: "uint8" });
  for (const padValue of [-1, 300, 0.5, NaN]) {
    assertThrows(
      () => makeGrid(bytes, { padValue }),
      RangeError,
      `Cannot pad a grid of uint8 with ${padValue}: expected an integer from`,
    );
  }
  const grid = makeGrid(bytes, { padValue: 255, padding: 1 });
  assertEquals((await grid.data())[0], 255);
  const floats = makeGrid(bytes.to("float32"), { padValue: -0.5 });
  assertEquals((await floats.data())[0], -0.5);
});
