/**
 * Backward: gradients through the tape, from the last node to the first.
 *
 * A node is newer than everything it was made from, so visiting nodes by
 * falling number visits each after all its uses. Gradients between nodes are
 * freed as soon as they are used; each node runs in a scope of its own.
 *
 * @module
 */

import { recorder } from "../gpu/recorder.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import { full } from "../tensor/create.ts";
import { isRowMajor, reachOf } from "../tensor/layout.ts";
import { Scope, unscoped } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { assign } from "../ops/movement/movement.ts";
import { isGradEnabled, withGrad } from "./mode.ts";
import { Autograd, Node } from "./node.ts";
import { refuseStale } from "./stale.ts";

/** Options of backward. */
export interface BackwardOptions {
  /** Keep what ops have saved, for another backward. Default: `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the gradients' own computation, to differentiate it again. */
  readonly createGraph?: boolean;
}

/** What to do with a gradient that has arrived where the graph begins. */
type Arrive = (leaf: Autograd, gradient: Tensor) => void;

/**
 * Adds the gradient of `root` to `grad` of every leaf behind it.
 *
 * @throws {TypeError} If nothing behind it requires a gradient, or it is no
 * scalar and no gradient is given
 */
export function backward(
  root: Tensor,
  gradient?: Tensor,
  options: BackwardOptions = {},
): void {
  const { createGraph = false, retainGraph = createGraph } = checkOptionNames(
    "backward",
    options,
    ["createGraph", "retainGraph"],
  );
  walk(root, gradient, retainGraph, createGraph, deposit);
}

/**
 * The gradients of `root` with respect to `inputs`, without touching any
 * `grad`. An input that `root` does not depend on gets zeros.
 *
 * Source: torch.autograd.grad, with materialize_grads. With `createGraph`, a
 * gradient that depends on nothing can be differentiated, too: its own gradient
 * is 0. torch refuses that for some ops and not for others.
 *
 * @throws {TypeError} As `backward`, or if an input requires no gradient
 */
export function grad(
  root: Tensor,
  inputs: readonly Tensor[],
  options: BackwardOptions & { readonly gradient?: Tensor } = {},
): Tensor[] {
  const {
    createGraph = false,
    retainGraph = createGraph,
    gradient,
  } = checkOptionNames("grad", options, [
    "createGraph",
    "retainGraph",
    "gradient",
  ]);
  const found = new Map<Autograd, Tensor | undefined>();
  for (const input of inputs) {
    if (!input.requiresGrad) {
      throw new TypeError(
        `Cannot take the gradient with respect to ${input.describe()}: ` +
          `it does not require one`,
      );
    }
    found.set(input.autograd, undefined);
  }
  walk(root, gradient, retainGraph, createGraph, (at, dy) => {
    if (!found.has(at)) return;
    const isConstant = createGraph && !dy.requiresGrad;
    const dx = isConstant ? asConstant(dy.detach()) : dy.alias();
    found.set(at, dx.keep()); // all of it, once
  }, found);
  return inputs.map((input) => {
    const dx = found.get(input.autograd);
    if (dx) return dx;
    const zeros = full(input.shape, 0, { dtype: input.dtype });
    return createGraph ? asConstant(zeros) : zeros;
  });
}

/** Made from nothing: there is nothing to free, and backward may pass often. */
class ConstantNode extends Node {
  constructor() {
    super("constant", [], [], () => []);
  }
  override release(): void {}
}

// A gradient that will be differentiated though it depends on nothing, as that of
// a linear op: it stands for the result of an op without inputs.
function asConstant(dx: Tensor): Tensor {
  const place = new Autograd();
  place.requiresGrad = true;
  place.node = new ConstantNode();
  dx.moveTo(place);
  return dx;
}

function walk(
  root: Tensor,
  gradient: Tensor | undefined,
  retainGraph: boolean,
  createGraph: boolean,
  arrive: Arrive,
  wanted?: ReadonlyMap<Autograd, unknown>,
): void {
  const start = check(root, gradient);
  unscoped(() =>
    withGrad(createGraph, () => {
      const seed = gradient?.alias() ??
        full(root.shape, 1, { dtype: root.dtype });
      const arriving = new Map<Autograd, Tensor>([[start, seed]]);
      for (const at of order(start)) {
        const dy = arriving.get(at);
        arriving.delete(at);
        if (!dy) continue;
        step(at, dy, arriving, arrive, wanted);
        dy.dispose();
        if (!retainGraph) at.node?.release();
      }
    })
  );
}

