import { assertEquals, assertThrows } from "@std/assert";
import { DatasetFolder } from "../../../datasets/folders/dataset_folder.ts";
import { SyntheticDigits } from "../../../datasets/synthetic/digits.ts";
import { FakeData } from "../../../datasets/synthetic/fake_data.ts";
import { VOCDetection } from "../../../datasets/voc/detection.ts";
import { VOCSegmentation } from "../../../datasets/voc/segmentation.ts";
import type { Dataset } from "../../../src/data/datasets/dataset.ts";
import type { Generator } from "../../../src/tensor/generator.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);

/** Draws a number, so that a wrong generator shows. */
const draw = (_: unknown, generator: Generator) => generator.random();

const sets: Readonly<Record<string, Dataset<unknown>>> = {
  SyntheticDigits: new SyntheticDigits({ length: 3, targetTransform: draw }),
  FakeData: new FakeData({
    size: 3,
    imageSize: [1, 2, 2],
    targetTransform: draw,
  }),
  DatasetFolder: new DatasetFolder(new URL("images/", FIXTURES), String, {
    extensions: [".jpg", ".png"],
    targetTransform: draw,
    allowEmpty: true,
  }),
  VOCSegmentation: new VOCSegmentation(FIXTURES, { targetTransform: draw }),
  VOCDetection: new VOCDetection(FIXTURES, {
    transforms: draw as never,
  }),
};

for (const [name, set] of Object.entries(sets)) {
  Deno.test(`${name}.get(-1) is its last sample, with its random numbers`, async () => {
    // without a generator the random numbers follow from the index
    const get = (index: number) => Reflect.apply(set.get, set, [index]);
    const { length } = set;
    assertEquals(await get(-1), await get(length - 1));
    assertEquals(await get(-length), await get(0));
    const beyond = async () => await get(-length - 1);
    const error = await beyond().catch((error) => error);
    assertEquals(error instanceof RangeError, true);
    assertEquals(
      error.message,
      `Cannot load sample ${-length - 1}: ${name} has samples 0 to ${
        length - 1
      }`,
    );
  });
}

Deno.test("SyntheticDigits.getBatch() counts from the start only", () => {
  const digits = new SyntheticDigits({ length: 3 });
  assertThrows(
    () => digits.getBatch([0, -1]),
    RangeError,
    "Cannot load sample -1: SyntheticDigits has samples 0 to 2",
  );
});
