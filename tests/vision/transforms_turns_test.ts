/**
 * Turns by right angles: pixels change places, and none is mixed or lost.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";

import { fromHost } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { Image } from "../../src/vision/image.ts";
import * as T from "../../src/vision/transforms/mod.ts";

const TF = T.functional;

const ANGLES = [
  ...[0, 90, 180, 270, 360, 450, 540, 720],
  ...[-90, -180, -270, -360, -450, 3690, 9e17],
];
const SIZES = [[1, 1], [1, 2], [2, 1], [3, 4], [4, 3], [5, 5], [4, 4], [7, 2]];

/** [height, width, channels] turned counter-clockwise, quarter by quarter. */
function turned<A extends Uint8Array | Float32Array>(
  { data, height, width, channels }: {
    readonly data: A;
    readonly height: number;
    readonly width: number;
    readonly channels: number;
  },
  angle: number,
) {
  let out = { data, height, width, channels };
  for (let turn = 0; turn < ((angle % 360) / 90 + 4) % 4; turn++) {
    const next = { ...out, data: out.data.slice() };
    [next.height, next.width] = [out.width, out.height];
    for (let y = 0; y < next.height; y++) {
      for (let x = 0; x < next.width; x++) {
        for (let c = 0; c < channels; c++) {
          // the last column comes first
          const from = (x * out.width + out.width - 1 - y) * channels + c;
          next.data[(y * next.width + x) * channels + c] = out.data[from]!;
        }
      }
    }
    out = next as typeof out; // of the same kind of array
  }
  return out;
}

function picture(height: number, width: number): Image {
  const data = new Uint8Array(height * width * 3).map((_, i) => 37 * i + 11);
  return new Image(data, width, height);
}

/** The tensor [3, H, W] of an image. */
function upload({ data, height, width }: Image) {
  return fromHost(new HostArray(data, [height, width, 3])).permute([2, 0, 1]);
}

for (const interpolation of ["nearest", "bilinear"] as const) {
  Deno.test(`randomRotation() by right angles is exact with expand, ${interpolation}`, async () => {
    for (const [height, width] of SIZES) {
      for (const angle of ANGLES) {
        const image = picture(height!, width!);
        const want = turned(image, angle);
        const what = `${height} x ${width} by ${angle}`;
        const options = { interpolation, expand: true, fill: 99 };
        const turn = T.randomRotation([angle, angle], options);
        const got = turn.call(image) as Image;
        assertEquals([got.height, got.width], [want.height, want.width], what);
        assertEquals(got.data, want.data, what);
        const x = TF.rotate(upload(image), angle, options);
        assertEquals(x.shape, [3, want.height, want.width], what);
        const bytes = Uint8Array.from(await x.permute([1, 2, 0]).data());
        assertEquals(bytes, want.data, what);
      }
    }
  });
}

Deno.test("randomRotation() by right angles spreads no NaN", async () => {
  const data = Float32Array.of(1, NaN, 3, 4, 5, Infinity);
  const x = new HostArray(data, [1, 2, 3]);
  const turn = T.randomRotation([90, 90], {
    expand: true,
    interpolation: "bilinear",
  });
  const want = Float32Array.of(3, Infinity, NaN, 5, 1, 4);
  assertEquals(turn.call(x), new HostArray(want, [1, 3, 2]));
  const onGPU = await turn.call(fromHost(x)).data();
  assertEquals(onGPU, want);
});