function check(root: Tensor, gradient: Tensor | undefined): Autograd {
  refuseStale("go backward from", root);
  if (!root.requiresGrad) {
    throw new TypeError(
      `Cannot go backward from ${root.describe()}: ` +
        `nothing behind it requires a gradient`,
    );
  }
  if (!gradient && root.size !== 1) {
    throw new TypeError(
      `Cannot go backward from a tensor of shape ${formatShape(root.shape)} ` +
        `without a gradient: only scalars have one by themselves`,
    );
  }
  if (gradient && !sameShape(gradient.shape, root.shape)) {
    throw new TypeError(
      `Cannot go backward from a tensor of shape ${formatShape(root.shape)} ` +
        `with a gradient of shape ${formatShape(gradient.shape)}`,
    );
  }
  return root.autograd;
}

/** Everything behind `start`, each after all that was made from it. */
function order(start: Autograd): Autograd[] {
  const seen = new Set<Autograd>([start]);
  const open = [start];
  for (let at = open.pop(); at; at = open.pop()) {
    for (const input of at.node?.inputs ?? []) {
      if (input && !seen.has(input)) {
        seen.add(input);
        open.push(input);
      }
    }
  }
  const idOf = (at: Autograd): number => at.node?.id ?? -1;
  return [...seen].sort((a, b) => idOf(b) - idOf(a));
}

// Passes the gradient `dy` of one tensor on to what it was made from.
function step(
  at: Autograd,
  dy: Tensor,
  arriving: Map<Autograd, Tensor>,
  arrive: Arrive,
  wanted: ReadonlyMap<Autograd, unknown> | undefined,
): void {
  using _region = new Scope();
  let gradient = dy;
  for (const hook of at.hooks ?? []) gradient = hook(gradient) ?? gradient;
  const { node } = at;
  if (!node || wanted?.has(at)) arrive(at, gradient);
  if (!node) return;
  const { inputs } = node;
  node.run(gradient).forEach((dx, i) => {
    const input = inputs[i];
    if (!dx || !input) return;
    const before = arriving.get(input);
    arriving.set(input, (before ? before.add(dx) : dx.alias()).keep());
    before?.dispose();
  });
}

// A slot to write to. Tensors that the user has of the gradient which was there
// get a copy of it (NOTE [moves] in storage.ts). Not in a function that is
// compiled, whose gradients stay where they are.
function emptiedSlot(leaf: Autograd, slot: Tensor): Tensor {
  if (!leaf.isSlotShown || recorder()) return slot;
  const { storage, layout, dtype, origin, bytesPerElement: bytes } = slot;
  using kept = slot.mul(1);
  const [first, end] = reachOf(layout);
  storage.move(first * bytes, end * bytes, kept.storage, 0);
  leaf.slot = new Tensor(storage, layout, dtype, origin).keep();
  leaf.isSlotShown = false;
  return leaf.slot;
}

// A leaf's gradient: added to the one it has, in its slot if it has a slot. One
// that is to be differentiated again has a graph behind it, so it stays itself.
function deposit(leaf: Autograd, dy: Tensor): void {
  recorder()?.needsGradient(leaf);
  const { grad: before } = leaf;
  if (before && !isGradEnabled() && (before === leaf.slot || !leaf.slot)) {
    before.add_(dy);
  } else if (leaf.slot && !isGradEnabled()) {
    const slot = emptiedSlot(leaf, leaf.slot);
    assign(slot, before ? before.add(dy) : dy);
    leaf.grad = slot;
  } else {
    // other leaves may have got the same gradient, or it may be a view
    const isOurs = dy.storage.handles === 1 && isRowMajor(dy.layout);
    const alone = (): Tensor => isOurs ? dy.alias() : dy.mul(1);
    const dx = before ? before.add(dy) : alone();
    if (isGradEnabled() && !dx.requiresGrad) asConstant(dx);
    leaf.grad = dx.keep();
  }
}
