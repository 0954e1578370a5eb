import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  encodeSafetensors,
  indexSafetensors,
  parseSafetensors,
  safetensorsPieces,
} from "../../src/io/safetensors.ts";
import { HostArray } from "../../src/tensor/host_array.ts";

/** A file of the given header and data, with nothing checked. */
function fileOf(
  header: unknown,
  data: ArrayBufferView = new Uint8Array(0),
): Uint8Array {
  const json = typeof header === "string" ? header : JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + data.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    8 + text.length,
  );
  return bytes;
}

/** A file with one array, `x`, that fills the data. */
function fileOfOne(dtype: string, data: ArrayBufferView): Uint8Array {
  const bytes = { F64: 8, I64: 8, F32: 4, I16: 2, BF16: 2 }[dtype] ?? 1;
  const entry = {
    dtype,
    shape: [data.byteLength / bytes],
    "data_offsets": [0, data.byteLength],
  };
  return fileOf({ x: entry }, data);
}

function readOne(dtype: string, data: ArrayBufferView): HostArray {
  return parseSafetensors(fileOfOne(dtype, data)).tensors.get("x")!;
}

Deno.test("encodeSafetensors() writes what parseSafetensors() reads", () => {
  const tensors = new Map([
    ["bytes", new HostArray(Uint8Array.of(1, 2, 255))],
    ["mask", new HostArray(Uint8Array.of(1, 0), [1, 2], "bool")],
    ["half", new HostArray(Float16Array.of(0.5, -2), [2, 1])],
    ["weight", new HostArray(Float32Array.of(1, NaN, -Infinity, -0), [2, 2])],
    ["step", new HostArray(Int32Array.of(-(2 ** 31)), [])],
    ["seed", new HostArray(Uint32Array.of(2 ** 32 - 1))],
    ["none", new HostArray(new Float32Array(0), [0, 3])],
    ['a name, ü and "quotes"', new HostArray(Int32Array.of(7))],
  ]);
  const bytes = encodeSafetensors(tensors, { by: "Kindling" });
  const read = parseSafetensors(bytes);
  assertEquals([...read.tensors], [...tensors]);
  assertEquals(read.metadata, { by: "Kindling" });
});

Deno.test("safetensorsPieces() copies no array", () => {
  const data = Float32Array.of(1, 2, 3);
  const tensors = new Map([["x", new HostArray(data)]]);
  const [head, x] = safetensorsPieces(tensors);
  assertEquals(head!.length % 8, 0);
  assert(x!.buffer === data.buffer);
  assertEquals(
    encodeSafetensors(tensors),
    Uint8Array.from([...head!, ...x!]),
  );
});

Deno.test("encodeSafetensors() aligns the header and every array", () => {
  const bytes = encodeSafetensors(
    new Map([
      ["u8", new HostArray(Uint8Array.of(1))],
      ["f32", new HostArray(Float32Array.of(1))],
    ]),
  );
  const length = new DataView(bytes.buffer).getBigUint64(0, true);
  assertEquals(Number(length) % 8, 0);
  const { tensors } = parseSafetensors(bytes);
  assertEquals(tensors.get("f32")?.data.buffer, bytes.buffer); // not copied
});

Deno.test("encodeSafetensors() writes no arrays as an empty header", () => {
  const { tensors, metadata } = parseSafetensors(encodeSafetensors(new Map()));
  assertEquals(tensors.size, 0);
  assertEquals(metadata, {});
});

Deno.test("encodeSafetensors() refuses the name of the metadata", () => {
  const tensors = new Map([["__metadata__", new HostArray(Uint8Array.of(1))]]);
  assertThrows(() => encodeSafetensors(tensors), TypeError, "__metadata__");
});

Deno.test("parseSafetensors() keeps an array called __proto__", () => {
  const tensors = new Map([["__proto__", new HostArray(Int32Array.of(3))]]);
  const read = parseSafetensors(encodeSafetensors(tensors)).tensors;
  assertEquals(read.get("__proto__")?.data, Int32Array.of(3));
});