Deno.test("rotate() by right angles moves whole pixels where the frame stays", async () => {
  // what PIL's Image.rotate gives of 1 to 12; 0 lies around
  const [wide, tall] = [[3, 4], [4, 3]];
  const cases: [number[], number, number[]][] = [
    [wide!, 90, [4, 8, 12, 0, 3, 7, 11, 0, 2, 6, 10, 0]],
    [wide!, -90, [0, 10, 6, 2, 0, 11, 7, 3, 0, 12, 8, 4]],
    [tall!, 90, [0, 0, 0, 6, 9, 12, 5, 8, 11, 4, 7, 10]],
    [tall!, 270, [10, 7, 4, 11, 8, 5, 12, 9, 6, 0, 0, 0]],
    [wide!, 180, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
    [tall!, -540, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
  ];
  const data = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
  for (const [[height, width], angle, want] of cases) {
    const turn = T.randomRotation([angle, angle]);
    const image = new Image(data, width!, height!, 1);
    const what = `${height} x ${width} by ${angle}`;
    assertEquals([...(turn.call(image) as Image).data], want, what);
    const x = fromHost(new HostArray(data, [1, height!, width!]));
    assertEquals([...await TF.rotate(x, angle).data()], want, what);
  }
  // an even difference needs no rounding, and mixes nothing
  const x = fromHost(new HostArray(data, [1, 2, 6]));
  const y = TF.rotate(x, 90, { interpolation: "bilinear" });
  assertEquals([...await y.data()], [0, 0, 4, 10, 0, 0, 0, 0, 3, 9, 0, 0]);
});

Deno.test("affine() turns about a corner of a pixel without mixing", async () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const x = fromHost(new HostArray(data, [1, 2, 3]));
  for (const interpolation of ["nearest", "bilinear"] as const) {
    const y = TF.affine(x, {
      angle: 90,
      translate: [0, 0],
      scale: 1,
      shear: 0,
      center: [1, 1],
      interpolation,
    });
    assertEquals([...await y.data()], [4, 1, 0, 5, 2, 0]);
  }
});

Deno.test("joint() turns masks and boxes by right angles exactly", () => {
  const image = picture(3, 4);
  const ids = Int32Array.from({ length: 12 }, (_, i) => i * 1e8);
  const mask = new HostArray(ids, [3, 4]);
  const boxes = [[0, 0, 1, 1], [1, 2, 4, 3]];
  const turn = T.joint([T.randomRotation([90, 90], { expand: true })]);
  const moved = turn.call({ image, mask, boxes }, new Generator(0));
  assertEquals(moved.mask.shape, [4, 3]);
  assertEquals(
    [...moved.mask.data],
    [3, 7, 11, 2, 6, 10, 1, 5, 9, 0, 4, 8].map((id) => id * 1e8),
  );
  assertEquals(moved.boxes, [[0, 3, 1, 4], [2, 0, 3, 3]]);
});

Deno.test("letterbox() scales the longer side to the frame and pads the rest", () => {
  const sizes: [number, number, T.SizeArgument, number[], number[]][] = [
    // height, width, frame, scaled to, [left, top, right, bottom]
    [3, 6, 12, [6, 12], [0, 3, 0, 3]],
    [6, 3, 12, [12, 6], [3, 0, 3, 0]],
    [480, 640, 640, [480, 640], [0, 80, 0, 80]],
    [427, 640, 320, [214, 320], [0, 53, 0, 53]],
    [5, 5, 8, [8, 8], [0, 0, 0, 0]],
    [1, 1000, 8, [1, 8], [0, 3, 0, 4]],
    [10, 10, [6, 11], [6, 6], [2, 0, 3, 0]],
  ];
  for (const [height, width, size, scaled, padding] of sizes) {
    const transform = T.letterbox(size, { fill: 114 });
    const [resize, pad] = transform.draw({
      channels: 3,
      height,
      width,
      dtype: "uint8",
    });
    assert(resize?.op === "resize" && pad?.op === "pad");
    assertEquals<readonly number[]>(resize.size, scaled);
    assertEquals<readonly number[]>(pad.padding, padding);
    assertEquals(pad.fill, 114);
  }
});

Deno.test("letterbox() moves boxes and masks, and gives batches on the GPU", async () => {
  const image = picture(2, 4);
  const mask = new HostArray(new Int32Array(8).fill(70000), [2, 4]);
  const boxed = T.joint([T.letterbox(8, { fill: [1, 2, 3] })], { maskFill: -1 })
    .call({ image, mask, boxes: [[1, 0, 3, 2]] });
  assertEquals(boxed.boxes, [[2, 2, 6, 6]]);
  assertEquals([...boxed.image.data.subarray(0, 3)], [1, 2, 3]);
  const ids = [...boxed.mask.data];
  assertEquals(ids.slice(0, 16), new Array(16).fill(-1));
  assertEquals(ids.slice(16, 48), new Array(32).fill(70000));
  const batch = T.letterbox(8, { fill: [1, 2, 3] })
    .call(upload(image).unsqueeze(0));
  assertEquals(batch.shape, [1, 3, 8, 8]);
  const bytes = await batch.permute([0, 2, 3, 1]).data();
  assertEquals(Uint8Array.from(bytes), (boxed.image as Image).data);
  assertEquals(
    `${T.letterbox([4, 6], { fill: 114 })}`,
    "Letterbox(size=(4, 6), fill=114, interpolation=bilinear)",
  );
  assertThrows(() => T.letterbox(0), RangeError, "of size 0");
  assertThrows(() => T.letterbox(4, { fill: NaN }), TypeError, "NaN as a fill");
});

Deno.test("resize() takes a maxSize as large as the size: the longer side", () => {
  const sizeOf = (height: number, width: number): number[] => {
    const data = new Uint8Array(height * width * 3);
    const image = new Image(data, width, height);
    const made = T.resize(64, { maxSize: 64 }).call(image) as Image;
    return [made.height, made.width];
  };
  assertEquals(sizeOf(32, 64), [32, 64]);
  assertEquals(sizeOf(100, 50), [64, 32]);
  assertEquals(sizeOf(10, 30), [21, 64]); // 64 * 64 / 192, cut
  assertEquals(sizeOf(7, 7), [64, 64]);
});
