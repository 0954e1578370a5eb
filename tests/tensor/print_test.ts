import { assertEquals } from "@std/assert";

import { formatValues } from "../../src/tensor/print.ts";
import { arange, tensor } from "../../src/tensor/create.ts";

const floats = (...values: number[]): Float32Array => Float32Array.from(values);

Deno.test("formatValues() writes whole numbers, fractions and special values", () => {
  assertEquals(formatValues(floats(3), [], "float32"), "tensor(3.)");
  assertEquals(
    formatValues(floats(1.5, -2, 0.25), [3], "float32"),
    "tensor([ 1.5000, -2.0000,  0.2500])",
  );
  assertEquals(
    formatValues(floats(NaN, Infinity, 1), [3], "float32"),
    "tensor([nan, inf,  1.])",
  );
  assertEquals(
    formatValues(floats(1e-6, 1), [2], "float32"),
    "tensor([1.0000e-06, 1.0000e+00])",
  );
  assertEquals(
    formatValues(new Uint8Array([1, 0]), [2], "bool"),
    "tensor([ true, false])",
  );
  assertEquals(
    formatValues(new Uint8Array([1, 20]), [2], "uint8"),
    "tensor([ 1, 20], uint8)",
  );
  assertEquals(
    formatValues(floats(), [0, 3], "float32"),
    "tensor([], shape [0, 3])",
  );
});

Deno.test("formatValues() nests brackets and lines up columns", () => {
  assertEquals(
    formatValues(Int32Array.from([1, 2, 3, 40]), [2, 2], "int32"),
    "tensor([[ 1,  2],\n        [ 3, 40]])",
  );
});

Deno.test("formatValues() shows the edges of what is large", () => {
  const data = Int32Array.from({ length: 1001 }, (_, i) => i);
  assertEquals(
    formatValues(data, [1001], "int32"),
    "tensor([   0,    1,    2, ...,  998,  999, 1000])",
  );
});

Deno.test("a tensor prints its type, shape and place in the graph", () => {
  const x = tensor([1, 2], { requiresGrad: true });
  assertEquals(`${arange(3)}`, "Tensor(int32 [3])");
  assertEquals(`${x}`, "Tensor(float32 [2], requiresGrad)");
  assertEquals(Deno.inspect(x.mul(2)), "Tensor(float32 [2], from mul)");
});
