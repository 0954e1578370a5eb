/**
 * A folder of JPEG files for the loaders, where the user names none: pictures
 * of 500 by 375 pixels with smooth shapes and some noise, so that files are as
 * large as photographs' are (40 to 60 KB).
 *
 * @module
 */

import { encodeImage } from "../src/vision/encode.ts";
import { Image } from "../src/vision/image.ts";
import { random } from "./data.ts";

const [WIDTH, HEIGHT] = [500, 375];
const CLASSES = ["first", "second"];
const PER_CLASS = 32;

/** A picture, another for each seed. */
export function drawPicture(seed: number): Image {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  const noise = random(data.length, seed, 14);
  const waves = random(9 * 4, seed + 1000); // four numbers for each wave
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      for (let c = 0; c < 3; c++) {
        let value = 128;
        for (let wave = c; wave < 9; wave += 3) {
          const [across, down, phase, height] = waves.subarray(4 * wave);
          const angle = (across! * x + down! * y) / 20 + 6 * phase!;
          value += 60 * height! * Math.cos(angle);
        }
        const at = (y * WIDTH + x) * 3 + c;
        data[at] = Math.max(0, Math.min(255, value + noise[at]!));
      }
    }
  }
  return new Image(data, WIDTH, HEIGHT);
}

/** Writes pictures into a new folder, which the caller removes. */
export async function drawFolder(): Promise<string> {
  const root = await Deno.makeTempDir({ prefix: "kindling-bench-" });
  for (const [number, name] of CLASSES.entries()) {
    await Deno.mkdir(`${root}/${name}`);
    for (let i = 0; i < PER_CLASS; i++) {
      const picture = drawPicture(number * PER_CLASS + i);
      const options = { format: "jpeg", quality: 90 } as const;
      const path = `${root}/${name}/${String(i).padStart(2, "0")}.jpg`;
      await Deno.writeFile(path, await encodeImage(picture, options));
    }
  }
  return root;
}
