/**
 * Backward: gradients through the tape, from the last node to the first.
 *
 * A node has a larger number than its inputs. In falling order of numbers, each
 * node is visited after all its uses. Gradients between nodes are freed after
 * their use, as each node runs in a scope of its own.
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
  /**
   * Whether to keep saved tensors for another backward. Default: `createGraph`.
   */
  readonly retainGraph?: boolean;
  /**
   * Whether to record the gradients' graph for second derivatives. Default:
   * false.
   */
  readonly createGraph?: boolean;
}

/** Receives the gradient of a leaf, or of an input of `grad`. */
type Arrive = (leaf: Autograd, gradient: Tensor) => void;

/**
 * Adds the gradient of `root` to `grad` of every leaf of its graph.
 *
 * @throws {TypeError} If `root` does not require a gradient, or is not a scalar
 * and `gradient` is missing
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
 * Returns the gradients of `root` with respect to `inputs`, and changes no
 * `grad`. If `root` does not depend on an input, its gradient is zeros.
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
    found.set(at, dx.keep()); // the whole gradient, once
  }, found);
  return inputs.map((input) => {
    const dx = found.get(input.autograd);
    if (dx) return dx;
    const zeros = full(input.shape, 0, { dtype: input.dtype });
    return createGraph ? asConstant(zeros) : zeros;
  });
}

/** A node without inputs. Backward may pass it often, as it saves nothing. */
class ConstantNode extends Node {
  constructor() {
    super("constant", [], [], () => []);
  }
  override release(): void {}
}

// Makes a constant gradient, such as that of a linear op, differentiable: it
// becomes the result of an op without inputs.
function asConstant(dx: Tensor): Tensor {
  const autograd = new Autograd();
  autograd.requiresGrad = true;
  autograd.node = new ConstantNode();
  dx.moveTo(autograd);
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
  refuseStale("differentiate", root);
  if (!root.requiresGrad) {
    throw new TypeError(
      `Cannot differentiate ${root.describe()}: it does not depend on a ` +
        `tensor that requires a gradient`,
    );
  }
  if (!gradient && root.size !== 1) {
    throw new TypeError(
      `Cannot differentiate a tensor of shape ${formatShape(root.shape)} ` +
        `without a gradient: pass one of this shape, or reduce to a scalar`,
    );
  }
  if (gradient && !sameShape(gradient.shape, root.shape)) {
    throw new TypeError(
      `Cannot differentiate a tensor of shape ${formatShape(root.shape)} ` +
        `with a gradient of shape ${formatShape(gradient.shape)}: expected ` +
        `equal shapes`,
    );
  }
  return root.autograd;
}

/**
 * Returns the graph of `start` in the order in which gradients are complete.
 */
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

// Passes the gradient `dy` of one tensor to the inputs of its node.
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

// Returns a free slot. If the user may still hold the old gradient, its values
// are first copied elsewhere (NOTE [moves] in storage.ts). A compiled function
// keeps its gradients in place.
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

// Adds a gradient to a leaf, in its slot if it has one. A gradient with a graph
// of its own is not copied to the slot.
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
    // other leaves may share the gradient, or it may be a view
    const isOurs = dy.storage.handles === 1 && isRowMajor(dy.layout);
    const alone = (): Tensor => isOurs ? dy.alias() : dy.mul(1);
    const dx = before ? before.add(dy) : alone();
    if (isGradEnabled() && !dx.requiresGrad) asConstant(dx);
    leaf.grad = dx.keep();
  }
}
