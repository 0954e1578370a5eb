/**
 * Buffers of convolutions, and the copies that their kernels for CPU adapters
 * read: filters in blocks of channels, and images with rows cut into runs.
 * Offsets count elements.
 *
 * @module
 */

import { loop, passesOf } from "../../gpu/loops.ts";
import { pack } from "../../gpu/params.ts";
import {
  type Bindable,
  foldGroups,
  type Plan,
  type Scratch,
} from "../../gpu/plan.ts";
import type { Facing, Pair } from "./gather.ts";
import { putHook } from "../kernel_hooks.ts";

import packSource from "../../../shaders/conv/pack_weights.wgsl" with {
  type: "text",
};
import tileSource from "../../../shaders/conv/tile_input.wgsl" with {
  type: "text",
};

/** Buffers of a gather, and the offsets of the tensors in them. */
export interface GatherBuffers {
  readonly x: Bindable;
  readonly xOffset: number;
  readonly w: Bindable;
  readonly wOffset: number;
  readonly bias?: Bindable;
  readonly biasOffset?: number;
  readonly y: Bindable;
}

/** Buffers of a gradient to weights. */
export interface WeightBuffers {
  readonly x: Bindable;
  readonly xOffset: number;
  readonly dy: Bindable;
  readonly dyOffset: number;
  readonly dw: Bindable;
}

/**
 * Returns the WGSL and hooks that write the output of a gather, the last of four
 * buffers.
 */
export function putOutput(
  { x, w, y }: GatherBuffers,
  takesMaps = true,
): ReturnType<typeof putHook> {
  return putHook([x, w, w, y], 1, "images", takesMaps);
}

/** Most elements of a tiled copy. Larger batches are copied in parts. */
export const COPY_LIMIT = 2 ** 24;
const BLOCK = 8; // output channels of an invocation
/** Most vec4 of a row that one invocation copies. */
const PIECE = 2 ** 12;

/** Plans the packed filters of a gather: see conv_pack_weights. */
export function planWeights(
  gather: Facing,
  w: Bindable,
  wOffset: number,
  scratch: Scratch,
): { readonly plan: Plan; readonly y: Bindable; readonly blocks: number } {
  const { groups, channels, outputs, kernel, weights, flip } = gather;
  const taps = kernel[0] * kernel[1];
  const blocks = Math.ceil(outputs / BLOCK);
  const y = scratch(groups * blocks * channels * taps * BLOCK);
  const plan: Plan = {
    name: "conv_pack_weights",
    source: packSource,
    buffers: [w, y],
    params: pack(packSource, {
      outputs,
      inputs: channels,
      taps,
      blocks,
      flip: flip ? 1 : 0,
      wOffset,
      wGroup: weights.group,
      wOutput: weights.output,
      wInput: weights.input,
    }),
    groups: [Math.ceil(channels / 8), groups * blocks, 1],
    loops: passesOf(loop(taps)),
  };
  return { plan, y, blocks };
}

/** Copy of images with rows whole or cut into runs: see conv_tile_input. */
export interface Tile {
  readonly channels: number;
  readonly input: Pair;
  readonly rows: number;
  readonly segments: number;
  readonly vecs: number;
  readonly run: number;
  readonly last: number;
  readonly padding: Pair;
}

/** Returns the elements of one image's copy. */
export function tileSize(tile: Tile): number {
  return tile.channels * tile.rows * tile.segments * tile.vecs * 4;
}

/** Returns how many images one copy may hold. */
export function imagesPerCopy(images: number, size: number): number {
  return Math.min(images, Math.max(1, Math.floor(COPY_LIMIT / size)));
}

/** Plans the copy of `count` images from image `first` on. */
export function planTile(
  tile: Tile,
  x: Bindable,
  xOffset: number,
  first: number,
  count: number,
  y: Bindable,
): Plan {
  const { channels, input, rows, padding } = tile;
  const pieces = tile.segments === 1 ? Math.ceil(tile.vecs / PIECE) : 1;
  const { segments, vecs, run, last } = pieces === 1 ? tile : {
    segments: pieces,
    vecs: PIECE,
    run: 4 * PIECE,
    last: 4 * PIECE * pieces,
  };
  const units = count * channels * rows * segments;
  return {
    name: "conv_tile_input",
    source: tileSource,
    buffers: [x, y],
    params: pack(tileSource, {
      height: input[0],
      width: input[1],
      rows,
      segments,
      vecs,
      unit: run,
      last,
      padH: padding[0],
      padW: padding[1],
      units,
      xOffset: xOffset + first * channels * input[0] * input[1],
      rowVecs: tile.segments * tile.vecs,
    }),
    groups: foldGroups(Math.ceil(units / 64)),
    loops: passesOf(loop(vecs)),
  };
}
