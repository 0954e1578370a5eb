import { assertEquals } from "@std/assert";
import {
  chooseMatmul,
  type MatmulCase,
  type Matrix,
  planMatmul,
} from "../../src/ops/matmul_kernels.ts";
import type { AdapterClass } from "../../src/gpu/device.ts";
import type { Bindable, Plan } from "../../src/gpu/plan.ts";

// Row-major stacks, and the same stored transposed.
const plain = (rows: number, cols: number): Matrix => ({
  offset: 0,
  row: cols,
  col: 1,
  batch: rows * cols,
});
const turned = (rows: number, cols: number): Matrix => ({
  offset: 0,
  row: 1,
  col: rows,
  batch: rows * cols,
});

function square(size: number, changes: Partial<MatmulCase> = {}): MatmulCase {
  return {
    m: size,
    n: size,
    k: size,
    batches: 1,
    a: plain(size, size),
    b: plain(size, size),
    ...changes,
  };
}

// A buffer that nobody may look into.
const nothing: Bindable = {
  get buffer(): never {
    throw new Error("a plan must not look into its buffers");
  },
};

function plansOf(given: MatmulCase, adapter: AdapterClass): Plan[] {
  const buffers = { a: nothing, b: nothing, y: nothing };
  return planMatmul(given, buffers, () => nothing, adapter);
}

function namesOf(given: MatmulCase, adapter: AdapterClass): string[] {
  return plansOf(given, adapter).map((plan) => plan.name);
}

Deno.test("chooseMatmul() takes register tiles on CPUs, workgroup tiles on GPUs", () => {
  const { kernel, splits, finish } = chooseMatmul(square(512), "cpu");
  assertEquals({ kernel, splits, finish }, {
    kernel: "registers",
    splits: 1,
    finish: false,
  });
  assertEquals(chooseMatmul(square(512), "gpu").kernel, "tiles");
});

Deno.test("planMatmul() copies a transposed a and no transposed b on CPUs", () => {
  const [a, b] = [turned(512, 512), turned(512, 512)];
  assertEquals(namesOf(square(512, { b }), "cpu"), ["matmul_registers"]);
  assertEquals(namesOf(square(512, { a }), "cpu"), [
    "matmul_pack",
    "matmul_registers",
  ]);
  assertEquals(namesOf(square(1024, { a, b }), "gpu"), ["matmul_tiles"]);
});

Deno.test("planMatmul() copies what is not aligned to 4 elements on CPUs", () => {
  const cases: [Partial<MatmulCase>, string[]][] = [
    [{ a: { ...plain(512, 512), offset: 2 } }, ["matmul_pack"]],
    [{ b: { ...plain(512, 512), offset: 4 } }, []],
    [{ a: { ...plain(512, 513) } }, ["matmul_pack"]],
    // k is no multiple of 4: both get zeros at the end
    [{ k: 511 }, ["matmul_pack", "matmul_pack"]],
  ];
  for (const [changes, packs] of cases) {
    const names = namesOf(square(512, changes), "cpu");
    assertEquals(names, [...packs, "matmul_registers"]);
  }
});

Deno.test("planMatmul() drops padded columns and adds splits in a last kernel", () => {
  const narrow: MatmulCase = {
    m: 64,
    n: 10,
    k: 128,
    batches: 1,
    a: plain(64, 128),
    b: turned(128, 10),
  };
  assertEquals(namesOf(narrow, "cpu"), ["matmul_registers", "matmul_finish"]);
  const skinny: MatmulCase = {
    m: 64,
    n: 128,
    k: 9216,
    batches: 1,
    a: plain(64, 9216),
    b: turned(9216, 128),
  };
  // 4 x 8 tiles of 16 x 16: two parts make eight workgroups of 8 lanes
  assertEquals(chooseMatmul(skinny, "cpu").splits, 2);
  assertEquals(namesOf(skinny, "cpu"), ["matmul_registers", "matmul_finish"]);
  // 2 tiles of 64 x 64: parts of at least 256
  assertEquals(chooseMatmul(skinny, "gpu").splits, 36);
});

Deno.test("planMatmul() multiplies stacks of small matrices output by output", () => {
  const small = { m: 3, n: 2, k: 4, batches: 66001 };
  const given = { ...small, a: plain(3, 4), b: plain(4, 2) };
  assertEquals(namesOf(given, "cpu"), ["matmul_dots"]);
  assertEquals(namesOf(given, "gpu"), ["matmul_dots"]);
  assertEquals(
    chooseMatmul({ ...given, batches: 2 }, "cpu").kernel,
    "registers",
  );
});

Deno.test("planMatmul() makes one matrix of a batch that shares its b", () => {
  const given = square(64, {
    batches: 8,
    a: plain(64, 64),
    b: { ...plain(64, 64), batch: 0 },
  });
  const [plan] = plansOf(given, "cpu");
  // m = 8 * 64, and 32 x 4 tiles make 16 workgroups of 8 lanes
  assertEquals(plan!.params[0], 512);
  assertEquals(plan!.groups, [16, 1, 1]);
});

Deno.test("planMatmul() has nothing to do for an empty output", () => {
  assertEquals(namesOf(square(64, { m: 0 }), "cpu"), []);
  assertEquals(namesOf(square(64, { batches: 0 }), "gpu"), []);
});

Deno.test("planMatmul() folds more workgroups than an axis has", () => {
  for (const adapter of ["cpu", "gpu"] as const) {
    const given = square(64, { m: 64 * 70000 });
    for (const plan of plansOf(given, adapter)) {
      assertEquals(plan.groups.every((count) => count <= 65535), true);
    }
  }
});
