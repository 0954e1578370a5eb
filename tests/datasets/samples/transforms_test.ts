import { assertEquals, assertThrows } from "@std/assert";
import { FakeData } from "../../../datasets/synthetic/fake_data.ts";
import { SyntheticDigits } from "../../../datasets/synthetic/digits.ts";
import * as T from "../../../src/vision/transforms/mod.ts";

const small = { size: 2, imageSize: [1, 2, 2] } as const;

for (const option of ["transform", "targetTransform"] as const) {
  Deno.test(`A dataset says that nothing waits for its ${option}`, () => {
    const noise = new FakeData({
      ...small,
      [option]: () => Promise.reject(new Error("nobody awaits this")),
    });
    const error = assertThrows(() => noise.get(0), TypeError);
    assertEquals(
      error.message,
      `Cannot transform a sample: the dataset's option ${option} made a ` +
        `Promise, expected a value at once; the transform of a DataLoader ` +
        `and the function of data.map are waited for`,
    );
  });
}

Deno.test("A dataset says that its transform is a factory", () => {
  // what programs without types do
  const transform = T.toFloat as never;
  for (
    const samples of [
      new FakeData({ ...small, transform }),
      new SyntheticDigits({ length: 2, transform }),
    ]
  ) {
    assertThrows(
      () => samples.get(0),
      TypeError,
      "the option transform made a transform, expected an image; call the " +
        "factory: T.toFloat()",
    );
  }
});
