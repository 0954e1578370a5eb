import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Table, type TableOptions } from "../../../datasets/table/table.ts";
import { skipBroken } from "../../../src/data/collate/nulls.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import type { Image } from "../../../src/vision/image.ts";
import { temporaryFolder } from "../_server.ts";
import { Look } from "../_transforms.ts";

const IMAGES = new URL("../fixtures/images/", import.meta.url);

const CSV = `Filename,LabelRed,LabelBlue
cat/0000.jpg,1,0
dog/0001.jpg,0,1

"dog/0002.jpg",1,1
`;

/** Opens a table of this text over the fixtures' images. */
async function open<X = Image, Y = HostArray>(
  text: string,
  options: TableOptions<X, Y> = {},
): Promise<Table<X, Y>> {
  using folder = temporaryFolder();
  const file = `${folder.path}/labels.csv`;
  await Deno.writeTextFile(file, text);
  return await Table.open(file, { root: IMAGES, ...options });
}

Deno.test("Table gives images and the numbers of their rows", async () => {
  const table = await open(CSV);
  assertEquals(table.length, 3);
  assertEquals(table.classes, ["LabelRed", "LabelBlue"]);
  const [image, labels] = await table.get(2);
  assertEquals([image.width, image.height, image.channels], [32, 32, 3]);
  assertEquals(labels, new HostArray(Float32Array.of(1, 1)));
  assertEquals(
    table.targets,
    new HostArray(Float32Array.of(1, 0, 0, 1, 1, 1), [3, 2]),
  );
  assertEquals(table.column("LabelBlue"), Float32Array.of(0, 1, 1));
  assertEquals(table.sampleName(1), `${IMAGES.pathname}dog/0001.jpg`);
  assertThrows(
    () => table.column("LabelGreen"),
    RangeError,
    'Cannot take column "LabelGreen" of "',
  );
  assertThrows(
    () => table.get(3),
    RangeError,
    "Cannot load sample 3: Table has samples 0 to 2",
  );
});

Deno.test("Table reads the columns that it is told to, from the CSV's own folder", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/t.csv`;
  await Deno.copyFile(new URL("cat/0000.jpg", IMAGES), `${folder.path}/a.jpg`);
  await Deno.writeTextFile(
    file,
    "\ufeffwho;score;where\r\nme;-1.5e1;a.jpg\r\nyou;2;a.jpg",
  );
  const table = await Table.open(new URL(`file://${file}`), {
    path: "where",
    labels: ["score"],
    delimiter: ";",
  });
  assertEquals(table.labels, Float32Array.of(-15, 2));
  assertEquals(
    table.toString(),
    `Dataset Table
    Number of datapoints: 2
    Root location: ${folder.path}
    File: ${file}
    Labels: score`,
  );
  assertEquals(Deno.inspect(table), table.toString());
});

Deno.test("Table leaves rows out whose image is not there, if told so", async () => {
  const text = `${CSV}cat/none.jpg,0,0\n`;
  const error = await assertRejects(() => open(text), Deno.errors.NotFound);
  assertStringIncludes(
    error.message,
    `line 6 names "${IMAGES.pathname}cat/none.jpg", which is not there (with ` +
      `missing: "skip" such rows are left out)`,
  );
  assertEquals((await open(text, { missing: "skip" })).length, 3);
  // what programs without types do
  const slip = { missing: "skp" as unknown as "skip" };
  await assertRejects(
    () => open(text, slip),
    RangeError,
    'Cannot open a Table with missing "skp": expected "refuse" or "skip"',
  );
});

