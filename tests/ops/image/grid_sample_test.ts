import { assertEquals, assertThrows } from "@std/assert";

import {
  gridSample,
  type GridSampleMode,
  type GridSampleOptions,
} from "../../../src/ops/image/grid_sample.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { assertClose, assertGradients, made } from "../_gradients.ts";

const image = () => made([1, 1, 1, 4], [1, 2, 4, 8]);
/** Points along the only row; elements lie at -0.75, -0.25, 0.25 and 0.75. */
const at = (...xs: number[]) =>
  made([1, 1, xs.length, 2], xs.flatMap((x) => [x, 0]));

const POINTS: readonly [GridSampleOptions, readonly number[], number[]][] = [
  [{}, [-0.75, 0, 0.5], [1, 3, 6]],
  [{}, [1, 1.25, -5], [4, 0, 0]], // half of 8 and half of nothing
  [{ paddingMode: "border" }, [1, 5, -5], [8, 8, 1]],
  [{ paddingMode: "reflection" }, [1.25, 1.75, -2.75], [8, 4, 8]],
  [{ alignCorners: true }, [-1, 1, -2 / 3], [1, 8, 1.5]],
  [{ mode: "nearest" }, [0.3, 0.7, 1.2], [4, 8, 0]],
  // at an element the others have no weight; between: (-3, 19, 19, -3) / 32
  [{ mode: "bicubic" }, [0.25, 0], [4, (-3 + 2 * 19 + 4 * 19 - 3 * 8) / 32]],
];

Deno.test("gridSample() finds elements, what is between and what beyond", async () => {
  for (const [options, xs, want] of POINTS) {
    const y = gridSample(image(), at(...xs), options);
    assertEquals(y.shape, [1, 1, 1, xs.length]);
    await assertClose(y, want, 1e-5);
  }
});

Deno.test("gridSample() takes no element for points at infinity", async () => {
  await assertClose(gridSample(image(), at(Infinity, -Infinity)), [0, 0], 0);
});

Deno.test("gridSample() gradients equal central differences", async () => {
  const x = made([2, 2, 3, 4]);
  // away from elements, where the slope jumps
  const grid = made(
    [2, 2, 1, 2],
    [0.1, 0.2, -0.4, 0.5, 0.62, -0.31, 0.35, -0.55],
  );
  const modes: GridSampleMode[] = ["bilinear", "nearest", "bicubic"];
  for (const mode of modes) {
    for (const paddingMode of ["zeros", "border", "reflection"] as const) {
      await assertGradients(
        (image, points) => gridSample(image!, points!, { mode, paddingMode }),
        [x, grid],
        { step: 2 ** -8 },
      );
    }
  }
});

Deno.test("gridSample() names what it rejects", () => {
  const x = image();
  assertThrows(
    () => gridSample(x.select(0, 0), at(0)),
    TypeError,
    "expected floats of shape [N, C, H, W] and [N, H', W', 2]",
  );
  assertThrows(
    () => gridSample(x, made([2, 1, 1, 2])),
    TypeError,
    "expected a grid of shape [1, H', W', 2], got [2, 1, 1, 2]",
  );
  assertThrows(
    () => gridSample(made([1, 1, 0, 4]), at(0)),
    RangeError,
    "the images have no elements",
  );
  const untyped = { mode: "cubic" } as unknown as GridSampleOptions; // a slip
  assertThrows(
    () => gridSample(x, at(0), untyped),
    RangeError,
    'Cannot gridSample with mode "cubic": expected "bilinear", "nearest"',
  );
  const other = { paddingMode: "ones" } as unknown as GridSampleOptions; // too
  assertThrows(
    () => gridSample(x, at(0), other),
    RangeError,
    'Cannot gridSample with paddingMode "ones": expected "zeros"',
  );
  const integers = tensor([[[[1]]]], { dtype: "int32" });
  assertThrows(() => gridSample(integers, at(0)), TypeError, "expected floats");
});

Deno.test("gridSample() has no slope at the ends of the axis, as in PyTorch", async () => {
  for (const paddingMode of ["border", "reflection"] as const) {
    const grid = at(-1, -0.5, 1).requiresGrad_();
    gridSample(image(), grid, { paddingMode, alignCorners: true }).sum()
      .backward();
    await assertClose(grid.grad!.select(-1, 0), [0, 1.5, 0], 1e-6);
  }
});
