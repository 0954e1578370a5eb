import { assertEquals } from "@std/assert";
import {
  type AdapterClass,
  withAdapterClass,
} from "../../../src/gpu/device.ts";
import { scaledDotProductAttention } from "../../../src/ops/attention/attention.ts";
import { matmul } from "../../../src/ops/matmul/matmul.ts";
import { zeros } from "../../../src/tensor/create.ts";
import { type Shape, sizeOf } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertClose, made } from "../_gradients.ts";

const CLASSES: readonly AdapterClass[] = ["cpu", "gpu"];

// Few small integers, so that sums are exact in float32.
function whole(shape: Shape, seed: number): Tensor {
  const data = new Float32Array(sizeOf(shape));
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state >>> 24) % 4 - 1;
  }
  return made(shape, data);
}

// What is multiplied, by its inner size, and whether each of the two is read
// transposed.
const CASES: readonly (readonly [
  name: string,
  a: (k: number) => Shape,
  b: (k: number) => Shape,
  turned?: readonly [boolean, boolean],
])[] = [
  ["matrices", (k) => [17, k], (k) => [k, 3]],
  ["matrices, the left one transposed", (k) => [k, 5], (k) => [k, 6], [
    true,
    false,
  ]],
  ["matrices, the right one transposed", (k) => [5, k], (k) => [6, k], [
    false,
    true,
  ]],
  ["matrices, both transposed", (k) => [k, 5], (k) => [20, k], [true, true]],
  ["stacks", (k) => [2, 3, k], (k) => [2, k, 2]],
  ["many small stacks", (k) => [17, 1, k], (k) => [17, k, 1]],
  ["a stack and one matrix", (k) => [2, 3, k], (k) => [k, 2]],
  ["vectors", (k) => [4 * k], (k) => [4 * k]],
  ["a vector and a matrix", (k) => [2 * k], (k) => [2 * k, 2]],
  ["a matrix and a vector", (k) => [2, k], (k) => [k]],
];

// Inner sizes that an invocation alone can't sum (see NOTE [loops] in
// src/gpu/plan.ts).
const INNER = { cpu: 270_002, gpu: 70_001 } as const;

// The product of what is at least vectors, of doubles.
async function productOf(a: Tensor, b: Tensor): Promise<number[]> {
  const left = a.ndim === 1 ? a.unsqueeze(0) : a;
  const right = b.ndim === 1 ? b.unsqueeze(1) : b;
  const [m, k] = left.shape.slice(-2) as [number, number];
  const n = right.shape.at(-1)!;
  const stacks = sizeOf(left.shape.slice(0, -2));
  const shared = right.ndim === 2 ? 0 : k * n;
  const [x, y] = [await left.data(), await right.data()];
  return Array.from({ length: stacks * m * n }, (_, at) => {
    const [g, i, j] = [Math.floor(at / m / n), Math.floor(at / n) % m, at % n];
    let sum = 0;
    for (let c = 0; c < k; c++) {
      sum += x[(g * m + i) * k + c]! * y[g * shared + c * n + j]!;
    }
    return sum;
  });
}

for (const kind of CLASSES) {
  const k = INNER[kind];
  for (const [name, aOf, bOf, [aTurned, bTurned] = [false, false]] of CASES) {
    Deno.test(`matmul() sums long inner sizes: ${name}, ${kind} kernels`, async () => {
      const [left, right] = [whole(aOf(k), 1), whole(bOf(k), 2)];
      const a = aTurned ? left.transpose(0, 1) : left;
      const b = bTurned ? right.transpose(0, 1) : right;
      const y = withAdapterClass(kind, () => matmul(a, b));
      assertEquals([...await y.data()], await productOf(a, b));
    });
  }

  Deno.test(`linear weights have exact gradients from very many rows, ${kind} kernels`, async () => {
    const x = whole([k, 2], 3);
    const w = zeros([2, 3], { requiresGrad: true });
    const dy = whole([k, 3], 4);
    withAdapterClass(kind, () => matmul(x, w).backward(dy));
    const want = await productOf(x.transpose(0, 1), dy);
    assertEquals([...await w.grad!.data()], want);
  });
}

