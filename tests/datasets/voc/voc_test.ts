import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { MultiHot } from "../../../datasets/voc/multi_hot.ts";
import { VOCDetection } from "../../../datasets/voc/detection.ts";
import { VOCSegmentation } from "../../../datasets/voc/segmentation.ts";
import {
  VOC_CLASSES,
  type VOCSetOptions,
} from "../../../datasets/voc/files.ts";
import { ConcatDataset } from "../../../src/data/datasets/concat.ts";
import { DataLoader } from "../../../src/data/loader/loader.ts";
import { map } from "../../../src/data/datasets/map.ts";
import { Generator } from "../../../src/tensor/generator.ts";
import { Image } from "../../../src/vision/image.ts";
import * as vision from "../../../src/vision/mod.ts";
import { temporaryFolder } from "../_server.ts";
import { Arrays, Boxes, Look, WithMask } from "../_transforms.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const VOC = new URL("VOCdevkit/VOC2012/", FIXTURES);

/** A VOC folder with these files beside or over those of the fixtures. */
function vocWith(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): ReturnType<typeof temporaryFolder> {
  const folder = temporaryFolder();
  const copy = (from: URL, to: string) => {
    Deno.mkdirSync(to, { recursive: true });
    for (const { name, isDirectory } of Deno.readDirSync(from)) {
      const path = `${to}/${name}`;
      if (isDirectory) copy(new URL(`${name}/`, from), path);
      else Deno.copyFileSync(new URL(name, from), path);
    }
  };
  copy(VOC, `${folder.path}/VOC2012`);
  for (const [name, data] of Object.entries(files)) {
    const bytes = typeof data === "string"
      ? new TextEncoder().encode(data)
      : data;
    Deno.writeFileSync(`${folder.path}/VOC2012/${name}`, bytes);
  }
  return folder;
}

Deno.test("VOCSegmentation gives photos and masks of classes", async () => {
  const train = new VOCSegmentation(FIXTURES);
  assertEquals(train.length, 2);
  assertEquals(train.names, ["2007_000001", "2007_000002"]);
  const { image, mask } = await train.get(0);
  assertEquals([image.width, image.height, image.channels], [32, 32, 3]);
  assertEquals([mask.width, mask.height, mask.channels], [32, 32, 1]);
  // rows 8 to 23 and columns 7 to 17 are a cat, around them a border
  assertEquals(mask.data[8 * 32 + 7], VOC_CLASSES.indexOf("cat"));
  assertEquals(mask.data[8 * 32 + 6], 255);
  assertEquals(mask.data[0], 0);
  const count = mask.data.filter((value) => value === 8).length;
  assertEquals(count, 16 * 11);
  assertEquals(
    train.images[0],
    `${FIXTURES.pathname}VOCdevkit/VOC2012/JPEGImages/2007_000001.jpg`,
  );
  assert(train.masks[1]!.endsWith("SegmentationClass/2007_000002.png"));
  assertEquals(train.sampleName(0), train.images[0]);
  assertEquals(train.sampleName(2), undefined);
});

Deno.test("VOCSegmentation takes the folder VOCdevkit, a set and a folder of masks", async () => {
  const val = new VOCSegmentation(new URL("VOCdevkit/", FIXTURES), {
    year: "2012",
    imageSet: "val",
  });
  assertEquals(val.names, ["2008_000003"]);
  const more = new VOCSegmentation(FIXTURES, {
    imageSet: "trainaug",
    maskFolder: "SegmentationClassAug", // grey, where the others have palettes
  });
  assertEquals((await more.get(1)).mask, (await val.get(0)).mask);
});

Deno.test("VOCSegmentation.without() joins sets without duplicates", async () => {
  const train = new VOCSegmentation(FIXTURES);
  const val = new VOCSegmentation(FIXTURES, { imageSet: "val" });
  const more = new VOCSegmentation(FIXTURES, {
    imageSet: "trainaug",
    maskFolder: "SegmentationClassAug",
  });
  const all = new ConcatDataset([train, more.without(train)]);
  const names = [...Array(all.length).keys()].map((i) => all.sampleName(i));
  assertEquals(
    names.map((name) => name?.slice(-15)),
    ["2007_000001.jpg", "2007_000002.jpg", "2008_000003.jpg"],
  );
  assertEquals(more.without(train, val).length, 0);
  const { mask } = await all.get(2, new Generator(0));
  assertEquals(mask.data[0], VOC_CLASSES.indexOf("person"));
});

