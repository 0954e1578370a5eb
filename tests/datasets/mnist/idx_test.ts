import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { parseIdx } from "../../../datasets/mnist/idx.ts";
import { gzip, idx } from "../_idx.ts";

/** The error for these bytes as the file "train-labels". */
async function failure(
  bytes: Uint8Array<ArrayBuffer>,
  rank: number,
): Promise<string> {
  const read = () => parseIdx("train-labels", bytes, rank);
  const error = await assertRejects(read, SyntaxError);
  return error.message;
}

Deno.test("parseIdx() gives the sizes, and the bytes in shared memory", async () => {
  const bytes = await gzip(idx(2051, [2, 1, 3], [1, 2, 3, 4, 5, 6]));
  const { shape, data } = await parseIdx("images", bytes, 3);
  assertEquals(shape, [2, 1, 3]);
  assertEquals([...data], [1, 2, 3, 4, 5, 6]);
  assertInstanceOf(data.buffer, SharedArrayBuffer);
});

Deno.test("parseIdx() reads a file without elements", async () => {
  const bytes = await gzip(idx(2049, [0], []));
  const { shape, data } = await parseIdx("labels", bytes, 1);
  assertEquals(shape, [0]);
  assertEquals(data.length, 0);
});

Deno.test("parseIdx() says which of the two files it was given", async () => {
  const images = await gzip(idx(2051, [1, 1, 1], [0]));
  assertEquals(
    await failure(images, 1),
    `Cannot read "train-labels": expected magic 2049, got 2051 ` +
      `(is this an image file?)`,
  );
  const labels = await gzip(idx(2049, [4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  assertEquals(
    await failure(labels, 3),
    `Cannot read "train-labels": expected magic 2051, got 2049 ` +
      `(is this a label file?)`,
  );
  assertEquals(
    await failure(await gzip(new TextEncoder().encode("hello, world")), 1),
    `Cannot read "train-labels": expected magic 2049, got 1751477356`,
  );
});

Deno.test("parseIdx() counts the bytes that are missing or too many", async () => {
  assertEquals(
    await failure(await gzip(idx(2049, [5], [1, 2])), 1),
    `Cannot read "train-labels": it ends after 2 of the 5 bytes that its ` +
      `sizes [5] say`,
  );
  assertEquals(
    await failure(await gzip(idx(2049, [1], [1, 2])), 1),
    `Cannot read "train-labels": expected 1 bytes after the header, as its ` +
      `sizes [1] say, got more`,
  );
  assertEquals(
    await failure(await gzip(new Uint8Array(5)), 1),
    `Cannot read "train-labels": expected a header of 8 bytes, got 5`,
  );
});

Deno.test("parseIdx() allocates no more than the file can hold", async () => {
  const bytes = await gzip(idx(2051, [2 ** 32 - 1, 28, 28], [1]));
  assertEquals(
    await failure(bytes, 3),
    `Cannot read "train-labels": its sizes [4294967295, 28, 28] say ` +
      `3367254359280 bytes, more than a file of ${bytes.length} bytes can hold`,
  );
});

Deno.test("parseIdx() refuses what is no gzip file, or half of one", async () => {
  const text = new TextEncoder().encode("<p>Not found</p>");
  const prefix = 'Cannot read "train-labels": not a whole gzip file (';
  assertEquals((await failure(text, 1)).slice(0, prefix.length), prefix);
  const labels = Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
  const whole = await gzip(idx(2049, [5000], labels));
  const half = whole.slice(0, whole.length / 2);
  assertEquals((await failure(half, 1)).slice(0, prefix.length), prefix);
});
