/**
 * Images on the host: bytes row by row, the channels of a pixel side by side.
 *
 * It is what decoders make and datasets give; nothing here decodes, and nothing
 * touches the GPU. Sizes count pixels. A batch of images becomes a uint8 tensor
 * [N, C, H, W].
 *
 * @module
 */

/** Bytes of a pixel: grey, RGB, or RGB with opacity. */
export type Channels = 1 | 3 | 4;

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** A colour of a palette: opaque, or with an opacity, 0 to 255. */
export type PaletteColour =
  | Colour
  | readonly [red: number, green: number, blue: number, opacity: number];

// Beside the images, not in them: masks of the same classes are equal, however
// their files were coloured, and messages between threads carry no colours.
const PALETTES = new WeakMap<Image, readonly PaletteColour[]>();

/** A picture of `height` rows of `width` pixels, a byte for each channel. */
export class Image {
  /** Where workers find this class. */
  static readonly url: string = import.meta.url;
  /** [height, width, channels], row-major. */
  readonly data: Uint8Array;
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Bytes of a pixel. */
  readonly channels: Channels;
  /**
   * An image over `data`, which is not copied.
   *
   * @throws {RangeError} If a size is not a positive integer, or `data` has
   * another length than `height * width * channels`
   */
  constructor(
    data: Uint8Array,
    width: number,
    height: number,
    channels: Channels = 3,
    palette?: readonly PaletteColour[],
  ) {
    for (const [name, size] of Object.entries({ width, height })) {
      if (!Number.isInteger(size) || size < 1) {
        throw new RangeError(
          `Cannot make an image of ${width} x ${height} pixels: ` +
            `expected a positive integer as ${name}`,
        );
      }
    }
    if (![1, 3, 4].includes(channels)) {
      throw new RangeError(
        `Cannot make an image of ${channels} channels: expected 1, 3 or 4`,
      );
    }
    if (data.length !== width * height * channels) {
      throw new RangeError(
        `Cannot make an image of ${width} x ${height} pixels and ` +
          `${channels} channels from ${data.length} bytes: expected ` +
          `${width * height * channels}`,
      );
    }
    this.data = data;
    this.width = width;
    this.height = height;
    this.channels = channels;
    if (palette) PALETTES.set(this, palette);
  }

  /**
   * The colours that the bytes are indices of, where a palette file was read
   * "unchanged", to be given to `encodeImage`. A copy in a worker has none.
   */
  get palette(): readonly PaletteColour[] | undefined {
    return PALETTES.get(this);
  }

  /** As `console.log` shows it: `Image(500 x 375, 3 channels)`. */
  toString(): string {
    const { width, height, channels } = this;
    return `Image(${width} x ${height}, ${channels} channel${
      channels === 1 ? "" : "s"
    })`;
  }

  /** The same in `console.log`. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}
