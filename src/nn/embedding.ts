/**
 * Embedding: a learned vector for each index.
 *
 * @module
 */

import { noGrad } from "../autograd/mode.ts";
import { embedding, paddingRow } from "../ops/index/embedding.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkSizes } from "./_shared.ts";
import { normal_ } from "./init.ts";
import { Module } from "./module.ts";
import { emptyParameter, type Parameter } from "./parameter.ts";

/** Options of `Embedding`. */
export interface EmbeddingLayerOptions {
  /**
   * Index of a zero row without training; negative indices count from the end.
   */
  readonly paddingIdx?: number;
}

/**
 * A table of `numEmbeddings` learned vectors, looked up by index.
 *
 * Shapes: input […] of integers to output [..., embeddingDim]. Parameter:
 * `weight` [numEmbeddings, embeddingDim], drawn from N(0, 1).
 *
 * Source: torch.nn.Embedding.
 *
 * @example Vectors of size 4 for 10 symbols
 * ```ts
 * import { nn, tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Embedding(10, 4);
 * const words = tensor([[1, 2, 3]], { dtype: "int32" });
 * assertEquals(layer.call(words).shape, [1, 3, 4]);
 * ```
 */
export class Embedding extends Module {
  /** Number of rows. */
  readonly numEmbeddings: number;
  /** Size of a vector. */
  readonly embeddingDim: number;
  /** Index of the row without training, counted from 0. */
  readonly paddingIdx: number | undefined;
  /** [numEmbeddings, embeddingDim]. */
  weight: Parameter;

  /**
   * Initializes the parameters.
   *
   * @throws {RangeError} If a size is not a positive integer, or `paddingIdx`
   * is out of range
   */
  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    options: EmbeddingLayerOptions = {},
  ) {
    super();
    const { paddingIdx } = checkOptionNames("Embedding", options, [
      "paddingIdx",
    ]);
    checkSizes("Embedding", 1, { numEmbeddings, embeddingDim });
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx === undefined
      ? undefined
      : paddingRow(paddingIdx, numEmbeddings);
    this.weight = emptyParameter([numEmbeddings, embeddingDim]);
    this.resetParameters();
  }

  /** Initializes the parameters anew. */
  resetParameters(): void {
    const { weight, paddingIdx } = this;
    normal_(weight);
    if (paddingIdx === undefined) return;
    noGrad(() => weight.select(0, paddingIdx).zero_());
  }

  override forward(input: Tensor): Tensor {
    const { paddingIdx } = this;
    return embedding(input, this.weight, { paddingIdx });
  }

  protected override describe(): string {
    const padding = this.paddingIdx === undefined
      ? ""
      : `, paddingIdx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}
