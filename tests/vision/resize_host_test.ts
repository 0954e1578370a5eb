import { assertEquals, assertThrows } from "@std/assert";

import { Image } from "../../src/vision/image.ts";
import {
  resizeCrop,
  type ResizeCropOptions,
} from "../../src/vision/resize_host.ts";
import type { Box, Interpolation } from "../../src/vision/resize_taps.ts";

const INTERPOLATIONS: readonly Interpolation[] = [
  "nearest",
  "nearest-exact",
  "bilinear",
  "bicubic",
];

/** Bytes without a pattern, the same in every run. */
function noise(width: number, height: number, channels: 1 | 3 | 4): Image {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.imul(i + 1, 0x9e3779b1) >>> 23;
  }
  return new Image(data, width, height, channels);
}

/** A part of an image, pixel by pixel. */
function cut(image: Image, { top, left, height, width }: Box): Image {
  const { channels } = image;
  const data: number[] = [];
  for (let y = top; y < top + height; y++) {
    const at = (y * image.width + left) * channels;
    data.push(...image.data.subarray(at, at + width * channels));
  }
  return new Image(Uint8Array.from(data), width, height, channels);
}

function grey(width: number, ...values: number[]): Image {
  return new Image(
    Uint8Array.from(values),
    width,
    values.length / width,
    1,
  );
}

Deno.test("resizeCrop() equals PyTorch where a row of four becomes two or eight", () => {
  const row = grey(4, 0, 100, 200, 40);
  const resized = (options: Partial<ResizeCropOptions>, width: number) => [
    ...resizeCrop(row, { size: [1, width], ...options }).data,
  ];
  // torch.nn.functional.interpolate in float64, rounded
  assertEquals(resized({}, 2), [71, 117]);
  assertEquals(resized({ antialias: false }, 2), [50, 120]);
  assertEquals(resized({ interpolation: "bicubic" }, 2), [68, 122]);
  assertEquals(
    resized({ interpolation: "bicubic", antialias: false }, 2),
    [41, 129],
  );
  assertEquals(resized({}, 8), [0, 25, 75, 125, 175, 160, 80, 40]);
  assertEquals(
    resized({ interpolation: "bicubic" }, 8),
    [0, 17, 71, 131, 193, 171, 73, 26],
  );
  assertEquals(resized({ interpolation: "nearest" }, 2), [0, 200]);
  assertEquals(resized({ interpolation: "nearest-exact" }, 2), [100, 40]);
});

Deno.test("resizeCrop() of a size that stays is the image", () => {
  for (const channels of [1, 3, 4] as const) {
    const image = noise(7, 5, channels);
    for (const interpolation of INTERPOLATIONS) {
      const same = resizeCrop(image, { size: [5, 7], interpolation });
      assertEquals(same.data, image.data, interpolation);
    }
  }
});

Deno.test("resizeCrop() with a window gives that part of the whole", () => {
  const window = { top: 3, left: 2, height: 6, width: 9 };
  for (const channels of [1, 3, 4] as const) {
    const image = noise(23, 17, channels);
    for (const interpolation of INTERPOLATIONS) {
      for (const rounding of ["torch", "pil"] as const) {
        const options: ResizeCropOptions = {
          size: [11, 14],
          source: { top: 2, left: 1, height: 14, width: 20 },
          interpolation,
          rounding,
          antialias: rounding === "pil",
        };
        assertEquals(
          resizeCrop(image, { ...options, window }).data,
          cut(resizeCrop(image, options), window).data,
          `${interpolation}, ${channels} channels`,
        );
      }
    }
  }
});

Deno.test("resizeCrop() with a source looks at no pixel outside of it", () => {
  const image = noise(23, 17, 3);
  const source = { top: 4, left: 6, height: 8, width: 9 };
  for (const interpolation of INTERPOLATIONS) {
    const size = [6, 12] as const;
    assertEquals(
      resizeCrop(image, { size, source, interpolation }).data,
      resizeCrop(cut(image, source), { size, interpolation }).data,
      interpolation,
    );
  }
});

Deno.test("resizeCrop() keeps one colour whatever the scale", () => {
  const image = new Image(new Uint8Array(31 * 9 * 3).fill(201), 31, 9);
  for (const size of [[1, 1], [2, 100], [40, 3], [9, 1]] as const) {
    for (const interpolation of INTERPOLATIONS) {
      const { data } = resizeCrop(image, { size, interpolation });
      assertEquals(new Set(data), new Set([201]), `${interpolation} ${size}`);
    }
  }
});

