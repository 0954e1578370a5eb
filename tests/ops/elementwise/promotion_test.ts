import { assertEquals, assertThrows } from "@std/assert";

import { smoothL1Loss } from "../../../src/ops/loss/loss.ts";
import { stack } from "../../../src/ops/movement/join.ts";
import { full, tensor } from "../../../src/tensor/create.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { i32, list, u32, u8 } from "../_numbers.ts";

Deno.test("operands meet in PyTorch's types", () => {
  const of = (dtype: DType) => full([2], 1, { dtype });
  const rows: [DType, DType | number | boolean, DType][] = [
    ["uint8", "int32", "int32"],
    ["bool", "uint8", "uint8"],
    ["float16", "int32", "float16"],
    ["float16", "float32", "float32"],
    ["int32", 2, "int32"],
    ["int32", 2.5, "float32"],
    ["uint8", true, "uint8"],
    ["bool", 2, "int32"],
    ["float16", 2.5, "float16"],
  ];
  for (const [a, b, want] of rows) {
    const y = of(a).mul(typeof b === "string" ? of(b) : b);
    assertEquals(y.dtype, want, `${a} and ${b}`);
  }
  const scalar = full([], 1, { dtype: "float32" });
  assertEquals(of("float16").mul(scalar).dtype, "float16");
  assertEquals(of("int32").mul(scalar).dtype, "float32");
});

Deno.test("bool arithmetic is logic where PyTorch allows it", async () => {
  const a = tensor([true, true, false]);
  const b = tensor([true, false, false]);
  assertEquals(a.add(b).dtype, "bool");
  assertEquals([...await a.add(b).data()], [1, 1, 0]);
  assertEquals([...await a.mul(b).data()], [1, 0, 0]);
  assertEquals([...await a.bitwiseNot().data()], [0, 0, 1]);
  assertThrows(() => a.sub(b), TypeError, "bool");
});

Deno.test("abs() and what rounds refuse bool tensors, as torch does", () => {
  const x = tensor([1, 0], { dtype: "bool" });
  for (const name of ["abs", "floor", "ceil", "round", "trunc"] as const) {
    assertThrows(
      () => x[name](),
      TypeError,
      `Cannot ${name} bool tensors: expected numbers`,
    );
    const bytes = x.to("uint8")[name]();
    assertEquals(bytes.dtype, "uint8");
  }
});

Deno.test("uint32 and int32 meet in comparisons only", async () => {
  const [a, b] = [u32([1]), i32([2])];
  for (
    const run of [
      () => a.add(b),
      () => b.mul(a),
      () => a.maximum(b),
      () => a.where(tensor([true]), b),
      () => a.clone().add_(b),
      () => stack([a, b]),
    ]
  ) assertThrows(run, TypeError, "no integer type here holds both");
  assertEquals(a.add(u8([2])).dtype, "uint32");
  assertEquals(await list(a.add(u8([2]))), [3]);
  assertEquals(a.add(i32(2)).dtype, "uint32"); // without dims it gives way
});

Deno.test("sums and products of integers are int32, of uint32 uint32", async () => {
  const x = u32([3e9, 1]);
  assertEquals([x.sum().dtype, await x.sum().item()], ["uint32", 3e9 + 1]);
  assertEquals(await list(x.cumsum(0)), [3e9, 3e9 + 1]);
  assertEquals([await x.prod().item(), await x.amax().item()], [3e9, 3e9]);
  assertEquals(await u32([3e9, 3e9]).sum().item(), 6e9 - 2 ** 32);
  assertEquals(await u8([200, 200]).sum().item(), 400);
  assertEquals(await i32([2 ** 31 - 1, 1]).sum().item(), -(2 ** 31));
});

Deno.test("tril() and triu() keep uint32 and bool", async () => {
  const x = u32([[2 ** 32 - 1, 2], [3, 4]]);
  assertEquals(await x.tril().toArray(), [[2 ** 32 - 1, 0], [3, 4]]);
  assertEquals(await x.triu().toArray(), [[2 ** 32 - 1, 2], [0, 4]]);
  assertEquals(x.eq(2).logicalNot().tril(-1).dtype, "bool");
});