Deno.test("Table names the line and the column of what it can't read", async () => {
  const head = "Filename,LabelRed,LabelBlue\n";
  const good = "cat/0000.jpg,1,0\n";
  const cases: [string, TableOptions, string][] = [
    ["", {}, "expected a header, got no line"],
    ["Filename,A,A\n", {}, 'line 1 has two columns "A"'],
    [
      `${head}${good}cat/0001.jpg,yes,0\n`,
      {},
      'line 3, column "LabelRed": expected a number, got "yes"',
    ],
    [
      `${head}${good}${good}cat/0001.jpg,1,\n`,
      {},
      'line 4, column "LabelBlue": expected a number, got ""',
    ],
    [`${head}${good}cat/0001.jpg,1\n`, {}, "line 3 has 2 cells, expected 3"],
    [`${head}${good}a,1,0,0\n`, {}, "line 3 has 4 cells, expected 3"],
    [`${head},1,0\n`, {}, 'line 2 has no path in column "Filename"'],
    [`${head}"cat,1,0\n`, {}, "line 2 opens a quote that is not closed"],
    [`${head}${good}a"b",1,0\n`, {}, "line 3 has a quote inside a cell"],
    [`${head}${good}"a"b,1,0\n`, {}, "line 3 has a quote inside a cell"],
    [`${head}${good}"a\nb"c,1,0\n`, {}, "line 4 has a quote inside a cell"],
    [`${head}${good}"a\nb,1,0\n`, {}, "line 3 opens a quote"],
    [`${head}" ",1,0\n`, {}, 'line 2 has no path in column "Filename"'],
    ["\r\n \n", {}, "expected a header, got no line"],
    [
      head + good,
      { labels: ["LabelRed", "LabelGreen"] },
      'its header has no column "LabelGreen", only Filename, LabelRed, LabelBlue',
    ],
    [head + good, { path: "File" }, 'its header has no column "File", only'],
  ];
  for (const [text, options, message] of cases) {
    const error = await assertRejects(() => open(text, options), SyntaxError);
    assertStringIncludes(error.message, 'labels.csv": ');
    assertStringIncludes(error.message, message);
  }
});

/** The labels of a table of one image, in a column. */
async function labelsOf(
  cells: readonly string[],
  options: TableOptions = {},
): Promise<number[]> {
  const rows = cells.map((cell) => `cat/0000.jpg,${cell}\n`);
  return [...(await open(`file,x\n${rows.join("")}`, options)).labels];
}

Deno.test("Table ends rows at every line end, whatever the others are", async () => {
  const lines = [
    "file,x",
    "cat/0000.jpg,1",
    "cat/0001.jpg,2",
    '"dog/0002.jpg",3',
    "dog/0001.jpg,4",
  ];
  const ends = ["\n", "\r\n", "\r", "\n\r", "\r\r\n", "\n \t\n"];
  for (const first of ends) {
    for (const other of ends) {
      for (const last of ["", "\n", "\r\n\r\n\r"]) {
        const [header, row, ...rows] = lines;
        const text = header + first + row + other + rows.join(first) + last;
        const table = await open(text, { missing: "skip" });
        assertEquals([...table.labels], [1, 2, 3, 4], JSON.stringify(text));
      }
    }
  }
  // one column, as the image's: nothing is left out
  const names = await open("file\r\ncat/0000.jpg\ncat/0001.jpg\rdog/0001.jpg");
  assertEquals(names.length, 3);
  assertEquals(names.targets.shape, [3, 0]);
});

Deno.test("Table counts lines by all their ends, those in quotes too", async () => {
  const texts = [
    'file,"x"\r\ncat/0000.jpg,1\ncat/0001.jpg,2\rcat/0001.jpg,y\n',
    'file,"a\r\nb\nc"\rcat/0000.jpg,y',
    "\n\r\nfile,x\n\ncat/0000.jpg,y\n",
  ];
  for (const [i, line] of [4, 4, 5].entries()) {
    const error = await assertRejects(() => open(texts[i]!), SyntaxError);
    assertStringIncludes(error.message, `line ${line}, column "`);
  }
});

Deno.test("Table keeps what is between quotes, and trims what is not", async () => {
  const columns = async (text: string, options: TableOptions = {}) =>
    (await open(text, options)).classes;
  assertEquals(
    await columns('f, a ,\t"b "\t," ""c"" "," d,e\r\n"\n'),
    ["a", "b ", ' "c" ', " d,e\r\n"],
  );
  // a tab that parts cells is no blank
  assertEquals(await columns("f\t a \t\tb\n", { delimiter: "\t" }), [
    "a",
    "",
    "b",
  ]);
  assertEquals(await columns("f||a|b||c", { delimiter: "||" }), ["a|b", "c"]);
  assertEquals(await columns("f.a.b", { delimiter: "." }), ["a", "b"]);
  assertEquals(await columns("file,x\n"), ["x"]);
});

Deno.test("Table takes quotes as they are if quoting is off", async () => {
  using folder = temporaryFolder();
  const name = '5" disk.jpg';
  await Deno.copyFile(
    new URL("cat/0000.jpg", IMAGES),
    `${folder.path}/${name}`,
  );
  const text = `file,"x"\n${name},1\n`;
  await assertRejects(
    () => open(text, { root: folder.path }),
    SyntaxError,
    'line 2 has a quote inside a cell: expected "" for it in a cell between ' +
      'quotes, or the option quoting: "none"',
  );
  const table = await open(text, { root: folder.path, quoting: "none" });
  assertEquals(table.classes, ['"x"']);
  assertEquals(table.sampleName(0), `${folder.path}/${name}`);
  await assertRejects(
    () => open('file,x\ncat/0000.jpg,"1"\n', { quoting: "none" }),
    SyntaxError,
    'expected a number, got ""1""',
  );
});

