/**
 * The tape: what was done to get a tensor, and what its gradient needs.
 *
 * A tensor has an `Autograd`, which its aliases share. A computed one points to
 * the `Node` of the op that made it; a node points to the autograds of its
 * inputs. Nothing here computes: backward.ts walks the tape.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";

/** What a gradient rule may look at. */
export interface GradContext<P> {
  /** What `save` returned, in its order. */
  readonly saved: readonly [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
  /** Shape of each input. */
  readonly shapes: readonly (readonly number[])[];
  /** The op's other arguments. */
  readonly params: P;
  /** Which inputs want a gradient; the others may get `undefined`. */
  readonly needs: readonly boolean[];
}

/** From the gradient of an output, those of the inputs. */
export type GradRule = (dy: Tensor) => readonly (Tensor | undefined)[];

/** Where a tensor stands in the graph of computations. */
export class Autograd {
  /** Whether gradients flow to this tensor. */
  requiresGrad = false;
  /** The op that made the tensor; a leaf has none. */
  node: Node | undefined;
  /** The gradient that backward has left at a leaf. */
  grad: Tensor | undefined;
  /** Where an optimizer wants the gradient to lie, if one does. */
  slot: Tensor | undefined;
  /** Whether a user was given the slot as `grad`, and may have kept it. */
  isSlotShown = false;
  /** Called with each gradient that arrives; may answer with another. */
  hooks: Set<(gradient: Tensor) => Tensor | void> | undefined;
}

let made = 0;

/** One application of an op, until backward has passed it. */
export class Node {
  /** Later nodes have larger numbers, which gives backward its order. */
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

  /** The autograd of each input, `undefined` where no gradient flows. */
  get inputs(): readonly (Autograd | undefined)[] {
    return this.#inputs;
  }

  /**
   * The gradients of the inputs.
   *
   * @throws {Error} If a backward has passed and freed what was saved, or a
   * saved value has been written to since
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
            `(${tensor.describe()}) was changed in place since`,
        );
      }
    });
    return this.#rule(dy);
  }

  /** Frees what was saved and lets go of the nodes before. */
  release(): void {
    for (const tensor of this.#saved) tensor?.dispose();
    this.#saved = [];
    this.#inputs = [];
    this.#rule = undefined;
  }
}
