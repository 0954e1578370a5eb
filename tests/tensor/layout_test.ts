import { assertEquals } from "@std/assert";

import {
  expandLayout,
  isRowMajor,
  mergeDims,
  permuteLayout,
  reshapeLayout,
  rowMajor,
  sameLayout,
  sliceLayout,
  spanOf,
} from "../../src/tensor/layout.ts";

Deno.test("isRowMajor() looks past dims of one element", () => {
  assertEquals(isRowMajor(rowMajor([2, 3])), true);
  assertEquals(isRowMajor(permuteLayout(rowMajor([2, 3]), [1, 0])), false);
  assertEquals(isRowMajor(permuteLayout(rowMajor([1, 3]), [1, 0])), true);
  assertEquals(isRowMajor(sliceLayout(rowMajor([4, 3]), 0, 1, 2, 1)), true);
  assertEquals(isRowMajor(sliceLayout(rowMajor([4, 3]), 1, 1, 2, 1)), false);
  assertEquals(isRowMajor(expandLayout(rowMajor([1, 3]), [2, 3])), false);
});

Deno.test("mergeDims() joins dims that all operands step through alike", () => {
  const dense = rowMajor([2, 3, 4]);
  assertEquals(mergeDims([dense, dense]), {
    shape: [24],
    strides: [[1], [1]],
  });
  // a row that repeats keeps its dim
  const row = expandLayout(rowMajor([4]), [2, 3, 4]);
  assertEquals(mergeDims([dense, row]), {
    shape: [6, 4],
    strides: [[4, 1], [0, 1]],
  });
});

Deno.test("reshapeLayout() answers where strides can say it", () => {
  const turned = permuteLayout(rowMajor([2, 3, 4]), [2, 0, 1]); // [4, 2, 3]
  assertEquals(reshapeLayout(turned, [4, 6])?.strides, [1, 4]);
  assertEquals(reshapeLayout(turned, [8, 3]), undefined);
  const part = sliceLayout(rowMajor([4, 6]), 0, 1, 2, 2);
  assertEquals(reshapeLayout(part, [2, 2, 3]), {
    shape: [2, 2, 3],
    strides: [12, 3, 1],
    offset: 6,
  });
});

Deno.test("sameLayout() ignores strides that are never used", () => {
  const a = { shape: [1, 3], strides: [3, 1], offset: 0 };
  assertEquals(sameLayout(a, { ...a, strides: [7, 1] }), true);
  assertEquals(sameLayout(a, { ...a, offset: 1 }), false);
  assertEquals(sameLayout(a, { ...a, strides: [3, 2] }), false);
});

Deno.test("spanOf() counts the elements that a layout reaches over", () => {
  assertEquals(spanOf(rowMajor([2, 3])), 6);
  assertEquals(spanOf(sliceLayout(rowMajor([4, 3]), 1, 0, 1, 1)), 10);
  assertEquals(spanOf(rowMajor([0, 3])), 0);
});