Deno.test("Table takes decimal numbers that float32 holds", async () => {
  const held: [string, number][] = [
    ["5", 5],
    ["+5", 5],
    ['" 5\t"', 5],
    ['"5"', 5],
    ["1e5", 1e5],
    ["1E-2", Math.fround(0.01)],
    [".5", 0.5],
    ["5.", 5],
    ["-0", -0],
    ["0e999", 0],
    ["007", 7],
    ["0.1", Math.fround(0.1)],
    ["16777216", 2 ** 24],
    ["16777218", 2 ** 24 + 2],
    ["-16777216", -(2 ** 24)],
    ["2147483648", 2 ** 31],
    ["36893488147419103232", 2 ** 65],
    ["16777217.5", 2 ** 24 + 2],
    ["3.4e38", Math.fround(3.4e38)],
    ["1e-40", Math.fround(1e-40)],
  ];
  assertEquals(
    await labelsOf(held.map(([cell]) => cell)),
    held.map(([, value]) => value),
  );
  const unheld = [
    "1e39",
    "-1e300",
    "1e400",
    "16777217",
    "+16777219",
    "-16777217",
    "16777217.0",
    "2147483647",
    "9007199254740993",
    "36893488147419103233",
    "1e-50",
    "1e-400",
  ];
  const none = [
    "",
    '""',
    '" "',
    '"\t"',
    "0x10",
    "0b1",
    "1_000",
    '"1,000"',
    "1 000",
    "Infinity",
    "-inf",
    "nan",
    "NaN",
    "true",
    "5%",
    "1e",
    ".",
    "+",
    "--5",
    "1.2.3",
    "\u00a05",
    "\uff15",
  ];
  for (
    const [cells, expected] of [
      [unheld, "a number that float32 holds"],
      [none, "a number"],
    ] as const
  ) {
    for (const cell of cells) {
      const error = await assertRejects(
        () => labelsOf(["1", cell]),
        SyntaxError,
      );
      assertStringIncludes(
        error.message,
        `line 3, column "x": expected ${expected}, got "`,
      );
    }
  }
});

