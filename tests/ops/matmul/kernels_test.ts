import { assertEquals } from "@std/assert";
import type { AdapterClass } from "../../../src/gpu/device.ts";
import type { Bindable, Plan } from "../../../src/gpu/plan.ts";
import {
  chooseMatmul,
  type MatmulCase,
  type MatmulChoice,
  type Matrix,
  wholeCase,
} from "../../../src/ops/matmul/choice.ts";
import { planMatmul } from "../../../src/ops/matmul/kernels.ts";

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

function plansOf(product: MatmulCase, adapter: AdapterClass): Plan[] {
  const buffers = { a: nothing, b: nothing, y: nothing };
  return planMatmul(product, buffers, () => nothing, adapter);
}

function namesOf(product: MatmulCase, adapter: AdapterClass): string[] {
  return plansOf(product, adapter).map((plan) => plan.name);
}

function choiceOf(product: MatmulCase, adapter: AdapterClass): MatmulChoice {
  return chooseMatmul(wholeCase(product), adapter);
}

Deno.test("chooseMatmul() takes register tiles on CPUs, workgroup tiles on GPUs", () => {
  const rows: [MatmulCase, AdapterClass, MatmulChoice["kernel"], number][] = [
    [square(512), "cpu", "registers", 16],
    [square(512, { m: 4 }), "cpu", "registers", 4],
    [square(512), "gpu", "tiles", 64],
    // 16 x 16 tiles of 128 fill a GPU
    [square(2048), "gpu", "tiles", 128],
    [square(2048, { n: 64 }), "gpu", "tiles", 64],
  ];
  for (const [product, adapter, kernel, side] of rows) {
    const choice = choiceOf(product, adapter);
    assertEquals([choice.kernel, choice.rows], [kernel, side]);
    assertEquals([choice.packA, choice.packB], [false, false]);
  }
});

Deno.test("planMatmul() copies no transposed operand", () => {
  const [a, b] = [turned(512, 512), turned(512, 512)];
  for (const changes of [{ b }, { a }, { a, b }]) {
    const product = square(512, changes);
    assertEquals(namesOf(product, "cpu"), ["matmul_registers"]);
  }
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
  assertEquals(choiceOf(skinny, "cpu").splits, 2);
  assertEquals(namesOf(skinny, "cpu"), ["matmul_registers", "matmul_finish"]);
  // 2 tiles of 64 x 64: parts of at least 256
  assertEquals(choiceOf(skinny, "gpu").splits, 36);
});

Deno.test("planMatmul() multiplies stacks of small matrices output by output", () => {
  const small = { m: 3, n: 2, k: 4, batches: 66001 };
  const product = { ...small, a: plain(3, 4), b: plain(4, 2) };
  assertEquals(namesOf(product, "cpu"), ["matmul_dots"]);
  assertEquals(namesOf(product, "gpu"), ["matmul_dots"]);
  assertEquals(
    choiceOf({ ...product, batches: 2 }, "cpu").kernel,
    "registers",
  );
});

Deno.test("planMatmul() makes one matrix of a batch that shares its b", () => {
  const product = square(64, {
    batches: 8,
    a: plain(64, 64),
    b: { ...plain(64, 64), batch: 0 },
  });
  const [plan] = plansOf(product, "cpu");
  // m = 8 * 64, and 32 x 4 tiles make 16 workgroups of 8 lanes
  assertEquals(plan!.params[0], 512);
  assertEquals(plan!.groups, [16, 1, 1]);
});

Deno.test("planMatmul() makes one matrix of a batch that shares its a", () => {
  // 8 matrices of 20 columns: 10 tiles of 16 across, and not 16
  const product = square(64, {
    n: 20,
    batches: 8,
    a: { ...plain(64, 64), batch: 0 },
    b: plain(64, 20),
  });
  const [plan] = plansOf(product, "cpu");
  assertEquals(plan!.groups, [Math.ceil(4 * 10 / 8), 1, 1]);
});

Deno.test("planMatmul() gives the lanes of a thin product parts of its sum", () => {
  const row = square(1024, { m: 1, b: turned(1024, 1024) });
  assertEquals(choiceOf(row, "cpu").splits, 1); // 64 tiles are enough
  const narrow = { ...row, n: 128 };
  assertEquals(choiceOf(narrow, "cpu").splits, 8);
  // a column is the row of the transposed product
  const column = { ...square(1024), n: 1, b: plain(1024, 1) };
  assertEquals(plansOf(column, "cpu").map((plan) => plan.consts?.ROWS), [4]);
});

Deno.test("planMatmul() has nothing to do for an empty output", () => {
  assertEquals(namesOf(square(64, { m: 0 }), "cpu"), []);
  assertEquals(namesOf(square(64, { batches: 0 }), "gpu"), []);
});

Deno.test("planMatmul() folds more workgroups than an axis has", () => {
  for (const adapter of ["cpu", "gpu"] as const) {
    const product = square(64, { m: 64 * 70000 });
    for (const plan of plansOf(product, adapter)) {
      assertEquals(plan.groups.every((count) => count <= 65535), true);
    }
  }
});