Deno.test("functions of bool give PyTorch's types, with int32 for its int64", async () => {
  const x = tensor([true, false]);
  const rows: [Tensor, DType, number[]][] = [
    [x.square(), "int32", [1, 0]],
    [x.pow(2), "int32", [1, 0]],
    [x.pow(3), "int32", [1, 0]],
    [x.sign(), "bool", [1, 0]],
    [x.sqrt(), "float32", [1, 0]],
    [x.reciprocal(), "float32", [1, Infinity]],
    [x.clamp(0, 1), "int32", [1, 0]],
    [x.nanToNum(), "bool", [1, 0]],
    [x.cumsum(0), "int32", [1, 1]],
    [x.amax(), "bool", [1]],
    [u8([2, 20]).square(), "uint8", [4, 144]],
    [i32([-3, 2 ** 16]).square(), "int32", [9, 0]],
  ];
  for (const [k, [y, dtype, values]] of rows.entries()) {
    assertEquals([y.dtype, await list(y)], [dtype, values], `row ${k}`);
  }
  for (const name of ["neg", "relu"] as const) {
    assertThrows(() => x[name](), TypeError, `Cannot ${name} bool tensors`);
  }
});

Deno.test("add() and sub() with alpha have the type of the operands", async () => {
  const [flags, bytes] = [tensor([true, false]), u8([1, 200])];
  const [whole, floats] = [i32([1, -2]), tensor([1.5, 2])];
  const rows: [Tensor, DType, number[]][] = [
    [flags.add(flags, { alpha: 2 }), "bool", [1, 0]],
    [flags.add(flags, { alpha: -1 }), "bool", [1, 0]],
    [flags.add(true, { alpha: 0 }), "bool", [1, 0]],
    [flags.add(2, { alpha: 2 }), "int32", [5, 4]],
    [flags.add(bytes, { alpha: -1 }), "uint8", [0, 56]],
    [bytes.add(flags, { alpha: 2 }), "uint8", [3, 200]],
    [whole.sub(bytes, { alpha: 2 }), "int32", [-1, -402]],
    [whole.sub(whole, { alpha: -(2 ** 31) }), "int32", [1 - 2 ** 31, -2]],
    [whole.add(floats, { alpha: 0.5 }), "float32", [1.75, -1]],
    [flags.add(2.5, { alpha: 2.5 }), "float32", [7.25, 6.25]],
    [floats.sub(whole, { alpha: NaN }), "float32", [NaN, NaN]],
    [flags.clone().add_(flags, { alpha: 2 }), "bool", [1, 0]],
    [whole.clone().sub_(whole, { alpha: 3 }), "int32", [-2, 4]],
  ];
  for (const [k, [y, dtype, values]] of rows.entries()) {
    assertEquals([y.dtype, await list(y)], [dtype, values], `row ${k}`);
  }
  for (const alpha of [2.5, NaN, Infinity]) {
    const message = `tensors times ${alpha}: expected an integer`;
    for (
      const run of [
        () => flags.add(flags, { alpha }),
        () => whole.add(bytes, { alpha }),
        () => bytes.sub(2, { alpha }),
        () => whole.clone().add_(whole, { alpha }),
        () => whole.addcmul(whole, whole, { value: alpha }),
      ]
    ) assertThrows(run, TypeError, message);
  }
  const refused = "Cannot sub bool tensors";
  assertThrows(() => flags.sub(floats, { alpha: 2 }), TypeError, refused);
  assertThrows(() => floats.sub_(flags, { alpha: 2 }), TypeError, refused);
});

Deno.test("sub() with alpha has the gradients of a difference", async () => {
  const a = tensor([1, 2], { requiresGrad: true });
  const b = tensor([[3], [4]], { requiresGrad: true });
  const y = a.sub(b, { alpha: 3 });
  assertEquals(await y.toArray(), [[-8, -7], [-11, -10]]);
  y.sum().backward();
  assertEquals(await a.grad!.toArray(), [2, 2]);
  assertEquals(await b.grad!.toArray(), [[-6], [-6]]);
});

Deno.test("ops with alpha or bounds are called by their names in errors", () => {
  const [a, b] = [full([2], 1), full([3], 1)];
  for (
    const [name, run] of [
      ["add", () => a.add(b, { alpha: 2 })],
      ["sub", () => a.sub(b, { alpha: 2 })],
      ["clamp", () => a.clamp(b)],
      ["clamp", () => a.clamp(undefined, b)],
      ["smoothL1Loss", () => smoothL1Loss(a, b)],
    ] as const
  ) assertThrows(run, TypeError, `Cannot ${name} [2] and [3]`);
});
