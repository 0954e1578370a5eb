/**
 * Definitions of ops: `defineOp` turns a shape rule, a kernel and a gradient
 * rule into a function on tensors.
 *
 * NOTE [tensor and ops]: `Tensor` has a method for each op, and ops make
 * tensors, so the class and the ops import each other. Ops only use the class
 * inside functions, never while their module loads.
 *
 * @module
 */

import { isGradEnabled } from "../autograd/mode.ts";
import { type GradContext, Node } from "../autograd/node.ts";
import { refuseStale } from "../autograd/stale.ts";
import { recorder } from "../gpu/recorder.ts";
import { formatValue } from "../tensor/arguments.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { type Layout, rowMajor } from "../tensor/layout.ts";
import { unscoped } from "../tensor/scope.ts";
import type { Shape } from "../tensor/shape.ts";
import { emptyTensor, Tensor } from "../tensor/tensor.ts";
import { asTensors, type Tensors } from "./operands.ts";
import { areLarge, checkParts, type Launch, launch } from "./launch/launch.ts";

/** The shape and type of a result. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Rules of an op; `P` is the type of its arguments besides tensors. Scratch
 * tensors of the kernel are freed once its dispatches are recorded.
 */
export interface OpRules<P> extends Launch<P> {
  /** Returns shape and type of each result; throws if the inputs do not fit. */
  shape(inputs: Tensors, params: P): Spec | readonly Spec[];
  /** Returns tensors for the gradient rule, kept alive until backward ends. */
  save?(
    inputs: Tensors,
    outputs: Tensors,
    needs: readonly boolean[],
    params: P,
  ): readonly (Tensor | undefined)[];
  /**
   * Returns the inputs' gradients from that of the first output. The other
   * outputs are not differentiable.
   */
  grad?(dy: Tensor, context: GradContext<P>): readonly (Tensor | undefined)[];
}

/** An op: tensors and other arguments in, all its results out. */
export type Op<P> = (inputs: readonly Tensor[], params: P) => Tensors;

/** Returns an op whose kernels fill new tensors. */
export function defineOp<P = void>(rules: OpRules<P>): Op<P> {
  return (operands, params) => {
    recorder()?.uses(operands);
    const inputs = asTensors(operands);
    const results = rules.shape(inputs, params);
    const specs: readonly Spec[] = Array.isArray(results) ? results : [results];
    if (areLarge(inputs, specs)) {
      const extents = specs.map(({ shape, dtype }) => ({
        layout: rowMajor(shape),
        dtype,
      }));
      checkParts(rules, inputs, extents, params);
    }
    const outputs = asTensors(
      specs.map(({ shape, dtype }) => emptyTensor(shape, dtype, rules.name)),
    );
    launch(rules, inputs, outputs, params);
    record(rules, inputs, outputs, params);
    return outputs;
  };
}

/** Rules of a view: another layout of its input's elements. */
export interface ViewRules<P> {
  readonly name: string;
  /** Returns the new layout; throws if none exists. */
  layout(input: Tensor, params: P): Layout;
  /** Returns the input's gradient from that of the view. */
  grad(dy: Tensor, context: GradContext<P>): Tensor;
}

/** Returns an op whose result shares its input's elements. */
export function defineView<P>(
  rules: ViewRules<P>,
): (input: Tensor, params: P) => Tensor {
  return (input, params) => {
    recorder()?.uses([input]);
    const layout = rules.layout(input, params);
    // A view made inside noGrad does not lead into its tensor's graph.
    const root = isGradEnabled() ? input.root : undefined;
    const { storage, dtype } = input;
    const view = new Tensor(storage, layout, dtype, rules.name, root);
    record(
      { name: rules.name, grad: (dy, context) => [rules.grad(dy, context)] },
      asTensors([input]),
      asTensors([view]),
      params,
    );
    return view;
  };
}

/** Returns an uninitialized row-major tensor for a kernel's intermediates. */
export function scratch(shape: Shape, dtype: DType = "float32"): Tensor {
  return emptyTensor(shape, dtype, "scratch");
}

function record<P>(
  rules: Pick<OpRules<P>, "name" | "save" | "grad">,
  inputs: Tensors,
  outputs: Tensors,
  params: P,
): void {
  const [first] = outputs;
  const { grad } = rules;
  if (!isGradEnabled() || !grad || !isFloat(first.dtype)) return;
  for (const input of inputs) refuseStale(rules.name, input);
  const needs = inputs.map((input) => input.requiresGrad);
  if (!needs.includes(true)) return;
  const saved = (rules.save?.(inputs, outputs, needs, params) ?? []).map((
    tensor,
  ) => tensor && unscoped(() => tensor.alias().stay()));
  const context: GradContext<P> = {
    saved: asTensors(saved),
    shapes: inputs.map((input) => input.shape),
    params,
    needs,
  };
  first.autograd.requiresGrad = true;
  first.autograd.node = new Node(
    rules.name,
    inputs.map((input, i) => needs[i] ? input.autograd : undefined),
    saved,
    (dy) => grad(dy, context),
  );
}

/**
 * Checks that an operand is a tensor.
 *
 * @throws {TypeError} If `operand` is not a tensor
 */
export function checkTensor(op: string, operand: unknown): void {
  if (!(operand instanceof Tensor)) {
    throw new TypeError(
      `Cannot ${op} ${formatValue(operand)}: expected a tensor`,
    );
  }
}
