/**
 * planMatmul()'s dispatches against sums in float64, for products that no tensor
 * op asks for in all their variants: terms, chunks, offsets, strides, epilogues.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

import type { AdapterClass } from "../../../src/gpu/device.ts";
import { dispatch } from "../../../src/gpu/stream.ts";
import { scratch } from "../../../src/ops/define.ts";
import type { MatmulCase, Matrix } from "../../../src/ops/matmul/choice.ts";
import { planMatmul } from "../../../src/ops/matmul/kernels.ts";
import { scope } from "../../../src/tensor/scope.ts";
import { made, values } from "../_gradients.ts";

type Variant = Pick<MatmulCase, "m" | "n" | "k" | "batches"> & {
  readonly terms?: number;
  readonly chunks?: number;
  readonly aTurned?: boolean;
  readonly bTurned?: boolean;
  /** Elements before the first of a and b, and after every line. */
  readonly gap?: number;
  readonly sharedA?: boolean;
  readonly sharedB?: boolean;
  readonly bias?: "columns" | "rows";
};

const SIZES = [
  { m: 1, n: 1, k: 1 },
  { m: 1, n: 40, k: 300 },
  { m: 3, n: 17, k: 33 },
  { m: 40, n: 1, k: 20 },
  { m: 16, n: 16, k: 16 },
  { m: 17, n: 33, k: 5 },
  { m: 32, n: 20, k: 64 },
  { m: 20, n: 5, k: 1100 },
  { m: 4, n: 8, k: 0 },
] as const;

const VARIANTS: readonly Omit<Variant, "m" | "n" | "k">[] = [
  { batches: 1 },
  { batches: 1, aTurned: true, bias: "columns" },
  { batches: 1, bTurned: true, bias: "rows" },
  { batches: 1, gap: 4 },
  { batches: 1, gap: 3, aTurned: true, bTurned: true },
  { batches: 3, bias: "rows" },
  { batches: 3, sharedA: true },
  { batches: 3, sharedA: true, bias: "columns" },
  { batches: 3, sharedB: true },
  { batches: 2, terms: 3 },
  { batches: 1, terms: 5, bTurned: true },
  { batches: 2, terms: 2, aTurned: true, gap: 1 },
  { batches: 1, chunks: 3 },
  { batches: 2, chunks: 3, bias: "rows" },
  { batches: 2, chunks: 2, terms: 2, gap: 2 },
  { batches: 40, bTurned: true },
];

interface Operand {
  readonly matrix: Matrix;
  readonly data: Float32Array;
}

// Matrices one after the other, [chunks, batches, terms, rows, cols].
function operand(
  rows: number,
  cols: number,
  counts: readonly [chunks: number, batches: number, terms: number],
  turned: boolean,
  gap: number,
  salt: number,
): Operand {
  const [lines, length] = turned ? [cols, rows] : [rows, cols];
  const line = length + gap;
  const size = Math.max(1, lines * line);
  const total = gap + size * counts[0] * counts[1] * counts[2];
  return {
    matrix: {
      offset: gap,
      row: turned ? 1 : line,
      col: turned ? line : 1,
      term: size,
      batch: counts[1] === 1 ? 0 : size * counts[2],
      chunk: size * counts[1] * counts[2],
    },
    data: values(total, salt),
  };
}

async function check(variant: Variant, adapter: AdapterClass) {
  const { m, n, k, batches, terms = 1, chunks = 1, gap = 0 } = variant;
  const a = operand(
    m,
    k,
    [1, variant.sharedA ? 1 : batches, terms],
    variant.aTurned ?? false,
    gap,
    1,
  );
  const b = operand(
    k,
    n,
    [chunks, variant.sharedB ? 1 : batches, terms],
    variant.bTurned ?? false,
    gap,
    2,
  );
  const bias = values(batches * m + n + 1, 3);
  const product: MatmulCase = {
    ...{ m, n, k, batches, terms, chunks },
    a: a.matrix,
    b: b.matrix,
    ...(variant.bias && { bias: { offset: 1, along: variant.bias } }),
  };
  const expected: number[] = [];
  for (let q = 0; q < chunks; q++) {
    for (let g = 0; g < batches; g++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          expected.push(sumOf(product, a.data, b.data, bias, [q, g, i, j]));
        }
      }
    }
  }
  await scope(async () => {
    const [x, w, added] = [
      made([a.data.length], a.data),
      made([b.data.length], b.data),
      made([bias.length], bias),
    ];
    const y = scratch([chunks * batches * m * n]);
    planMatmul(
      product,
      {
        a: x.storage,
        b: w.storage,
        y: y.storage,
        ...(variant.bias && { bias: added.storage }),
      },
      (elements) => scratch([elements]).storage,
      adapter,
    ).forEach(dispatch);
    const found = await y.data();
    // some roundings of sums of so many numbers of up to 4
    const count = k * terms;
    const bound = 1e-6 + 2 ** -24 * 4 * count * Math.sqrt(count);
    const worst = expected.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - found[i]!)),
      0,
    );
    assertEquals(
      worst <= bound,
      true,
      `${adapter} ${JSON.stringify(variant)}: off by ${worst}`,
    );
  });
}

function sumOf(
  { k, terms = 1, a, b, bias, m }: MatmulCase,
  left: Float32Array,
  right: Float32Array,
  added: Float32Array,
  [q, g, i, j]: readonly [number, number, number, number],
): number {
  let sum = 0;
  for (let t = 0; t < terms; t++) {
    const aAt = a.offset + g * a.batch + t * a.term! + i * a.row;
    const bAt = b.offset + q * b.chunk! + g * b.batch + t * b.term! + j * b.col;
    for (let e = 0; e < k; e++) {
      sum += left[aAt + e * a.col]! * right[bAt + e * b.row]!;
    }
  }
  if (bias?.along === "columns") sum += added[1 + j]!;
  if (bias?.along === "rows") sum += added[1 + g * m + i]!;
  return sum;
}

for (const adapter of ["cpu", "gpu"] as const) {
  Deno.test(`planMatmul() equals sums in float64, for a ${adapter}`, async () => {
    for (const variant of VARIANTS) {
      for (const size of SIZES) await check({ ...variant, ...size }, adapter);
    }
  });
}

Deno.test("planMatmul() equals sums in float64, in workgroup tiles of 128", async () => {
  // two tiles of 128 in both directions, of 32 matrices
  const size = { m: 130, n: 129, k: 17 };
  await check({ ...size, batches: 32, aTurned: true, bias: "rows" }, "gpu");
});
