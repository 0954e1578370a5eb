import { assertEquals, assertThrows } from "@std/assert";

import {
  arange,
  eye,
  full,
  linspace,
  onesLike,
  tensor,
  zeros,
} from "../../src/tensor/create.ts";
import type { DType, TypedArray } from "../../src/tensor/dtype.ts";
import { HostArray } from "../../src/tensor/host_array.ts";

Deno.test("tensor() takes its type and shape from the values", async () => {
  const rows: [ReturnType<typeof tensor>, string, number[]][] = [
    [tensor(3), "float32", []],
    [tensor([[1, 2], [3, 4], [5, 6]]), "float32", [3, 2]],
    [tensor([true, false]), "bool", [2]],
    [tensor(new Uint8Array([1, 2, 3])), "uint8", [3]],
    [tensor([[]]), "float32", [1, 0]],
    [tensor([1, 2], { dtype: "int32" }), "int32", [2]],
  ];
  for (const [x, dtype, shape] of rows) {
    assertEquals([x.dtype, x.shape], [dtype, shape]);
  }
  assertEquals(await tensor([[1, 2], [3, 4]]).toArray(), [[1, 2], [3, 4]]);
  assertEquals(await tensor(7).item(), 7);
});

Deno.test("tensor() refuses ragged arrays and values that do not fit", () => {
  assertThrows(() => tensor([[1, 2], [3]]), TypeError, "[2, 2]");
  assertThrows(() => tensor([1, [2]]), TypeError, "unequal lengths");
  assertThrows(
    () => tensor([256], { dtype: "uint8" }),
    RangeError,
    "256 into a uint8 tensor",
  );
  assertThrows(() => tensor([NaN], { dtype: "int32" }), RangeError, "NaN");
});

Deno.test("full() fills every type and size", async () => {
  for (
    const dtype of ["float32", "float16", "int32", "uint8", "bool"] as const
  ) {
    for (const size of [0, 1, 3, 4, 1023]) {
      const data = await full([size], 1, { dtype }).data();
      assertEquals([...data], Array(size).fill(1), `${dtype} ${size}`);
    }
  }
  assertEquals([...await onesLike(zeros([2])).data()], [1, 1]);
});

Deno.test("arange() and linspace() count as PyTorch does", async () => {
  assertEquals([...await arange(4).data()], [0, 1, 2, 3]);
  assertEquals([...await arange(1, 10, 3).data()], [1, 4, 7]);
  assertEquals([...await arange(3, 0, -1).data()], [3, 2, 1]);
  assertEquals(arange(0, 1, 0.25).dtype, "float32");
  assertEquals([...await linspace(-1, 1, 5).data()], [-1, -0.5, 0, 0.5, 1]);
  assertThrows(() => arange(0, 1, 0), RangeError, "step 0: expected");
});

Deno.test("arange() and linspace() refuse values that the type does not hold", async () => {
  const bytes = { dtype: "uint8" } as const;
  assertEquals([...await arange(0, 300, 100, bytes).data()], [0, 100, 200]);
  assertEquals([...await linspace(0, 10, 4, bytes).data()], [0, 3, 6, 10]);
  const down = await linspace(-3, 3, 4, { dtype: "int32" }).data();
  assertEquals([...down], [-3, -1, 1, 3]);
  const flags = await linspace(0, 2, 3, { dtype: "bool" }).data();
  assertEquals([...flags], [0, 1, 1]);
  for (
    const run of [
      () => arange(0, 301, 100, bytes),
      () => arange(-1, 1, 1, bytes),
      () => arange(0, 4e9, 1e9),
      () => linspace(0, 256, 3, bytes),
      () => linspace(0, 3e9, 2, { dtype: "int32" }),
      () => linspace(0, 1e5, 3, { dtype: "float16" }),
    ]
  ) assertThrows(run, RangeError, "tensor (");
  assertThrows(() => arange(NaN), RangeError, "Cannot arange from 0 to NaN");
  assertThrows(
    () => arange(Infinity),
    RangeError,
    "Cannot arange from 0 to Inf",
  );
});

Deno.test("tensor() of a typed array refuses what another type does not hold", async () => {
  const rows: [TypedArray, DType][] = [
    [new Int32Array([1, 256]), "uint8"],
    [new Int32Array([-1]), "uint32"],
    [new Uint32Array([2 ** 31]), "int32"],
    [new Float32Array([3e9]), "int32"],
    [new Float32Array([NaN]), "uint8"],
    [new Float32Array([1e5]), "float16"],
    [new Int32Array([1e5]), "float16"],
  ];
  for (const [values, dtype] of rows) {
    const run = () => tensor(values, { dtype });
    assertThrows(run, RangeError, "tensor (tensor): expected", dtype);
  }
  const cut = tensor(new Float32Array([-0.5, 254.9]), { dtype: "uint8" });
  assertEquals([...await cut.data()], [0, 254]);
  const flags = tensor(new Float32Array([NaN, 0, 300]), { dtype: "bool" });
  assertEquals([...await flags.data()], [1, 0, 1]);
});

Deno.test("eye() is an identity matrix of any shape", async () => {
  assertEquals(await eye(2, 3).toArray(), [[1, 0, 0], [0, 1, 0]]);
  assertEquals(await eye(3).sum().item(), 3);
});

Deno.test("HostArray refuses elements of another type than it is said to hold", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  assertEquals(new HostArray(bytes, [4], "bool").dtype, "bool");
  const cases: [TypedArray, DType, string][] = [
    [bytes, "float32", "Float32Array"],
    [Float32Array.of(1), "int32", "Int32Array"],
    [Float32Array.of(1), "float16", "Float16Array"],
    [Int32Array.of(1), "uint32", "Uint32Array"],
    [Int32Array.of(1), "bool", "Uint8Array"],
  ];
  for (const [data, dtype, expected] of cases) {
    assertThrows(
      () => new HostArray(data, [data.length], dtype),
      TypeError,
      `Cannot make an array of type "${dtype}" from ` +
        `${/^I/.test(data.constructor.name) ? "an" : "a"} ` +
        `${data.constructor.name}: expected elements of ${expected}`,
    );
  }
});
