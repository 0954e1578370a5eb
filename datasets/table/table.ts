/**
 * Table: images that a CSV file lists, with numbers for each of them: several
 * labels at once, or measurements.
 *
 *     Filename,LabelRed,LabelBlue
 *     001.png,1,0
 *
 * The file is read when the table is opened, images when they are asked for.
 *
 * @module
 */

import { Dataset } from "../../src/data/datasets/dataset.ts";
import { checkKind, KINDS, withExample } from "../../src/data/checks/kinds.ts";
import { checkChoice, checkOptionNames } from "../../src/tensor/arguments.ts";
import type { Generator } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import type { Image } from "../../src/vision/image.ts";
import { toPath } from "../_shared.ts";
import { checkDelimiter } from "./csv.ts";
import { loadImage } from "../samples/image_loader.ts";
import {
  checkTransforms,
  describeDataset,
  type JointTransforms,
  type SampleTransform,
  TRANSFORM_OPTIONS,
  transformed,
} from "../samples/transforms.ts";
import { readTable, type TableRows } from "./rows.ts";
import { checkEncoding } from "./text_file.ts";
import { wrapIndex } from "../../src/data/checks/check.ts";

/** What a table's columns mean, and what is done to its samples. */
export interface TableOptions<X = Image, Y = HostArray>
  extends JointTransforms<Image, HostArray, X, Y> {
  /** The folder that paths start from. Default: that of the CSV file. */
  readonly root?: string | URL;
  /** The column with the images' paths. Default: the first. */
  readonly path?: string;
  /** The columns with numbers. Default: all others. */
  readonly labels?: readonly string[];
  /** The separator of two cells. Default: ",". */
  readonly delimiter?: string;
  /**
   * "minimal" reads quoted cells, in which two quotes stand for one. "none" takes
   * quotes as characters, as pandas does with csv.QUOTE_NONE. Default: "minimal".
   */
  readonly quoting?: "minimal" | "none";
  /**
   * The file's encoding, by a name that TextDecoder knows: "latin1",
   * "utf-16le", "shift_jis". Default: "utf-8".
   */
  readonly encoding?: string;
  /**
   * What becomes of a row whose image is not there: the table is refused, or
   * the row left out, as where one file lists the images of several folders.
   * Default: "refuse".
   */
  readonly missing?: "refuse" | "skip";
}

const COLUMNS = withExample(KINDS.list, '["LabelRed", "LabelBlue"]');

const OPTIONS = [
  "root",
  "path",
  "labels",
  "delimiter",
  "quoting",
  "encoding",
  "missing",
  "transforms",
  ...TRANSFORM_OPTIONS,
];

/**
 * Images listed in a CSV file.
 *
 * A sample is an `Image` and float32 of [labels], the numbers of its row. All
 * of them are in `targets`, those of one column in `column(name)`.
 *
 * Numbers are decimal, as 5, -0.5 or 1e5, and fractions are rounded to float32.
 * Refused are integers that float32 does not hold (some beyond 2^24), and
 * numbers that it would make 0 or infinite. NOTE [csv] in csv.ts says how rows
 * and cells are told apart.
 *
 * Source: the multi-label sets of pytorch-computer-vision (Draelos); pandas and
 * a Dataset of one's own do this in PyTorch.
 *
 * @example An image with two labels
 * ```ts
 * import { vision } from "@kindling/kindling";
 * import { Table } from "@kindling/kindling/datasets";
 * import { assertEquals } from "@std/assert";
 *
 * const root = await Deno.makeTempDir();
 * const black = new vision.Image(new Uint8Array(12), 2, 2);
 * await vision.saveImage(`${root}/1.png`, black);
 * await Deno.writeTextFile(`${root}/labels.csv`, "file,dark,red\n1.png,1,0\n");
 *
 * const table = await Table.open(`${root}/labels.csv`);
 * const [image, labels] = await table.get(0);
 * assertEquals(table.classes, ["dark", "red"]);
 * assertEquals([image.height, ...labels.data], [2, 1, 0]);
 * ```
 */
