/**
 * MozJPEG's encoder, compiled to WebAssembly, as @jsquash/jpeg has it.
 *
 * @module
 */

/** The settings we use; the names are the package's. */
export interface MozJpegOptions {
  readonly quality: number;
  readonly baseline: boolean;
  readonly progressive: boolean;
  /** MozJPEG's number: 1 is grey, 3 is YCbCr. */
  readonly "color_space": number;
  /** MozJPEG's number: 0 is the one in annex K of the standard. */
  readonly "quant_table": number;
  /** Whether the quality decides on the resolution of colour. */
  readonly "auto_subsample": boolean;
  /** Pixels that share a colour, across and down. */
  readonly "chroma_subsample": number;
}

/** The bytes of a JPEG file. */
export function encode(
  image: {
    readonly data: Uint8Array;
    readonly width: number;
    readonly height: number;
  },
  options: MozJpegOptions,
): Promise<ArrayBuffer>;