Deno.test("Table names the encoding and the line of what is none of its own", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/labels.csv`;
  for (const name of ["é.jpg", "猫.jpg", "cat.jpg"]) {
    await Deno.copyFile(
      new URL("cat/0000.jpg", IMAGES),
      `${folder.path}/${name}`,
    );
  }
  const utf16 = (text: string, isLittle: boolean) => {
    const view = new DataView(new ArrayBuffer(2 * text.length));
    for (let i = 0; i < text.length; i++) {
      view.setUint16(2 * i, text.charCodeAt(i), isLittle);
    }
    return new Uint8Array(view.buffer);
  };
  const latin1 = (text: string) =>
    Uint8Array.from(text, (c) => c.charCodeAt(0));
  const text = "file,x\r\ncat.jpg,1\ré.jpg,2\n";
  const ascii = "file,x\ncat.jpg,1\n";
  const shiftJis = [...latin1("file,x\n"), 0x94, 0x4c, ...latin1(".jpg,1\n")];
  type Row = [Uint8Array, string | undefined, string, number];
  const rows: Row[] = [
    [
      latin1(text),
      "latin1",
      'line 3 is not utf-8; give the file\'s encoding, as encoding: "latin1"',
      2,
    ],
    [
      utf16("\ufeff" + text, true),
      "utf-16le",
      'line 1 begins with the mark of utf-16le, not utf-8; give the file\'s encoding, as encoding: "utf-16le"',
      2,
    ],
    [utf16("\ufeff" + text, false), "utf-16be", 'as encoding: "utf-16be"', 2],
    [
      utf16(text, true),
      "utf-16le",
      'line 1 is not utf-8: its letters have two bytes; give the file\'s encoding, as encoding: "utf-16le"',
      2,
    ],
    [utf16(ascii, false), "utf-16be", 'as encoding: "utf-16be"', 1],
    [Uint8Array.from(shiftJis), "shift_jis", "line 2 is not utf-8", 1],
    [new TextEncoder().encode("\ufeff" + text), "utf-8", "", 2],
  ];
  for (const [bytes, encoding, message, length] of rows) {
    await Deno.writeFile(file, bytes);
    if (message !== "") {
      const error = await assertRejects(() => Table.open(file), SyntaxError);
      assertStringIncludes(error.message, `Cannot read "${file}": `);
      assertStringIncludes(error.message, message);
    }
    const table = await Table.open(file, { encoding });
    assertEquals(table.length, length);
  }
  const wrong: [Uint8Array, string, string][] = [
    [
      utf16("\ufeff" + ascii, false),
      "utf-16le",
      "mark of utf-16be, not utf-16le",
    ],
    [new TextEncoder().encode("\ufefffile"), "latin1", "mark of utf-8, not"],
    [utf16(ascii, true), "latin1", "its letters have two bytes"],
    [utf16(ascii, true).slice(0, -1), "utf-16le", "line 2 is not utf-16le"],
    [
      new TextEncoder().encode("a,b\n1\0,2\n"),
      "utf-8",
      "line 2 has a NUL character",
    ],
    [
      new TextEncoder().encode("a\u20ac\n€").slice(0, -1),
      "utf-8",
      "line 2 is not utf-8",
    ],
  ];
  for (const [bytes, encoding, message] of wrong) {
    await Deno.writeFile(file, bytes);
    await assertRejects(
      () => Table.open(file, { encoding }),
      SyntaxError,
      message,
    );
  }
});

Deno.test("Table refuses what is no encoding and no delimiter", async () => {
  for (const encoding of ["utf8!", "", "binary", 5 as unknown as string]) {
    await assertRejects(
      () => open(CSV, { encoding }),
      RangeError,
      'expected a name that TextDecoder knows, as "utf-8", "latin1" or "utf-16le"',
    );
  }
  for (const delimiter of ["", '"', "\n", ",\r", 5 as unknown as string]) {
    await assertRejects(
      () => open(CSV, { delimiter }),
      TypeError,
      "as the delimiter of a CSV file: expected a text",
    );
  }
});

Deno.test("Table takes a list of labels, and no name by itself", async () => {
  await assertRejects(
    () => open(CSV, { labels: "LabelRed" as never }), // an untyped mistake
    TypeError,
    'Cannot use "LabelRed" as the labels of a Table: expected an array, as ' +
      '["LabelRed", "LabelBlue"]',
  );
});

Deno.test("Table names the line of a name that no file can have", async () => {
  for (const name of ["x".repeat(256), `${"é".repeat(200)}.png`]) {
    for (const missing of ["refuse", "skip"] as const) {
      await assertRejects(
        () => open(`file,x\ncat/0000.jpg,1\n${name},2\n`, { missing }),
        SyntaxError,
        `line 3 names "${IMAGES.pathname}${name}", which can't be a file: `,
      );
    }
  }
  // a folder, or a file below a file, is not there; a colon is a letter
  const text = "file,x\ncat,1\ncat/0000.jpg/a.png,2\nc:0.jpg,3\n";
  assertEquals((await open(text, { missing: "skip" })).length, 0);
  const error = await assertRejects(
    () => open("file,x\nc:0.jpg,3\n"),
    Deno.errors.NotFound,
  );
  assertStringIncludes(
    error.message,
    `line 2 names "${IMAGES.pathname}c:0.jpg"`,
  );
});

Deno.test("Table.open() names the file that is missing, and refuses two kinds of transforms", async () => {
  const missing = () => Table.open("no/labels.csv");
  const error = await assertRejects(missing, Deno.errors.NotFound);
  assertEquals(
    error.message,
    'Cannot read "no/labels.csv": there is no such file',
  );
  const both = () =>
    open(CSV, { transform: (image) => image, transforms: (pair) => pair });
  await assertRejects(
    both,
    TypeError,
    "expected a joint transform or separate",
  );
});

for (const numWorkers of [0, 2]) {
  Deno.test(`Table comes through a loader with ${numWorkers} workers, broken images left out`, async () => {
    using folder = temporaryFolder();
    await Deno.writeTextFile(`${folder.path}/broken.png`, "no image");
    const text = `${CSV}${folder.path}/broken.png,0,0\n`;
    const table = await open(text, { transform: new Look() });
    const loader = new DataLoader(table, {
      batchSize: 2,
      numWorkers,
      collate: skipBroken<[HostArray, HostArray]>(),
    });
    const labels: number[][] = [];
    for await (const [looks, targets] of loader.host()) {
      labels.push([...looks.shape, ...targets.shape, ...targets.data]);
    }
    assertEquals(labels, [[2, 7, 2, 2, 1, 0, 0, 1], [1, 7, 1, 2, 1, 1]]);
  });
}