export class Table<X = Image, Y = HostArray> extends Dataset<[X, Y]> {
  /** Where workers find this class. */
  static url: string = import.meta.url;
  /** The CSV file. */
  readonly file: string;
  /** The folder that paths start from. */
  readonly root: string;
  /** The columns with numbers. */
  readonly classes: readonly string[];
  /** The path of each image. */
  readonly paths: readonly string[];
  /** The numbers, row by row. */
  readonly labels: Float32Array<ArrayBuffer>;
  /** What is done to an image. */
  readonly transform: SampleTransform<Image, X> | undefined;
  /** What is done to the numbers of a row. */
  readonly targetTransform: SampleTransform<HostArray, Y> | undefined;
  /** What is done to both at once. */
  readonly transforms: SampleTransform<[Image, HostArray], [X, Y]> | undefined;

  /** Use `Table.open()`, which reads the file. */
  constructor(
    { file, root, classes, paths, labels }: TableRows,
    options: JointTransforms<Image, HostArray, X, Y> = {},
  ) {
    super();
    checkTransforms("Table", options);
    this.file = file;
    this.root = root;
    this.classes = classes;
    this.paths = paths;
    this.labels = labels;
    this.transform = options.transform;
    this.targetTransform = options.targetTransform;
    this.transforms = options.transforms;
  }

  /**
   * Reads the CSV file `file`.
   *
   * @throws {SyntaxError} If it is no CSV file or of another encoding, lacks a
   * column, or a cell is no number that float32 holds; the message has the line
   * @throws {TypeError} If there are joint and separate transforms, one can't be
   * called, or `delimiter` can't be one
   * @throws {RangeError} If `missing`, `quoting` or `encoding` is none of its
   * values
   * @throws {Deno.errors.NotFound} If it is not there, or an image is not and
   * `missing` is not "skip"
   */
  static async open<X = Image, Y = HostArray>(
    file: string | URL,
    options: TableOptions<X, Y> = {},
  ): Promise<Table<X, Y>> {
    checkOptionNames("Table", options, OPTIONS);
    checkTransforms("Table", options);
    const { missing = "refuse", quoting = "minimal" } = options;
    checkChoice("open a Table", "missing", missing, ["refuse", "skip"]);
    checkChoice("open a Table", "quoting", quoting, ["minimal", "none"]);
    if (options.labels !== undefined) {
      checkKind(COLUMNS, "the labels of a Table", options.labels);
    }
    checkDelimiter(options.delimiter ?? ",");
    checkEncoding(options.encoding ?? "utf-8");
    return new Table(await readTable(toPath(file), options), options);
  }

  /** The number of images. */
  override get length(): number {
    return this.paths.length;
  }

  /** All numbers, float32 of [N, labels], not copied. */
  get targets(): HostArray {
    return new HostArray(this.labels, [this.length, this.classes.length]);
  }

  /**
   * The numbers of one column, for a sampler's weights for instance.
   *
   * @throws {RangeError} If there is no such column
   */
  column(name: string): Float32Array<ArrayBuffer> {
    const { classes, labels } = this;
    const at = classes.indexOf(name);
    if (at === -1) {
      throw new RangeError(
        `Cannot take column "${name}" of "${this.file}": it has ` +
          classes.join(", "),
      );
    }
    return Float32Array.from(
      { length: this.length },
      (_, row) => labels[row * classes.length + at]!,
    );
  }

  /**
   * Image `index` and the numbers of its row, or what the transforms make of
   * them.
   *
   * @throws {RangeError} If there is no such row
   * @throws What decoding the image throws
   */
  override get(index: number, generator?: Generator): [X, Y] | Promise<[X, Y]> {
    const row = wrapIndex(index, this.length, "Table");
    const width = this.classes.length;
    const numbers = this.labels.slice(row * width, (row + 1) * width);
    const labels = new HostArray(numbers);
    const image = loadImage(this.paths[row]!);
    return image instanceof Promise
      ? image.then((image) =>
        transformed(this, row, [image, labels], generator)
      )
      : transformed(this, row, [image, labels], generator);
  }

  /** The path of image `index`. */
  override sampleName(index: number): string | undefined {
    return this.paths[index];
  }

  /** Name, size, file, folder, columns and transforms, a line each. */
  override toString(): string {
    return describeDataset("Table", [
      `Number of datapoints: ${this.length}`,
      `Root location: ${this.root}`,
      `File: ${this.file}`,
      `Labels: ${this.classes.join(", ")}`,
    ], this);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}
