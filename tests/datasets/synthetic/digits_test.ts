import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { DIGIT_STROKES } from "../../../datasets/synthetic/strokes.ts";
import { SyntheticDigits } from "../../../datasets/synthetic/digits.ts";
import { Generator } from "../../../src/tensor/generator.ts";
import { Draw, Look } from "../_transforms.ts";

/** The first labels and a hash of the first 50 images of seed 0. */
const LABELS = [3, 2, 3, 1, 9, 0, 3, 2, 2, 1];
const PIXELS = -31619676;

/** The first seven among them. */
const SEVEN = `\
                            |
                            |
                            |
                            |
             ++++#######.   |
            +###########.   |
            +#####+++###    |
                    ###.    |
                   +##+     |
                  .###      |
                  ###.      |
                 +##+       |
                .###        |
                ###.        |
               +##+         |
              .###          |
              ###.          |
             .##+           |
            .###            |
            ###.            |
           .##+             |
           ###              |
          .##+              |
          +##               |
          .+.               |
                            |
                            |
                            |
`;

/** An image as text: a letter for each of four levels of ink. */
function asText(pixels: Iterable<number>): string {
  const letters = [...pixels].map((level) => " .+#"[level >> 6]).join("");
  return letters.replace(/.{28}/g, "$&|\n");
}

/** The sum of a run of bytes that no two arrays are likely to share. */
function hash(bytes: Iterable<number>): number {
  let sum = 0;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}

Deno.test("SyntheticDigits has MNIST's lengths, samples and batches", () => {
  const train = new SyntheticDigits();
  const test = new SyntheticDigits({ train: false });
  assertEquals([train.length, test.length], [60_000, 10_000]);
  const [image, label] = train.get(59_999);
  assertEquals([image.shape, image.dtype], [[1, 28, 28], "uint8"]);
  assertEquals(label, train.labels[59_999]);
  const [images, labels] = train.getBatch([59_999, 7])!;
  assertEquals([images.shape, images.dtype], [[2, 1, 28, 28], "uint8"]);
  assertEquals([labels.shape, labels.dtype], [[2], "int32"]);
  assertEquals(images.data.slice(0, 784), image.data);
});

Deno.test("SyntheticDigits draws the same digits for the same seed", () => {
  const whole = new SyntheticDigits({ length: 50 });
  const one = new SyntheticDigits({ length: 50 });
  // in another order, and one at a time
  for (const index of [49, 3, 20]) {
    const [image] = one.get(index);
    const at = 784 * index;
    assertEquals(image.data, whole.images.data.slice(at, at + 784));
  }
  // the same bits on every machine: these are of Deno 2.9.6 on x86-64 Linux
  assertEquals([...whole.labels.subarray(0, 10)], LABELS);
  assertEquals(hash(whole.images.data), PIXELS);
});

Deno.test("SyntheticDigits draws a digit that a reader recognises", () => {
  const digits = new SyntheticDigits({ length: 50 });
  const index = digits.labels.indexOf(7);
  assertEquals(asText(digits.get(index)[0].data), SEVEN);
});

Deno.test("SyntheticDigits draws others to test on and for other seeds", () => {
  const pixels = [
    new SyntheticDigits({ length: 20 }),
    new SyntheticDigits({ length: 20, train: false }),
    new SyntheticDigits({ length: 20, seed: 1 }),
    new SyntheticDigits({ length: 20, seed: 2 ** 32 }),
  ].map(({ images }) => hash(images.data));
  assertEquals(new Set(pixels).size, 4);
});

