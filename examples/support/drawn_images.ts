/**
 * Draws small pictures into files, so that the examples run without a folder of
 * photos. The pictures replace photos only for demonstration.
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

/** Returns an image of one colour with blobs. */
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

/** Returns a random integer from `low` to `high`. */
function between(low: number, high: number, generator: Generator): number {
  return low + generator.integer(high - low + 1);
}

/**
 * Draws a folder of "dogs" (brown discs) and twice as many "cats" (grey
 * squares): dog.0.png, cat.0.png, … One more cat is an empty file.
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

/** Colours of `drawColours`, by the column of their labels. */
const COLOURS: Readonly<Record<string, Colour>> = {
  LabelRed: [220, 50, 40],
  LabelBlue: [40, 80, 210],
  LabelYellow: [240, 215, 50],
};

/**
 * Draws pictures of coloured squares into the folders train, val and test. The
 * file tiny_labels.csv lists the colours of each picture.
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
