import { assertThrows } from "@std/assert";

import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import { interpolate } from "../../../src/ops/image/interpolate.ts";
import { tensor } from "../../../src/tensor/create.ts";
import {
  assertClose,
  assertGradients,
  assertSecondGradients,
  made,
} from "../_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];
const LINE = tensor([[[0, 4, 8]]]);

for (const kind of CLASSES) {
  Deno.test(`interpolate() gradients equal central differences (${kind})`, async () => {
    for (const mode of ["nearest", "bilinear", "bicubic"] as const) {
      await assertGradients(
        (x) => interpolate(x!, { size: [5, 2], mode }),
        [made([1, 2, 3, 4])],
        { kind },
      );
    }
  });

  Deno.test(`interpolate() repeats the nearest element (${kind})`, async () => {
    const y = withAdapterClass(kind, () => interpolate(LINE, { size: 6 }));
    await assertClose(y, [0, 0, 4, 4, 8, 8], 0);
  });
}

Deno.test("interpolate() lies between elements, or keeps the corners", async () => {
  const half = interpolate(LINE, { size: 2, mode: "linear" });
  await assertClose(half, [1, 7], 1e-6); // at 1.5 * i + 0.25
  const corners = interpolate(LINE, {
    size: 5,
    mode: "linear",
    alignCorners: true,
  });
  await assertClose(corners, [0, 2, 4, 6, 8], 1e-6);
  const one = interpolate(LINE, {
    size: 1,
    mode: "linear",
    alignCorners: true,
  });
  await assertClose(one, [0], 0);
});

Deno.test("interpolate() of its own size changes nothing", async () => {
  const x = made([2, 1, 3, 4]);
  for (
    const mode of ["nearest", "nearest-exact", "bilinear", "bicubic"] as const
  ) {
    await assertClose(
      interpolate(x, { size: [3, 4], mode }),
      await x.data(),
      1e-6,
    );
  }
  const volume = made([1, 1, 2, 2, 2]);
  const same = interpolate(volume, { size: 2, mode: "trilinear" });
  await assertClose(same, await volume.data(), 1e-6);
});

Deno.test("interpolate() has second derivatives", async () => {
  await assertSecondGradients(
    (x) => interpolate(x!.square(), { scaleFactor: 2, mode: "linear" }),
    [made([1, 1, 3])],
  );
});

Deno.test("interpolate() names what it rejects", () => {
  assertThrows(() => interpolate(LINE), RangeError, "size or scaleFactor");
  assertThrows(
    () => interpolate(LINE, { size: 2, mode: "bilinear" }),
    TypeError,
    'by "bilinear": expected floats with 2 dims after [N, C]',
  );
  assertThrows(
    () => interpolate(LINE, { size: [2, 2] }),
    RangeError,
    "expected 1 sizes or factors, got 2",
  );
  assertThrows(
    () => interpolate(LINE, { scaleFactor: 0.1 }),
    RangeError,
    "to size 0",
  );
});
