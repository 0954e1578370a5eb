import { assertEquals, assertThrows } from "@std/assert";

import { HostArray } from "../../src/tensor/host_array.ts";
import { fromHost, tensor, zeros } from "../../src/tensor/create.ts";
import { compose, normalize, toFloat } from "../../src/vision/transforms.ts";

function bytes(shape: readonly number[], values: readonly number[]) {
  return fromHost(new HostArray(Uint8Array.from(values), shape));
}

Deno.test("compose() takes bytes to normalised floats, in one step or two", async () => {
  const images = bytes([1, 1, 1, 5], [0, 1, 127, 254, 255]);
  const steps = [toFloat(), normalize([0.1307], [0.3081])];
  const before = images.to("float32").div(255).sub(0.1307).div(0.3081);
  const fused = compose(steps).call(images);
  assertEquals(fused.dtype, "float32");
  const [got, want] = await Promise.all([fused.data(), before.data()]);
  got.forEach((value, i) =>
    assertEquals(Math.abs(value - want[i]!) < 1e-6, true)
  );
});

Deno.test("normalize() takes each channel by its own numbers", async () => {
  const images = tensor([[[[1, 2]], [[3, 4]]]]); // [1, 2, 1, 2]
  const y = normalize([1, 2], [1, 2]).call(images);
  assertEquals(await y.toArray(), [[[[0, 1]], [[0.5, 1]]]]);
});

Deno.test("normalize() names what it refuses", () => {
  assertThrows(() => normalize([0.5], []), TypeError, "1 means and 0 dev");
  assertThrows(() => normalize([0.5], [0]), RangeError, "none may be 0");
  const byte = bytes([1, 1, 1, 1], [0]);
  assertThrows(() => normalize([0], [1]).call(byte), TypeError, "toFloat()");
  assertThrows(
    () => normalize([0, 0, 0], [1, 1, 1]).call(zeros([2, 1, 4, 4])),
    TypeError,
    "expected [..., 3, H, W]",
  );
});

Deno.test("compose() prints its steps", () => {
  assertEquals(
    compose([toFloat(), normalize([0.5], [0.25])]).toString(),
    "Compose(\n    ToFloat()\n    Normalize(mean=[0.5], std=[0.25])\n)",
  );
});
