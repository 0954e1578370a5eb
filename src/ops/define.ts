/**
 * How ops are made: a shape rule, a kernel and a gradient rule become a
 * function on tensors that checks, allocates, records and returns.
 *
 * NOTE [tensor and ops]: `Tensor` has a method for each op, and ops make
 * tensors, so the class and the ops import each other. Ops only use the class
 * inside functions, never while their module loads.
 *
 * @module
 */

import { isGradEnabled, withGrad } from "../autograd/mode.ts";
import { type GradContext, Node } from "../autograd/node.ts";
import type { Plan } from "../gpu/plan.ts";
import { refuseStale } from "../autograd/stale.ts";
import { recorder } from "../gpu/recorder.ts";
import { dispatch } from "../gpu/stream.ts";
import { formatValue } from "../tensor/arguments.ts";
import type { DType } from "../tensor/dtype.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { Layout } from "../tensor/layout.ts";
import { Scope, unscoped } from "../tensor/scope.ts";
import type { Shape } from "../tensor/shape.ts";
import { emptyTensor, Tensor } from "../tensor/tensor.ts";

/** The shape and type of a result. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * Operands or results: as many as the op has. Typed as at least four, so that
 * rules can name them; a rule names only those that its op has.
 */
export type Tensors = readonly [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];

/** What an op is. `P` are its arguments that are not tensors. */
export interface OpRules<P> {
  readonly name: string;
  /** The results for these inputs; throws where they do not fit. */
  shape(inputs: Tensors, params: P): Spec | readonly Spec[];
  /**
   * The dispatches that fill the outputs, in order. Scratch tensors made here
   * are freed when they are recorded.
   */
  kernel(inputs: Tensors, outputs: Tensors, params: P): Plan | readonly Plan[];
  /** What the gradient rule will need; kept alive until backward has passed. */
  save?(
    inputs: Tensors,
    outputs: Tensors,
    needs: readonly boolean[],
    params: P,
  ): readonly (Tensor | undefined)[];
  /**
   * Gradients of the inputs from that of the first output; the other outputs
   * are not differentiable.
   */
  grad?(dy: Tensor, context: GradContext<P>): readonly (Tensor | undefined)[];
}

/** An op: tensors and other arguments in, all its results out. */
export type Op<P> = (inputs: readonly Tensor[], params: P) => Tensors;

/** Makes an op that fills new tensors by kernels. */
export function defineOp<P = void>(rules: OpRules<P>): Op<P> {
  return (given, params) => {
    recorder()?.uses(given);
    const inputs = asTensors(given);
    const specs = rules.shape(inputs, params);
    const outputs = asTensors(
      (Array.isArray(specs) ? specs : [specs]).map((spec: Spec) =>
        emptyTensor(spec.shape, spec.dtype, rules.name)
      ),
    );
    run(() => rules.kernel(inputs, outputs, params));
    record(rules, inputs, outputs, params);
    return outputs;
  };
}

/** What a view is: another layout of its input's elements. */
export interface ViewRules<P> {
  readonly name: string;
  /** The new layout; throws where there is none. */
  layout(input: Tensor, params: P): Layout;
  /** The gradient of the input from that of the view. */
  grad(dy: Tensor, context: GradContext<P>): Tensor;
}

/** Makes an op that looks at the same elements in another way. */
export function defineView<P>(
  rules: ViewRules<P>,
): (input: Tensor, params: P) => Tensor {
  return (input, params) => {
    recorder()?.uses([input]);
    const layout = rules.layout(input, params);
    // A view made inside noGrad is no way into the graph of its tensor.
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

/** Dispatches what `plans` returns, and frees the scratch it made. */
export function run(plans: () => Plan | readonly Plan[]): void {
  using _scratch = new Scope();
  const made = withGrad(false, plans);
  if (Array.isArray(made)) made.forEach(dispatch);
  else dispatch(made as Plan); // isArray does not narrow readonly arrays
}

/** A row-major tensor with anything in it, for a kernel's use between plans. */
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
  ) => tensor && unscoped(() => tensor.alias()));
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
 * Checks that an operand is a tensor, before anything is asked of it.
 *
 * @throws {TypeError} If it is none
 */
export function checkTensor(op: string, operand: unknown): void {
  if (!(operand instanceof Tensor)) {
    throw new TypeError(
      `Cannot ${op} ${formatValue(operand)}: expected a tensor`,
    );
  }
}

// The one place where the number of tensors is taken on trust: see `Tensors`.
function asTensors(tensors: readonly (Tensor | undefined)[]): Tensors {
  return tensors as unknown as Tensors;
}
