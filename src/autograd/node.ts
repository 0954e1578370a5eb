/**
 * The tape: the ops that made a tensor, and the tensors that gradients need.
 *
 * A tensor has an `Autograd`, which its aliases share. The autograd of a
 * computed tensor points to the `Node` of its op; a node points to the
 * autograds of its inputs. Nothing here computes: backward.ts walks the tape.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";

/** Input of a gradient rule. */
export interface GradContext<P> {
  /** The tensors that `save` returned, in order. */
  readonly saved: readonly [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
  /** Shape of each input. */
  readonly shapes: readonly (readonly number[])[];
  /** The op's other arguments. */
  readonly params: P;
  /** Whether each input needs a gradient; the others may get undefined. */
  readonly needs: readonly boolean[];
}

/** Computes the gradients of the inputs from that of the output. */
export type GradRule = (dy: Tensor) => readonly (Tensor | undefined)[];

/** A tensor's position in the autograd graph. */
export class Autograd {
  /** Whether the tensor requires a gradient. */
  requiresGrad = false;
  /** The node of the op that made the tensor; a leaf has none. */
  node: Node | undefined;
  /** The gradient that backward has added up at a leaf. */
  grad: Tensor | undefined;
  /** The gradient's view in an optimizer's flat buffer, if any. */
  slot: Tensor | undefined;
  /** Whether a user has got the slot as `grad`, and may still hold it. */
  isSlotShown = false;
  /** Functions that get each gradient, and may return another one. */
  hooks: Set<(gradient: Tensor) => Tensor | void> | undefined;
}

let made = 0;

/** One application of an op; backward releases it. */
export class Node {
  /** Number in order of creation, by which backward sorts. */
  readonly id: number = made++;
  readonly name: string;
  #inputs: readonly (Autograd | undefined)[];
  #rule: GradRule | undefined;
  #saved: readonly (Tensor | undefined)[];
  readonly #versions: readonly (number | undefined)[];

  constructor(
    name: string,
    inputs: readonly (Autograd | undefined)[],
    saved: readonly (Tensor | undefined)[],
    rule: GradRule,
  ) {
    this.name = name;
    this.#inputs = inputs;
    this.#saved = saved;
    this.#versions = saved.map((tensor) => tensor?.storage.version);
    this.#rule = rule;
  }

  /** The autograd of each input; undefined if it needs no gradient. */
  get inputs(): readonly (Autograd | undefined)[] {
    return this.#inputs;
  }

  /**
   * Computes the gradients of the inputs.
   *
   * @throws {Error} If an earlier backward freed the saved tensors, or a saved
   * tensor was changed in place
   */
  run(dy: Tensor): readonly (Tensor | undefined)[] {
    if (!this.#rule) {
      throw new Error(
        `Cannot go backward through "${this.name}" a second time: its saved ` +
          `values were freed; pass { retainGraph: true } to the first backward`,
      );
    }
    this.#saved.forEach((tensor, i) => {
      if (tensor && tensor.storage.version !== this.#versions[i]) {
        throw new Error(
          `Cannot go backward through "${this.name}": a value it saved ` +
            `(${tensor.describe()}) was changed in place afterwards`,
        );
      }
    });
    return this.#rule(dy);
  }

  /** Frees the saved tensors and the references to other nodes. */
  release(): void {
    for (const tensor of this.#saved) tensor?.dispose();
    this.#saved = [];
    this.#inputs = [];
    this.#rule = undefined;
  }
}
