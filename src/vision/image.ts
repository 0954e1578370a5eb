/**
 * Images on the host: bytes row by row, the channels of a pixel side by side.
 *
 * Decoders and datasets make them; nothing here decodes or touches the GPU. Sizes
 * count pixels. A batch of images becomes a uint8 tensor [N, C, H, W].
 *
 * @module
 */

/** Number of channels: grey, RGB, or RGB with opacity. */
export type Channels = 1 | 3 | 4;

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** Colour of a palette: opaque, or with an opacity from 0 to 255. */
export type PaletteColour =
  | Colour
  | readonly [red: number, green: number, blue: number, opacity: number];

// Not a field: masks of the same classes are equal even if their files have other
// colours, and messages between threads carry no colours.
const PALETTES = new WeakMap<Image, readonly PaletteColour[]>();

/** Image of `height` rows of `width` pixels, one byte for each channel. */
export class Image {
  /** Module of this class, for workers. */
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
   * Wraps `data`, which is not copied.
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
   * The palette whose indices the bytes are, if a file was read "unchanged";
   * `encodeImage` takes it. Copies in other threads have none.
   */
  get palette(): readonly PaletteColour[] | undefined {
    return PALETTES.get(this);
  }

  /** Returns `Image(500 x 375, 3 channels)`. */
  toString(): string {
    const { width, height, channels } = this;
    return `Image(${width} x ${height}, ${channels} channel${
      channels === 1 ? "" : "s"
    })`;
  }

  /** Text that `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}