Deno.test("VOCSegmentation transforms photo and mask apart or together", async () => {
  const apart = new VOCSegmentation(FIXTURES, {
    transform: new Look(),
    targetTransform: new MultiHot(),
  });
  const { image, mask } = await apart.get(0);
  assertEquals(image.shape, [7]);
  assertEquals(mask.shape, [21]);
  assertEquals([...mask.data.keys()].filter((i) => mask.data[i] === 1), [0, 8]);
  assertStringIncludes(
    apart.toString(),
    `    Root location: ${FIXTURES.pathname}
    StandardTransform
Transform: Look(`,
  );
  const together = new VOCSegmentation(FIXTURES, {
    transforms: new WithMask(),
  });
  assertEquals(await together.get(0), { image: 32, mask: 176 });
  assertThrows(
    () =>
      new VOCSegmentation(FIXTURES, {
        transforms: (sample) => sample,
        transform: (image) => image,
      }),
    TypeError,
    "Cannot make VOCSegmentation with transforms and transform: expected",
  );
});

Deno.test("VOCSegmentation and VOCDetection move what belongs to a photo with it", async () => {
  const T = vision.transforms;
  const mirror = T.joint([T.randomHorizontalFlip(1), T.toFloat()]);
  const plain = new VOCSegmentation(FIXTURES);
  const mirrored = new VOCSegmentation(FIXTURES, { transforms: mirror });
  const [before, after] = [await plain.get(1), await mirrored.get(1)];
  for (const row of [0, 10, 31]) {
    const at = 32 * row;
    assertEquals(
      after.mask.data.slice(at, at + 32),
      before.mask.data.slice(at, at + 32).reverse(),
    );
  }
  // the first pixel of the second row comes from the end of that row
  const [red] = after.image.data.slice(32, 33);
  assertAlmostEquals(red!, before.image.data[3 * 63]! / 255, 1e-6);

  const boxes = new VOCDetection(FIXTURES, { transforms: mirror });
  assertEquals((await boxes.get(0)).boxes, [[32 - 18, 8, 32 - 7, 24]]);
});

Deno.test("VOCSegmentation draws the same crops with and without workers", async () => {
  const T = vision.transforms;
  const crop = T.joint([T.randomCrop(16), T.toFloat()]);
  const set = new VOCSegmentation(FIXTURES, { transforms: crop });
  const arrays = map(set, new Arrays());
  const seen: unknown[][] = [[], []];
  for (const numWorkers of [0, 2]) {
    const loader = new DataLoader(arrays, { numWorkers, seed: 3 });
    for await (const [images, masks] of loader.host()) {
      assertEquals([images.shape, masks.shape], [[1, 3, 16, 16], [1, 256]]);
      seen[numWorkers / 2]!.push(images.data.slice(), masks.data.slice());
    }
  }
  assertEquals(seen[0]!.length, 4);
  assertEquals(seen[0], seen[1]);
});

for (const numWorkers of [0, 2]) {
  Deno.test(`VOCSegmentation comes through a loader with ${numWorkers} workers`, async () => {
    const set = new VOCSegmentation(FIXTURES, {
      transform: new Look(),
      targetTransform: new MultiHot({ numClasses: 13 }),
    });
    const loader = new DataLoader(set, { batchSize: 2, numWorkers });
    for await (const { image, mask } of loader.host()) {
      assertEquals([image.shape, mask.shape], [[2, 7], [2, 13]]);
      assertEquals([mask.data[8], mask.data[13 + 12]], [1, 1]);
    }
  });

  Deno.test(`VOCDetection comes through a loader with ${numWorkers} workers`, async () => {
    const set = new VOCDetection<[number, number]>(FIXTURES, {
      transforms: new Boxes(),
    });
    const loader = new DataLoader(set, { batchSize: 2, numWorkers });
    const rows: number[][] = [];
    for await (const [counts, widths] of loader.host()) {
      rows.push([...counts.data], [...widths.data]);
    }
    assertEquals(rows, [[1, 2], [11, 12]]);
  });
}

