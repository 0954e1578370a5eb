/**
 * Methods of tensors that no row of the table makes, and torch.autograd.grad.
 *
 * @module
 */

import { grad } from "../../../src/autograd/backward.ts";
import type { Operand } from "../../../src/ops/map.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { truth } from "./operators.ts";
import {
  type Given,
  itemsOf,
  numberOf,
  operandOf,
  tensorOf,
  type Value,
} from "./values.ts";

/** Methods of tensors that no row makes. */
export const METHODS: Readonly<
  Record<string, (tensor: Tensor, given: Given) => Value>
> = {
  backward(tensor, { positional, named }) {
    const [gradient = named.get("gradient")] = positional;
    tensor.backward(
      gradient === undefined ? undefined : tensorOf(gradient, "gradient"),
      {
        retainGraph: truth(named.get("retain_graph")),
        createGraph: truth(named.get("create_graph")),
      },
    );
    return undefined;
  },
  detach: (tensor) => tensor.detach(),
  dim: (tensor) => tensor.ndim,
  numel: (tensor) => tensor.size,
  ["requires_grad_"]: (tensor, { positional: [on = true] }) =>
    tensor.requiresGrad_(truth(on)),
  size(tensor, { positional: [dim] }) {
    if (dim === undefined) return [...tensor.shape];
    return tensor.shape.at(numberOf(dim, "size"));
  },
};

/** torch.autograd.grad. Graphs are kept: the runner goes backward once more. */
export function gradientsOf({ positional, named }: Given): readonly Tensor[] {
  const [root = named.get("outputs"), of = named.get("inputs"), third] =
    positional;
  const cotangent = third ?? named.get("grad_outputs");
  return grad(
    tensorOf(root, "grad"),
    (of instanceof Tensor ? [of] : itemsOf(of))
      .map((each) => tensorOf(each, "grad")),
    {
      createGraph: true,
      ...(cotangent === undefined
        ? {}
        : { gradient: tensorOf(cotangent, "grad_outputs") }),
    },
  );
}