// softmax(q k^T / sqrt(E) + mask) v and its gradients for dy, in doubles.
function attention(
  [q, k, v, dy]: readonly Float32Array[],
  [L, S, E]: readonly [number, number, number],
  sees: (i: number, j: number) => boolean,
): Record<"y" | "dq" | "dk" | "dv", number[]> {
  const scale = 1 / Math.sqrt(E);
  const dot = (a: Float32Array, i: number, b: Float32Array, j: number) => {
    let sum = 0;
    for (let e = 0; e < E; e++) sum += a[i * E + e]! * b[j * E + e]!;
    return sum;
  };
  const y = new Array<number>(L * E).fill(0);
  const dq = [...y];
  const dk = new Array<number>(S * E).fill(0);
  const dv = [...dk];
  for (let i = 0; i < L; i++) {
    const p = Array.from(
      { length: S },
      (_, j) => sees(i, j) ? Math.exp(scale * dot(q!, i, k!, j)) : 0,
    );
    const sum = p.reduce((a, b) => a + b);
    const along = p.map((weight, j) => weight === 0 ? 0 : dot(dy!, i, v!, j));
    const mean = p.reduce((all, weight, j) => all + weight * along[j]!, 0) /
      sum;
    for (let j = 0; j < S; j++) {
      const weight = p[j]! / sum;
      const ds = weight * (along[j]! - mean) * scale;
      for (let e = 0; e < E; e++) {
        y[i * E + e]! += weight * v![j * E + e]!;
        dq[i * E + e]! += ds * k![j * E + e]!;
        dk[j * E + e]! += ds * q![i * E + e]!;
        dv[j * E + e]! += weight * dy![i * E + e]!;
      }
    }
  }
  return { y, dq, dk, dv };
}

type Attended = readonly [queries: number, keys: number, width: number];

// A GPU's kernels take 1,000 to 16,000 keys or queries at a time.
const ATTENDED: readonly (readonly [
  string,
  Attended,
  { readonly isCausal?: boolean; readonly hidden?: number },
])[] = [
  ["very many keys", [3, 70_001, 4], {}],
  ["very many queries", [40_003, 2, 4], {}],
  ["wide keys", [3, 3300, 32], {}],
  ["causal", [1800, 1800, 32], { isCausal: true }],
  ["a mask that hides the first keys", [3, 20_001, 8], { hidden: 19_000 }],
];

for (const kind of CLASSES) {
  for (const [name, [L, S, E], { isCausal = false, hidden }] of ATTENDED) {
    Deno.test(`scaledDotProductAttention() and its gradients sum over any number: ${name}, ${kind} kernels`, async () => {
      const [q, k, v] = [[1, L, E], [1, S, E], [1, S, E]].map((shape, i) =>
        whole(shape, i + 5).mul(0.25).detach().requiresGrad_()
      ) as [Tensor, Tensor, Tensor]; // as many
      const dy = whole([1, L, E], 9);
      const mask = hidden === undefined
        ? undefined
        : made([S], new Float32Array(S).fill(1, hidden)).to("bool");
      const y = withAdapterClass(kind, () => {
        const y = scaledDotProductAttention(q, k, v, {
          isCausal,
          attnMask: mask,
        });
        y.backward(dy);
        return y;
      });
      const operands = await Promise.all(
        [q, k, v, dy].map(async (each) => await each.data() as Float32Array),
      );
      const want = attention(
        operands,
        [L, S, E],
        (i, j) => isCausal ? j <= i : j >= (hidden ?? 0),
      );
      await assertClose(y, want.y, 1e-4); // 70,001 roundings
      await assertClose(q.grad!, want.dq, 1e-4);
      await assertClose(k.grad!, want.dk, 1e-4);
      await assertClose(v.grad!, want.dv, 1e-4);
    });
  }

  Deno.test(`scaledDotProductAttention() gives NaN where all of very many keys are hidden, or one is NaN, ${kind} kernels`, async () => {
    const [S, E] = [20_000, 8];
    const q = whole([1, 2, E], 5);
    const k = whole([1, S, E], 6);
    const v = whole([1, S, E], 7);
    const visible = new Float32Array(2 * S);
    visible[S + 3] = 1; // the second query sees one of the first keys alone
    const blind = withAdapterClass(
      kind,
      () =>
        scaledDotProductAttention(q, k, v, {
          attnMask: made([2, S], visible).to("bool"),
        }),
    );
    const seen = [...(await v.data()).subarray(3 * E, 4 * E)];
    assertEquals([...await blind.data()], [...Array(E).fill(NaN), ...seen]);
    const keys = (await k.data()).slice() as Float32Array;
    keys[5] = NaN;
    const y = withAdapterClass(
      kind,
      () => scaledDotProductAttention(q, made([1, S, E], keys), v),
    );
    assertEquals([...await y.data()], Array(2 * E).fill(NaN));
  });
}
