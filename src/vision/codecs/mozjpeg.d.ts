/**
 * MozJPEG's encoder, compiled to WebAssembly, of @jsquash/jpeg.
 *
 * @module
 */

/** The settings in use; their names are the package's. */
export interface MozJpegOptions {
  readonly quality: number;
  readonly baseline: boolean;
  readonly progressive: boolean;
  /** MozJPEG's number: 1 is grey, 3 is YCbCr. */
  readonly "color_space": number;
  /** MozJPEG's number: 0 is the table in annex K of the standard. */
  readonly "quant_table": number;
  /** Whether the quality sets the resolution of colour. */
  readonly "auto_subsample": boolean;
  /** Pixels that share a colour, across and down. */
  readonly "chroma_subsample": number;
}

/** Encodes RGBA; returns the bytes of a JPEG file. */
export function encode(
  image: {
    readonly data: Uint8Array;
    readonly width: number;
    readonly height: number;
  },
  options: MozJpegOptions,
): Promise<ArrayBuffer>;
