/**
 * Small drawn pictures in files, so that the examples run where nobody has
 * given them a folder of photos. Nothing can be learned from them about photos.
 *
 * @module
 */

import { Generator, vision } from "@kindling/kindling";

type Colour = readonly [red: number, green: number, blue: number];

/** A blob on a canvas, in pixels. */
interface Blob {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly colour: Colour;
  readonly shape: "disc" | "square";
}

/** A canvas of one colour, with blobs. */
function draw(
  width: number,
  height: number,
  paper: Colour,
  blobs: readonly Blob[],
): vision.Image {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = paper[i % 3]!;
  for (const { x, y, size, colour, shape } of blobs) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const [dx, dy] = [Math.abs(column - x), Math.abs(row - y)];
        const isIn = shape === "disc"
          ? dx * dx + dy * dy <= size * size
          : Math.max(dx, dy) <= size;
        if (isIn) data.set(colour, 3 * (row * width + column));
      }
    }
  }
  return new vision.Image(data, width, height);
}

/** An integer from `low` to `high`. */
function between(low: number, high: number, generator: Generator): number {
  return low + generator.integer(high - low + 1);
}

/**
 * Draws a folder of "dogs" (brown discs) and twice as many "cats" (grey
 * squares), one of which is an empty file: dog.0.png, cat.0.png, …
 */
export async function drawDogsAndCats(folder: string): Promise<void> {
  const generator = new Generator(1);
  for (let i = 0; i < 12; i++) {
    const isDog = i % 3 === 0;
    const name = isDog ? `dog.${i / 3}` : `cat.${i - Math.ceil(i / 3)}`;
    const [width, height] = [
      between(40, 72, generator),
      between(40, 72, generator),
    ];
    const image = draw(width, height, [230, 240, 225], [{
      x: between(16, width - 16, generator),
      y: between(16, height - 16, generator),
      size: between(8, 14, generator),
      colour: isDog ? [150, 95, 40] : [120, 120, 135],
      shape: isDog ? "disc" : "square",
    }]);
    await vision.saveImage(`${folder}/${name}.png`, image);
  }
  await Deno.writeFile(`${folder}/cat.broken.png`, new Uint8Array(0));
}

/** The colours that `drawColours` paints with, by the column of their labels. */
const COLOURS: Readonly<Record<string, Colour>> = {
  LabelRed: [220, 50, 40],
  LabelBlue: [40, 80, 210],
  LabelYellow: [240, 215, 50],
};

/**
 * Draws the folders train, val and test with pictures of coloured squares, and
 * the file tiny_labels.csv, which says for each picture which colours are in it.
 */
export async function drawColours(folder: string): Promise<void> {
  const generator = new Generator(2);
  const names = Object.keys(COLOURS);
  const lines = [`Filename,${names.join(",")}`];
  const counts = { train: 96, val: 24, test: 24 };
  for (const [setName, count] of Object.entries(counts)) {
    await Deno.mkdir(`${folder}/${setName}`);
    for (let i = 0; i < count; i++) {
      const labels = names.map(() => generator.integer(2));
      const blobs = names.flatMap((name, at): Blob[] =>
        labels[at] === 0 ? [] : [{
          x: between(5, 26, generator),
          y: between(5, 26, generator),
          size: between(2, 4, generator),
          colour: COLOURS[name]!,
          shape: "square",
        }]
      );
      const file = `${setName}_${i}.png`;
      lines.push([file, ...labels].join(","));
      const image = draw(32, 32, [200, 200, 200], blobs);
      await vision.saveImage(`${folder}/${setName}/${file}`, image);
    }
  }
  await Deno.writeTextFile(
    `${folder}/tiny_labels.csv`,
    `${lines.join("\n")}\n`,
  );
}
