import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Table, type TableOptions } from "../../datasets/table.ts";
import { skipBroken } from "../../src/data/nulls.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";
import { temporaryFolder } from "./_server.ts";
import { Look } from "./_transforms.ts";

const IMAGES = new URL("fixtures/images/", import.meta.url);

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
    [`${head}"cat,1,0\n`, {}, "Quote Not Closed"],
    [`${head}${good}a"b",1,0\n`, {}, "line 3"],
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