Deno.test("MultiHot says which classes a mask has, and where one is none", () => {
  const mask = new Image(Uint8Array.of(0, 2, 255, 2, 1, 9), 3, 2, 1);
  assertEquals(
    [...new MultiHot({ numClasses: 10 }).call(mask).data],
    [1, 1, 1, 0, 0, 0, 0, 0, 0, 1],
  );
  assertEquals(
    [...new MultiHot({ numClasses: 256, ignore: 0 }).call(mask).data.keys()]
      .length,
    256,
  );
  assertThrows(
    () => new MultiHot({ numClasses: 3 }).call(mask),
    RangeError,
    "Cannot label a mask: pixel (2, 1) is of class 9, expected 0 to 2 or 255",
  );
  for (const numClasses of [0, 257, 1.5]) {
    assertThrows(
      () => new MultiHot({ numClasses }),
      RangeError,
      `Cannot make labels of ${numClasses} classes: expected 1 to 256`,
    );
  }
  assertEquals(String(new MultiHot()), "MultiHot(numClasses=21, ignore=255)");
});

Deno.test("VOCSegmentation and VOCDetection name the folders that are missing", () => {
  const kinds = [
    (root: string, options?: VOCSetOptions) =>
      new VOCSegmentation(root, options),
    (root: string, options?: VOCSetOptions) => new VOCDetection(root, options),
  ];
  for (const make of kinds) {
    using empty = temporaryFolder();
    assertThrows(
      () => make(empty.path, { year: "2007" }),
      Deno.errors.NotFound,
      `Cannot find VOC 2007 in "${empty.path}": expected the folder ` +
        `"${empty.path}/VOCdevkit/VOC2007" or "${empty.path}/VOC2007"`,
    );
    using photos = vocWith();
    const { path } = photos;
    assertThrows(
      () => make(path, { imageSet: "test" }),
      Deno.errors.NotFound,
      `Cannot find image set "test" in "${path}/VOC2012/ImageSets/`,
    );
    Deno.removeSync(`${path}/VOC2012/JPEGImages`, { recursive: true });
    assertThrows(
      () => make(path),
      Deno.errors.NotFound,
      `Cannot read VOC 2012 in "${path}/VOC2012": it has no folder "JPEGImages"`,
    );
  }
  using photos = vocWith();
  const { path } = photos;
  assertThrows(
    () => new VOCSegmentation(path, { imageSet: "test" }),
    Deno.errors.NotFound,
    "expected train, trainaug, val",
  );
  Deno.removeSync(`${path}/VOC2012/ImageSets`, { recursive: true });
  assertThrows(
    () => new VOCSegmentation(path),
    Deno.errors.NotFound,
    "expected a list NAME.txt, got none",
  );
  Deno.removeSync(`${path}/VOC2012/Annotations`, { recursive: true });
  assertThrows(
    () => new VOCDetection(path),
    Deno.errors.NotFound,
    'it has no folder "Annotations"',
  );
});

Deno.test("VOCSegmentation refuses lists and masks that are none", async () => {
  using folder = vocWith({
    "ImageSets/Segmentation/odd.txt": "2007_000001\n\n2007_000002 -1\n",
    "SegmentationClass/2007_000001.png": Deno.readFileSync(
      new URL("JPEGImages/2007_000001.jpg", VOC),
    ),
    // a grey image of 1 x 1
    "SegmentationClass/2007_000002.png": Uint8Array.fromBase64(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQ" +
        "AAAABJRU5ErkJggg==",
    ),
  });
  assertThrows(
    () => new VOCSegmentation(folder.path, { imageSet: "odd" }),
    SyntaxError,
    'odd.txt": line 3: expected a name, got "2007_000002 -1"',
  );
  const set = new VOCSegmentation(folder.path);
  await assertRejects(
    async () => await set.get(0),
    TypeError,
    '2007_000001.png" for a mask: expected a class for each pixel (a palette ' +
      "or grey image), got 3 channels",
  );
  await assertRejects(
    async () => await set.get(1),
    TypeError,
    "for the mask of its photo: sizes 1 x 1 and 32 x 32 must be equal",
  );
  assertThrows(() => set.get(2), RangeError, "Cannot load sample 2: VOC");
  Deno.removeSync(`${folder.path}/VOC2012/JPEGImages/2007_000001.jpg`);
  await assertRejects(
    async () => await set.get(0),
    Deno.errors.NotFound,
    "2007_000001.jpg",
  );
});

