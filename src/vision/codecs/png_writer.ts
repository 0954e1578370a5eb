/**
 * Encoding of PNG files: grey, RGB or RGBA of eight bits, by the image's channels,
 * or indices of a palette. Files are not interlaced.
 *
 * The compression is the runtime's own; nothing is loaded.
 *
 * Source: W3C PNG (third edition), 9 and 11.
 *
 * @module
 */

import type { Channels, Image, PaletteColour } from "../image.ts";
import { chunkOf, COLOUR_TYPES, PNG_SIGNATURE } from "./png_chunks.ts";

/** Colour type for each number of channels. */
const TYPE_OF_CHANNELS: Readonly<Record<Channels, number>> = {
  1: COLOUR_TYPES.gray,
  3: COLOUR_TYPES.rgb,
  4: COLOUR_TYPES.rgba,
};

/** Returns the bytes of a PNG file; a palette makes the image's bytes indices. */
export async function encodePng(
  image: Image,
  palette?: readonly PaletteColour[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, channels } = image;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = palette ? COLOUR_TYPES.palette : TYPE_OF_CHANNELS[channels];
  // differences of neighbouring indices mean nothing
  const rows = filtered(image, palette ? [FILTERS[0]] : FILTERS);
  const parts = [
    Uint8Array.from(PNG_SIGNATURE),
    chunkOf("IHDR", header),
    ...(palette ? paletteChunks(palette) : []),
    chunkOf("IDAT", await deflate(rows)),
    chunkOf("IEND", new Uint8Array()),
  ];
  const blob = new Blob(parts);
  return new Uint8Array(await blob.arrayBuffer());
}

function paletteChunks(
  palette: readonly PaletteColour[],
): Uint8Array<ArrayBuffer>[] {
  const colours = palette.flatMap(([red, green, blue]) => [red, green, blue]);
  const chunks = [chunkOf("PLTE", Uint8Array.from(colours))];
  const opacities = palette.map(([, , , opacity = 255]) => opacity);
  const last = opacities.findLastIndex((opacity) => opacity < 255);
  if (last !== -1) {
    const written = Uint8Array.from(opacities.slice(0, last + 1));
    chunks.push(chunkOf("tRNS", written));
  }
  return chunks;
}

async function deflate(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Prediction of a byte from those on the left, above, and above on the left. */
type Filter = (left: number, above: number, corner: number) => number;

/** The five filters, by their numbers. */
const FILTERS: readonly [Filter, ...Filter[]] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
];

function paeth(left: number, above: number, corner: number): number {
  const a = Math.abs(above - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + above - 2 * corner);
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

// Each row gets the filter that leaves the smallest differences, as the standard
// recommends in 12.7.
function filtered(
  { data, width, height, channels }: Image,
  filters: readonly Filter[],
): Uint8Array<ArrayBuffer> {
  const length = width * channels;
  const out = new Uint8Array(height * (length + 1));
  const row = new Uint8Array(length);
  for (let y = 0; y < height; y++) {
    const start = y * length;
    let least = Infinity;
    for (const [number, filter] of filters.entries()) {
      let sum = 0;
      for (let i = 0; i < length; i++) {
        const at = start + i;
        const isInner = i >= channels;
        const left = isInner ? data[at - channels]! : 0;
        const above = y > 0 ? data[at - length]! : 0;
        const corner = isInner && y > 0 ? data[at - length - channels]! : 0;
        const rest = (data[at]! - filter(left, above, corner)) & 255;
        row[i] = rest;
        sum += rest < 128 ? rest : 256 - rest;
      }
      if (sum >= least) continue;
      least = sum;
      out[start + y] = number;
      out.set(row, start + y + 1);
    }
  }
  return out;
}