Deno.test("parseSafetensors() reads bytes at any alignment", () => {
  const file = encodeSafetensors(
    new Map([["x", new HostArray(Float32Array.of(1.5, 2.5))]]),
  );
  const shifted = new Uint8Array(file.length + 1);
  shifted.set(file, 1);
  const { tensors } = parseSafetensors(shifted.subarray(1));
  assertEquals(tensors.get("x")?.data, Float32Array.of(1.5, 2.5));
});

Deno.test("parseSafetensors() reads F64 as float32", () => {
  const x = readOne("F64", Float64Array.of(0.1, NaN, Infinity));
  assertEquals(x.dtype, "float32");
  assertEquals(x.data, Float32Array.of(0.1, NaN, Infinity));
});

Deno.test("parseSafetensors() reads I64, I16 and I8 as int32", () => {
  const big = BigInt64Array.of(-1n, 2n ** 31n - 1n, -(2n ** 31n));
  assertEquals(
    readOne("I64", big).data,
    Int32Array.of(-1, 2 ** 31 - 1, -(2 ** 31)),
  );
  assertEquals(
    readOne("I16", Int16Array.of(-32768, 5)).data,
    Int32Array.of(-32768, 5),
  );
  assertEquals(
    readOne("I8", Int8Array.of(-128, 5)).data,
    Int32Array.of(-128, 5),
  );
});

Deno.test("parseSafetensors() reads BF16 as float32", () => {
  // sign 1, exponent 8, mantissa 7 bits: 0x3fc0 is 1.5, 0xff80 -infinity
  const x = readOne("BF16", Uint16Array.of(0x3fc0, 0xff80));
  assertEquals(x.data, Float32Array.of(1.5, -Infinity));
});

Deno.test("parseSafetensors() refuses values that do not fit", () => {
  assertThrows(
    () => readOne("I64", BigInt64Array.of(0n, 2n ** 31n)),
    RangeError,
    `"x" of safetensors: 2147483648 at index 1 does not fit int32`,
  );
  assertThrows(
    () => readOne("F64", Float64Array.of(1e300)),
    RangeError,
    "1e+300 at index 0 does not fit float32",
  );
  assertThrows(
    () => readOne("BOOL", Uint8Array.of(1, 2)),
    RangeError,
    "2 at index 1 does not fit bool",
  );
});

Deno.test("indexSafetensors() reads one array, whatever the others are", () => {
  const header = {
    big: { dtype: "I64", shape: [1], "data_offsets": [0, 8] },
    small: { dtype: "I64", shape: [1], "data_offsets": [8, 16] },
  };
  const index = indexSafetensors(
    fileOf(header, BigInt64Array.of(2n ** 40n, 3n)),
  );
  assertEquals(index.names, ["big", "small"]);
  assertEquals(index.read("small").data, Int32Array.of(3));
  assertThrows(() => index.read("big"), RangeError, "does not fit int32");
  assertThrows(() => index.read("x"), RangeError, `"x" of safetensors`);
});

/** An entry of the header, `U8 [2]` at the first two bytes unless told. */
function entry(fields: Record<string, unknown> = {}): unknown {
  return { dtype: "U8", shape: [2], data_offsets: [0, 2], ...fields };
}

const TWO = Uint8Array.of(1, 2);