Deno.test("SyntheticDigits is as bright as MNIST and has all classes", () => {
  const { images, labels } = new SyntheticDigits({ length: 5000 });
  let sum = 0;
  let squares = 0;
  for (const level of images.data) {
    sum += level / 255;
    squares += (level / 255) ** 2;
  }
  const mean = sum / images.data.length;
  const deviation = Math.sqrt(squares / images.data.length - mean ** 2);
  assertAlmostEquals(mean, 0.127, 0.003); // MNIST: 0.1307
  assertAlmostEquals(deviation, 0.287, 0.004); // MNIST: 0.3081
  for (let digit = 0; digit < 10; digit++) {
    const count = labels.filter((label) => label === digit).length;
    // 500 expected, standard deviation sqrt(5000 * 0.1 * 0.9) = 21
    assertLess(Math.abs(count - 500), 85);
  }
});

Deno.test("SyntheticDigits keeps the paper around a digit white", () => {
  const { images } = new SyntheticDigits({ length: 500 });
  let corners = 0;
  for (let at = 0; at < images.data.length; at += 784) {
    for (const corner of [0, 27, 756, 783]) {
      corners += images.data[at + corner]!;
    }
  }
  assertEquals(corners, 0);
});

Deno.test("SyntheticDigits shares its images with whoever gets its fields", () => {
  const digits = new SyntheticDigits({ length: 10 });
  assertInstanceOf(digits.pixels.buffer, SharedArrayBuffer);
  const rebuilt: SyntheticDigits = Object.assign(
    Object.create(SyntheticDigits.prototype),
    digits,
  );
  const [image] = rebuilt.get(4);
  assertEquals([...digits.drawn], [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
  assertEquals(image, digits.get(4)[0]);
});

Deno.test("SyntheticDigits gives all of its images, drawn", () => {
  const digits = new SyntheticDigits({ length: 10 });
  const [images, labels] = digits.resident()!;
  assertEquals(images.shape, [10, 1, 28, 28]);
  assertEquals(labels.shape, [10]);
  assert(digits.drawn.every((done) => done === 1));
  assertNotEquals(hash(images.data), 0);
});

Deno.test("SyntheticDigits says what it cannot make or get", () => {
  assertThrows(
    () => new SyntheticDigits({ length: 0 }),
    RangeError,
    "Cannot make SyntheticDigits: length must be a positive integer, got 0",
  );
  assertThrows(() => new SyntheticDigits({ seed: -1 }), RangeError, "seed");
  assertThrows(
    () => new SyntheticDigits({ length: 3 }).get(3),
    RangeError,
    "Cannot load sample 3: SyntheticDigits has samples 0 to 2",
  );
});

Deno.test("SyntheticDigits shows itself on the console", () => {
  assertEquals(
    Deno.inspect(new SyntheticDigits({ length: 3, seed: 5 })),
    "Dataset SyntheticDigits\n" +
      "    Number of datapoints: 3\n" +
      "    Split: train\n" +
      "    Sample: uint8 [1, 28, 28], label 0 to 9\n" +
      "    Classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n" +
      "    Seed: 5",
  );
});

Deno.test("DIGIT_STROKES are lines inside of the box, pen to pen", () => {
  assertEquals(DIGIT_STROKES.length, 10);
  for (const stroke of DIGIT_STROKES.flat(2)) {
    assert(stroke.length >= 4 && stroke.length % 2 === 0);
    assert(stroke.every((value) => value >= 0 && value <= 100));
  }
});

Deno.test("SyntheticDigits gives transforms an image, and its own random numbers", () => {
  const plain = new SyntheticDigits({ length: 3 });
  const looked = new SyntheticDigits({ length: 3, transform: new Look() });
  const { data } = plain.get(2)[0];
  const sum = [...data].reduce((sum, byte) => sum + byte, 0);
  assertEquals([...looked.get(2)[0].data], [28, 28, 1, data[0], sum]);

  const drawn = new SyntheticDigits({ length: 3, transform: new Draw() });
  const generator = () => Generator.ofSample(7, 1, 2);
  assertEquals(drawn.get(2, generator())[0], generator().random());
  assertEquals(drawn.get(2), drawn.get(2));
  assertEquals(drawn.getBatch([2]), undefined);
});
