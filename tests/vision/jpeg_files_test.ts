/**
 * JPEG files of all samplings, and files that lack a part.
 *
 * `images/samplings` holds small files by libjpeg, named by the sampling factors
 * of their components, and beside each `Image.open(file).convert("RGB")` of PIL
 * 9.4 as a PNG file.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";

import { decodeImageSync, loadCodecs } from "../../src/vision/decode.ts";

const IMAGES = new URL("images/", import.meta.url);
const SAMPLINGS = new URL("samplings/", IMAGES);

await loadCodecs();

function bytesOf(name: string, folder = IMAGES): Uint8Array {
  return Deno.readFileSync(new URL(name, folder));
}

/** A file's segments, each with its marker; a scan with its data. */
function segmentsOf(bytes: Uint8Array): Uint8Array[] {
  const starts = [0];
  for (let at = 2; at < bytes.length;) {
    starts.push(at);
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) break;
    at += 2 + (bytes[at + 2]! << 8 | bytes[at + 3]!);
    if (marker !== 0xda) continue;
    const isMarker = (next: number): boolean =>
      bytes[next] === 0xff && bytes[next + 1] !== 0 &&
      !(bytes[next + 1]! >= 0xd0 && bytes[next + 1]! <= 0xd7);
    while (!isMarker(at)) at++;
  }
  return starts.map((start, i) => bytes.subarray(start, starts[i + 1]));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const isScan = (segment: Uint8Array): boolean => segment[1] === 0xda;

Deno.test("decodeImage() equals PIL for every sampling that libjpeg reads", () => {
  const names = [...Deno.readDirSync(SAMPLINGS)].map(({ name }) => name)
    .filter((name) => name.endsWith(".png"));
  assertEquals(names.length, 14);
  for (const name of names) {
    const want = decodeImageSync(bytesOf(name, SAMPLINGS));
    const jpeg = bytesOf(name.replace(".png", ".jpg"), SAMPLINGS);
    const got = decodeImageSync(jpeg);
    assertEquals([got.width, got.height], [want.width, want.height], name);
    assertEquals(got.data, want.data, name);
  }
});

Deno.test("decodeImage() takes no tables from the file before", () => {
  for (const name of ["baseline_420.jpg", "progressive.jpg"]) {
    const whole = segmentsOf(bytesOf(name));
    const tables = name === "progressive.jpg" ? [0xdb, 0xc4] : [0xdb];
    for (const marker of tables) {
      decodeImageSync(join(whole)); // whose tables would fit
      const without = whole.filter((segment) => segment[1] !== marker);
      assert(without.length < whole.length);
      assertThrows(
        () => decodeImageSync(join(without)),
        SyntaxError,
        "libjpeg-turbo cannot decode its",
        `${name} without ${marker.toString(16)}`,
      );
    }
  }
});

Deno.test("decodeImage() refuses a progressive file that lacks a scan, or repeats one", () => {
  const whole = segmentsOf(bytesOf("progressive.jpg"));
  const scans = whole.filter(isScan);
  assertEquals(scans.length, 10);
  for (const scan of scans) {
    for (
      const parts of [
        whole.filter((segment) => segment !== scan),
        whole.flatMap((segment) => segment === scan ? [scan, scan] : [segment]),
      ]
    ) {
      assertThrows(
        () => decodeImageSync(join(parts)),
        SyntaxError,
        "JPEG data is corrupt: ",
      );
    }
  }
  // from the third scan on, and up to it
  for (const kept of [scans.slice(2), scans.slice(0, 3)]) {
    const parts = whole.filter((segment) =>
      !isScan(segment) || kept.includes(segment)
    );
    assertThrows(
      () => decodeImageSync(join(parts)),
      SyntaxError,
      kept[0] === scans[0]
        ? "its scans leave out a part of the image"
        : "does not follow from those before it",
    );
  }
});

Deno.test("decodeImage() refuses a file of several scans that lacks a colour", () => {
  const whole = segmentsOf(bytesOf("three_scans.jpg", SAMPLINGS));
  const scans = whole.filter(isScan);
  assertEquals(scans.length, 3);
  for (const scan of scans) {
    const without = whole.filter((segment) => segment !== scan);
    assertThrows(
      () => decodeImageSync(join(without)),
      SyntaxError,
      "JPEG data is corrupt: its scans leave out a part of the image",
    );
  }
});

Deno.test("decodeImage() names a coding that it does not know", () => {
  assertThrows(
    () => decodeImageSync(bytesOf("arithmetic.jpg", SAMPLINGS)),
    SyntaxError,
    "expected baseline or progressive JPEG data, got arithmetic coding",
  );
  const baseline = bytesOf("baseline_420.jpg");
  const frame = baseline.findIndex((byte, i) =>
    byte === 0xff && baseline[i + 1] === 0xc0
  );
  for (const [marker, coding] of [[0xc3, "lossless"], [0xc5, "hierarchical"]]) {
    const other = baseline.slice();
    other[frame + 1] = Number(marker);
    assertThrows(
      () => decodeImageSync(other),
      SyntaxError,
      `got ${coding} coding`,
    );
  }
});
