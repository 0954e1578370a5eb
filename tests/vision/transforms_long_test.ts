import { assert, assertEquals } from "@std/assert";

import { fromHost } from "../../src/tensor/create.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { Image } from "../../src/vision/image.ts";
import type { Action } from "../../src/vision/actions/action.ts";
import { atlasOf } from "../../src/vision/executors/atlas.ts";
import { runOnBatch, runOnTensor } from "../../src/vision/executors/gpu.ts";
import { runOnHost } from "../../src/vision/executors/host.ts";
import { imageOf, pixelsOf } from "../../src/vision/actions/pixels.ts";

/** Grey waves on a slope. */
function grey(height: number, width: number): Image {
  const data = new Uint8Array(height * width);
  for (let i = 0; i < data.length; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    data[i] = 60 * Math.sin(x / 40) + 60 * Math.cos(y / 30) + 120 * y / height;
  }
  return new Image(data, width, height, 1);
}

function onHost(image: Image, actions: readonly Action[]): Uint8Array {
  const made = imageOf(runOnHost(pixelsOf(image), actions));
  assert(made instanceof Image);
  return made.data;
}

function upload({ data, height, width }: Image) {
  return fromHost(new HostArray(data, [1, 1, height, width]));
}

function resize(
  interpolation: "bilinear" | "bicubic",
  size: [number, number],
): Action {
  return { op: "resize", size, interpolation, antialias: true };
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

Deno.test("runOnTensor() and runOnHost() agree where a filter has very many taps", async () => {
  const image = grey(510, 430);
  const flip: Action = { op: "hflip" };
  for (
    const actions of [
      [resize("bilinear", [1, 1])],
      [resize("bilinear", [2, 1]), flip],
      [resize("bicubic", [1, 2]), flip, { op: "brightness", factor: 1.5 }],
    ] satisfies Action[][]
  ) {
    const got = await runOnTensor(upload(image), actions).data();
    assert(difference(got, onHost(image, actions)) <= 1);
  }
});

Deno.test("runOnBatch() scales images of many sizes by filters of very many taps", async () => {
  const images = [grey(520, 400), grey(60, 90), grey(410, 530)];
  const actions = [resize("bilinear", [1, 2])];
  let offset = 0;
  const places = images.map(({ height, width }) => {
    const place = { offset, channelStep: 1, rowStep: width, pixelStep: 1 };
    offset += height * width;
    return place;
  });
  const bytes = images.flatMap(({ data }) => [...data]);
  const atlas = {
    tensor: fromHost(new HostArray(Uint8Array.from(bytes))),
    places,
    extents: images.map((image) => atlasOf(upload(image)).extents[0]!),
  };
  const got = await runOnBatch(atlas, images.map(() => actions)).data();
  const want = images.flatMap((image) => [...onHost(image, actions)]);
  assert(difference(got, want) <= 1);
});

Deno.test("runOnTensor() takes contrast from the mean of a very large image", async () => {
  const data = new Uint8Array(2100 * 2080); // 4.4 million pixels
  data.fill(200, 1_000_000, 3_000_000);
  const image = new Image(data, 2080, 2100, 1);
  const contrast: Action = { op: "contrast", factor: 0.01 };
  const got = await runOnTensor(upload(image), [contrast]).data();
  const want = onHost(image, [contrast]);
  for (const at of [0, 1_000_000]) {
    assert(Math.abs(got[at]! - want[at]!) <= 1, `${got[at]} and ${want[at]}`);
  }
});
