/**
 * Methods of tensors that no row of the table makes, and torch.autograd.grad.
 *
 * @module
 */

import { grad } from "../../../src/autograd/backward.ts";
import type { Operand } from "../../../src/ops/map/map.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { Unsupported } from "../outcome.ts";
import { truth } from "./operators.ts";
import {
  type Given,
  itemsOf,
  numberOf,
  operandOf,
  tensorOf,
  type Value,
} from "./values.ts";

/** Arguments by the names of their parameters. */
type Bound = Readonly<Record<string, Value>>;

/** A method, with its parameters in order. */
interface Method {
  readonly parameters: readonly string[];
  call(tensor: Tensor, given: Bound): Value;
}

/**
 * Arguments by the names of parameters.
 *
 * @throws {Unsupported} If there is one that has no parameter
 */
export function bindTo(
  name: string,
  parameters: readonly string[],
  { positional, named }: Given,
): Bound {
  if (positional.length > parameters.length) {
    throw new Unsupported(`${name} of ${positional.length} arguments`);
  }
  const bound: Record<string, Value> = {};
  positional.forEach((value, i) => bound[parameters[i]!] = value);
  for (const [each, value] of named) {
    if (!parameters.includes(each) || each in bound) {
      throw new Unsupported(`${name} with ${each}`);
    }
    bound[each] = value;
  }
  return bound;
}

interface Scaled {
  readonly alpha?: number;
}

/** A method that writes `other`, perhaps scaled, into the tensor. */
function scaled(
  call: (tensor: Tensor, other: Operand, options: Scaled) => Tensor,
): Method {
  return {
    parameters: ["other", "alpha"],
    call: (tensor, { other, alpha = 1 }) =>
      call(tensor, operandOf(other, "a method"), {
        alpha: numberOf(alpha, "a method"),
      }),
  };
}

/** A method that writes one operand into the tensor. */
function written(
  parameter: string,
  call: (tensor: Tensor, other: Operand) => Tensor,
): Method {
  return {
    parameters: [parameter],
    call: (tensor, given) =>
      call(tensor, operandOf(given[parameter], "a method")),
  };
}

/** A method without arguments. */
function bare(call: (tensor: Tensor) => Value): Method {
  return { parameters: [], call };
}

function bound(value: Value): Operand | undefined {
  return value === undefined ? undefined : operandOf(value, "a bound");
}

/**
 * Methods of tensors that programs do not get from the table. Rows that write
 * may write into a copy, which a program would not notice.
 */
export const METHODS: Readonly<Record<string, Method>> = {
  ["add_"]: scaled((x, other, options) => x.add_(other, options)),
  backward: {
    parameters: ["gradient", "retain_graph", "create_graph"],
    call(tensor, { gradient, ...given }) {
      tensor.backward(
        gradient === undefined ? undefined : tensorOf(gradient, "gradient"),
        {
          retainGraph: truth(given["retain_graph"]),
          createGraph: truth(given["create_graph"]),
        },
      );
      return undefined;
    },
  },
  ["clamp_"]: {
    parameters: ["min", "max"],
    call: (x, { min, max }) => x.clamp_(bound(min), bound(max)),
  },
  ["copy_"]: {
    parameters: ["src"],
    call: (x, { src }) => x.copy_(tensorOf(src, "copy_")),
  },
  detach: bare((x) => x.detach()),
  dim: bare((x) => x.ndim),
  ["div_"]: written("other", (x, other) => x.div_(other)),
  ["fill_"]: {
    parameters: ["value"],
    call: (x, { value }) => x.fill_(numberOf(value, "fill_")),
  },
  ["mul_"]: written("other", (x, other) => x.mul_(other)),
  numel: bare((x) => x.size),
  ["requires_grad_"]: {
    parameters: ["requires_grad"],
    call: (x, { ["requires_grad"]: on = true }) => x.requiresGrad_(truth(on)),
  },
  size: {
    parameters: ["dim"],
    call: (x, { dim }) =>
      dim === undefined ? [...x.shape] : x.shape.at(numberOf(dim, "size")),
  },
  ["sub_"]: scaled((x, other, options) => x.sub_(other, options)),
  ["zero_"]: bare((x) => x.zero_()),
};

/** torch.autograd.grad. Graphs are kept: the runner goes backward once more. */
export function gradientsOf(given: Given): readonly Tensor[] {
  const bound = bindTo("grad", [
    "outputs",
    "inputs",
    "grad_outputs",
    "retain_graph",
    "create_graph",
  ], given);
  const { outputs, inputs, ["grad_outputs"]: cotangent } = bound;
  return grad(
    tensorOf(outputs, "grad"),
    (inputs instanceof Tensor ? [inputs] : itemsOf(inputs))
      .map((each) => tensorOf(each, "grad")),
    {
      createGraph: true,
      ...(cotangent === undefined
        ? {}
        : { gradient: tensorOf(cotangent, "grad_outputs") }),
    },
  );
}