Deno.test("VOCDetection gives boxes, classes and all of the file", async () => {
  const set = new VOCDetection(FIXTURES);
  const { image, boxes, labels, difficult, annotation } = await set.get(1);
  assert(image instanceof vision.Image);
  assertEquals(image.width, 32);
  // the file's boxes are 8 9 19 24 and 1 1 4 4.5, pixels from 1, both ends in
  assertEquals(boxes, [[7, 8, 19, 24], [0, 0, 4, 4.5]]);
  assertEquals([...labels.data].map((label) => set.classes[label]), [
    "dog",
    "person",
  ]);
  assertEquals([difficult.dtype, ...difficult.data], ["bool", 0, 1]);
  // as torchvision's parse_voc_xml makes it
  assertEquals(annotation, {
    folder: "VOC2012",
    filename: "2007_000002.jpg",
    size: { width: "32", height: "32", depth: "3" },
    segmented: "1",
    object: [{
      name: "dog",
      pose: "Unspecified",
      truncated: "0",
      difficult: "0",
      bndbox: { xmin: "8", ymin: "9", xmax: "19", ymax: "24" },
    }, {
      name: "person",
      pose: "Unspecified",
      truncated: "0",
      difficult: "1",
      bndbox: { xmin: "1", ymin: "1", xmax: "4", ymax: "4.5" },
    }],
  });
  assertEquals((await set.get(0)).annotation.object.length, 1);
  assert(set.annotations[0]!.endsWith("Annotations/2007_000001.xml"));
  assertEquals(Deno.inspect(set).split("\n")[0], "Dataset VOCDetection");
  await assertRejects(
    () => set.get(2),
    RangeError,
    "Cannot load sample 2: VOC",
  );
});

Deno.test("VOCDetection refuses annotations that are none", async () => {
  const object = (inner: string) =>
    `<annotation><object>${inner}</object></annotation>`;
  const cases: [string, string][] = [
    ["", "document must contain a root element"],
    ["<annotation><object>", "unclosed tag: object"],
    ["<annotation></object></annotation>", "unexpected close tag"],
    ["<annotation>&bomb;</annotation>", "undefined entity"],
    ["<html></html>", "expected <annotation>, got <html>"],
    [
      object("<name>unicorn</name>"),
      "object 0: expected one of VOC's classes " +
      'as name, got "unicorn"',
    ],
    [object("<name>background</name>"), 'got "background"'],
    [object("cat"), 'as name, got ""'],
    [
      object("<name>cat</name>"),
      'object 0 ("cat"): expected numbers as xmin, ',
    ],
    [
      object(
        "<name>cat</name><bndbox><xmin>a</xmin><ymin>1</ymin><xmax>2</xmax>" +
          "<ymax>2</ymax></bndbox>",
      ),
      'object 0 ("cat"): expected numbers as xmin, ',
    ],
  ];
  for (const [xml, message] of cases) {
    using folder = vocWith({ "Annotations/2007_000001.xml": xml });
    const set = new VOCDetection(folder.path);
    const error = await assertRejects(() => set.get(0), SyntaxError);
    assertStringIncludes(error.message, '2007_000001.xml": ');
    assertStringIncludes(error.message, message);
  }
  using none = vocWith({
    "Annotations/2007_000001.xml": "<annotation></annotation>",
  });
  const { boxes } = await new VOCDetection(none.path).get(0);
  assertEquals(boxes, []);
});