/** Files to refuse, with a part of the message. */
const HOSTILE: Record<string, readonly [Uint8Array, string]> = {
  "an empty file": [new Uint8Array(0), "got 0 in all"],
  "seven bytes": [new Uint8Array(7), "got 7 in all"],
  "a header longer than the file": [
    fileOf("{}").fill(200, 0, 1),
    "the header ends at byte 208, the file at 10",
  ],
  "a header of 2^63 bytes": [
    fileOf("{}").fill(128, 7, 8),
    "a header has at most 100000000 bytes",
  ],
  "no header": [fileOf(""), `does not begin with "{"`],
  "a header with space before it": [fileOf(" {}"), `does not begin with "{"`],
  "a list for a header": [fileOf("[]"), `does not begin with "{"`],
  "a header cut short": [fileOf(`{"x":`), "is not JSON"],
  "text after the header": [fileOf("{} {}"), "is not JSON"],
  "a header that is not UTF-8": [
    fileOf(`{"x":1}`).fill(0xff, 10, 11),
    "is not UTF-8",
  ],
  "nesting without end": [fileOf(`{"x":${"[".repeat(1e5)}`), "is not JSON"],
  "an entry that is no object": [fileOf({ x: 1 }), `"x" is no object`],
  "a type that is none": [
    fileOf({ x: entry({ dtype: "F128" }) }, TWO),
    `dtype "F128", expected one of F64, F32`,
  ],
  "a type called constructor": [
    fileOf({ x: entry({ dtype: "constructor" }) }, TWO),
    `dtype "constructor"`,
  ],
  "no type": [fileOf({ x: { shape: [], data_offsets: [0, 1] } }), "dtype"],
  "a negative size": [
    fileOf({ x: entry({ shape: [-1, -2] }) }, TWO),
    "no shape of whole numbers",
  ],
  "a broken size": [fileOf({ x: entry({ shape: [0.5, 4] }) }, TWO), "no shape"],
  "a size in words": [fileOf({ x: entry({ shape: ["2"] }) }, TWO), "no shape"],
  "sizes whose product overflows": [
    fileOf({ x: entry({ shape: [2 ** 52, 2 ** 52] }) }, TWO),
    "its offsets span 2",
  ],
  "a shape that needs more bytes": [
    fileOf({ x: entry({ dtype: "F32" }) }, TWO),
    `"x" of F32 [2] needs 8 bytes, its offsets span 2`,
  ],
  "one offset": [fileOf({ x: entry({ data_offsets: [2] }) }, TWO), "no two"],
  "offsets in reverse": [
    fileOf({ x: entry({ data_offsets: [2, 0] }) }, TWO),
    "lies at bytes 2 to 0 of 2",
  ],
  "offsets past the end": [
    fileOf({ x: entry({ shape: [3], data_offsets: [0, 3] }) }, TWO),
    "lies at bytes 0 to 3 of 2",
  ],
  "an offset beyond exact integers": [
    fileOf(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1e300]}}`, TWO),
    "no two data_offsets",
  ],
  "arrays that overlap": [
    fileOf({
      x: entry(),
      y: entry({ shape: [1], data_offsets: [1, 2] }),
    }, TWO),
    `"y" overlaps the one before: expected byte 2, got 1`,
  ],
  "two arrays at one place": [
    fileOf({ x: entry(), y: entry() }, TWO),
    `"y" overlaps`,
  ],
  "a gap between arrays": [
    fileOf({ x: entry({ shape: [1], data_offsets: [1, 2] }) }, TWO),
    `"x" leaves a gap: expected byte 0, got 1`,
  ],
  "bytes that no array owns": [
    fileOf({ x: entry() }, Uint8Array.of(1, 2, 3)),
    "the arrays end at byte 2 of 3",
  ],
  "a name that stands twice": [
    fileOf(
      `{"x":${JSON.stringify(entry())},"\\u0078":${JSON.stringify(entry())}}`,
      TWO,
    ),
    `"x" stands twice`,
  ],
  "a field that stands twice": [
    fileOf(
      `{"x":{"dtype":"F32","dtype":"U8","shape":[2],"data_offsets":[0,2]}}`,
      TWO,
    ),
    `"dtype" stands twice`,
  ],
  "metadata that is a list": [fileOf({ __metadata__: [] }), "is no object"],
  "metadata that is a number": [
    fileOf({ __metadata__: { epoch: 3 } }),
    `"epoch" of "__metadata__" is no string`,
  ],
};

for (const [what, [bytes, message]] of Object.entries(HOSTILE)) {
  Deno.test(`parseSafetensors() refuses ${what}`, () => {
    const error = assertThrows(() => parseSafetensors(bytes), SyntaxError);
    assertStringIncludes(error.message, "Cannot read safetensors: ");
    assertStringIncludes(error.message, message);
  });
}

Deno.test("parseSafetensors() refuses a file cut anywhere", () => {
  const file = encodeSafetensors(
    new Map([["x", new HostArray(Float32Array.of(1, 2, 3))]]),
  );
  for (let length = 0; length < file.length; length++) {
    assertThrows(() => parseSafetensors(file.subarray(0, length)), SyntaxError);
  }
});
