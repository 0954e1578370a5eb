import { assertEquals, assertThrows } from "@std/assert";

import { gradcheck } from "../../../src/autograd/gradcheck.ts";
import { withAdapterClass } from "../../../src/gpu/device.ts";
import { map } from "../../../src/ops/elementwise/elementwise.ts";
import { ROWS } from "../../../src/ops/elementwise/rows.ts";
import { full, tensor } from "../../../src/tensor/create.ts";
import { assertClose } from "../_gradients.ts";

/** How many operands a row has. */
function arity(name: string): number {
  const text = JSON.stringify(ROWS[name]!.wgsl);
  return /\bc\b/.test(text) ? 3 : /\bb\b/.test(text) ? 2 : 1;
}

/** Operands of a row: b and c where they are plain numbers, else tensors. */
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  addScaled: [2.5],
  subScaled: [2.5],
  hardtanh: [-0.9, 1.1],
  leakyRelu: [0.1],
  leakyReluBackward: [0.1],
  elu: [1.5],
  eluBackward: [1.5],
  eluCurve: [1.5],
  huber: [1.1],
  smoothL1: [1.1],
  smoothL1Slope: [1.1],
  celu: [1.5],
  softplus: [2, 20],
  replaceNan: [0],
  replaceInf: [1, 2],
};

/** Points inside of the domains, none within a few steps of a kink. */
const SPOTS: Readonly<Record<string, readonly number[]>> = {
  asin: [-0.6, -0.2, 0.3, 0.7],
  acos: [-0.6, -0.2, 0.3, 0.7],
  circleSlope: [-0.6, -0.2, 0.3, 0.7],
  binaryCrossEntropy: [0.3, 0.45, 0.6, 0.7],
  binaryCrossEntropyBackward: [0.3, 0.45, 0.6, 0.7],
  pow: [0.6, 1.3, 2.2, 0.9],
  scaledPower: [0.6, 1.3, 2.2, 0.9],
  powLog: [0.6, 1.3, 2.2, 0.9],
  powLogSlope: [0.6, 1.3, 2.2, 0.9],
  powerOrZero: [0.6, 1.3, 2.2, 0.9],
  sqrt: [0.6, 1.3, 2.2, 0.9],
  rootOfSquares: [0.6, 1.3, 2.2, 0.9],
  rsqrt: [0.6, 1.3, 2.2, 0.9],
  log: [0.6, 1.3, 2.2, 0.9],
  log2: [0.6, 1.3, 2.2, 0.9],
  log10: [0.6, 1.3, 2.2, 0.9],
  log1p: [-0.4, 1.3, 2.2, 0.9],
  tan: [-0.8, 0.3, 0.9, 0.5],
};
const ANYWHERE = [-1.37, -0.43, 0.57, 1.68];
/** Rows whose slope is not that of what they compute, on purpose. */
const UNLIKE = ["replace", "zero"];

Deno.test("every elementwise row has the gradient that differences say", async () => {
  for (const [name, row] of Object.entries(ROWS)) {
    if (!row.grads || UNLIKE.includes(name)) continue;
    const numbers = NUMBERS[name] ?? [];
    const count = arity(name) - numbers.length;
    const spots = SPOTS[name] ?? ANYWHERE;
    const inputs = Array.from(
      { length: count },
      (_, i) => tensor(spots.map((x) => x * (1 - 0.23 * i))),
    );
    // a row without a rule for an operand is checked for the others
    const isFixed = inputs.map((_, i) => row.grads![i] === undefined);
    const free = inputs.filter((_, i) => !isFixed[i]);
    const twice = !["round", "floor", "ceil", "trunc"].includes(name);
    try {
      await gradcheck(
        (...given) => {
          let next = 0;
          const woven = inputs.map((input, i) =>
            isFixed[i] ? input : given[next++]!
          );
          return map(name, ...woven, ...numbers);
        },
        free,
        // 1e-2: the steepest (tan, div) curve a lot within two steps
        { second: twice, tolerance: 1e-2 },
      );
    } catch (error) {
      throw new Error(`Row "${name}"`, { cause: error });
    }
  }
});

Deno.test("gradients have the type of what they belong to", () => {
  const x = full([2], 1, { dtype: "float16", requiresGrad: true });
  x.mul(tensor([1, 2])).sum().backward();
  assertEquals(x.grad!.dtype, "float16");
});

Deno.test("elementwise ops broadcast, views and odd sizes too", async () => {
  for (const kind of ["cpu", "gpu"] as const) {
    for (const [rows, columns] of [[1, 1], [3, 5], [5, 4], [7, 64], [33, 36]]) {
      const count = rows! * columns!;
      const values = Float32Array.from({ length: count }, (_, i) => i);
      const x = tensor(values).reshape([rows!, columns!]);
      const row = tensor(values.slice(0, columns));
      const column = tensor(values.slice(0, rows)).unsqueeze(1);
      const turned = tensor(values).reshape([columns!, rows!]).transpose(0, 1);
      const got = withAdapterClass(
        kind,
        () => [x.add(row), x.add(column), x.add(turned), row.mul(column)],
      );
      const at = (f: (i: number, j: number) => number): number[] =>
        Array.from(values, (_, k) => f(Math.floor(k / columns!), k % columns!));
      const wants = [
        at((i, j) => i * columns! + 2 * j),
        at((i, j) => i * columns! + j + i),
        at((i, j) => i * columns! + j + j * rows! + i),
        at((i, j) => i * j),
      ];
      for (const [k, want] of wants.entries()) {
        await assertClose(got[k]!, want, 0);
      }
    }
  }
});

Deno.test("elementwise ops read packed bytes at every offset", async () => {
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => 3 * i);
  const x = tensor(bytes);
  for (let start = 0; start < 5; start++) {
    const part = x.slice(0, start, 20);
    assertEquals(
      [...await part.add(1).data()],
      [...bytes.slice(start, 20)].map((value) => value + 1),
    );
  }
});

Deno.test("elementwise ops take tensors without elements", async () => {
  const none = tensor([]).reshape([0, 3]);
  assertEquals(none.add(1).shape, [0, 3]);
  assertEquals((await none.add(tensor([1, 2, 3])).data()).length, 0);
});

Deno.test("elementwise ops name both shapes and the types they refuse", () => {
  assertThrows(
    () => full([2, 3], 1).add(full([2, 4], 1)),
    TypeError,
    "Cannot add [2, 3] and [2, 4]",
  );
  assertThrows(() => tensor([1.5]).bitwiseAnd(1), TypeError, "float32");
  assertThrows(
    () => tensor([2], { dtype: "int32" }).pow(-1),
    RangeError,
    "negative",
  );
});