Deno.test("resizeCrop() saturates where a bicubic filter overshoots", () => {
  const edge = grey(6, 0, 0, 0, 255, 255, 255);
  const { data } = resizeCrop(edge, {
    size: [1, 12],
    interpolation: "bicubic",
  });
  assertEquals([...data.slice(0, 4), ...data.slice(8)], [
    ...[0, 0, 0, 0],
    ...[255, 255, 255, 255],
  ]);
});

Deno.test("resizeCrop() writes into the bytes it is given", () => {
  const batch = new Uint8Array(2 * 2 * 2 * 3).fill(7);
  const image = noise(4, 4, 3);
  const slot = batch.subarray(12);
  const result = resizeCrop(image, { size: [2, 2] }, slot);
  assertEquals(result.data, resizeCrop(image, { size: [2, 2] }).data);
  assertEquals(batch.subarray(12), result.data);
  assertEquals(batch.subarray(0, 12), new Uint8Array(12).fill(7));
});

Deno.test("resizeCrop() names the sizes it refuses", () => {
  const image = noise(4, 3, 3);
  const box = { top: 0, left: 0, height: 2, width: 2 };
  const refused: [ResizeCropOptions, string][] = [
    [{ size: [0, 4] }, "Image(4 x 3, 3 channels) to [0, 4]"],
    [{ size: [2.5, 4] }, "expected [height, width], positive integers"],
    [
      { size: [2, 2], source: { ...box, left: 3 } },
      "source 2 x 2 at column 3, row 0: expected a part of 4 x 3 pixels",
    ],
    [
      { size: [2, 2], window: { ...box, top: -1 } },
      "window 2 x 2 at column 0, row -1: expected a part of 2 x 2 pixels",
    ],
  ];
  for (const [options, message] of refused) {
    assertThrows(() => resizeCrop(image, options), RangeError, message);
  }
  assertThrows(
    () => resizeCrop(image, { size: [2, 2] }, new Uint8Array(11)),
    RangeError,
    "into 11 bytes: expected 12",
  );
});

Deno.test('resizeCrop() with "nearest-exact" takes the pixel that torch or PIL takes', () => {
  const nearest = (width: number, rounding: "torch" | "pil") => [
    ...resizeCrop(new Image(Uint8Array.of(0, 1), 2, 1, 1), {
      size: [1, width],
      interpolation: "nearest-exact",
      rounding,
    }).data,
  ];
  // the centre of the middle pixel lies between the two
  assertEquals(nearest(7, "torch"), [0, 0, 0, 1, 1, 1, 1]); // interpolate()
  assertEquals(nearest(7, "pil"), [0, 0, 0, 0, 1, 1, 1]); // PIL 9.4
});

Deno.test('resizeCrop() with rounding "pil" gives PIL\'s bytes', () => {
  const image = grey(4, 0, 100, 200, 40, 255, 3, 90, 17, 40, 0, 0, 255);
  const rows = (
    interpolation: Interpolation,
    width: number,
    height: number,
  ) => [
    ...resizeCrop(image, {
      size: [height, width],
      interpolation,
      rounding: "pil",
    }).data,
  ];
  // PIL 9.4: Image.fromarray(…).resize((width, height), …)
  assertEquals(rows("bilinear", 2, 2), [91, 90, 57, 85]);
  assertEquals(rows("bicubic", 2, 2), [94, 90, 53, 85]);
  assertEquals(rows("bilinear", 7, 5), [
    ...[0, 36, 93, 150, 189, 97, 40],
    ...[102, 88, 64, 109, 147, 75, 31],
    ...[255, 165, 21, 47, 85, 43, 17],
    ...[126, 82, 10, 19, 45, 116, 160],
    ...[40, 26, 3, 0, 18, 164, 255],
  ]);
  assertEquals(rows("bicubic", 7, 5), [
    ...[0, 15, 98, 176, 204, 96, 28],
    ...[99, 85, 64, 122, 162, 68, 10],
    ...[255, 176, 12, 35, 89, 42, 11],
    ...[129, 87, 2, 6, 34, 128, 169],
    ...[27, 17, 1, 0, 6, 188, 255],
  ]);
});
