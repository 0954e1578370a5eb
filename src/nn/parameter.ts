/**
 * Parameters and buffers: the tensors that a module owns.
 *
 * Both are tensors with a mark, found by `Module` among its own properties.
 * They live outside of every scope, until they are disposed or forgotten.
 *
 * @module
 */

import { withGrad } from "../autograd/mode.ts";
import { checkOptionNames } from "../tensor/arguments.ts";
import { unscoped } from "../tensor/scope.ts";
import type { Shape } from "../tensor/shape.ts";
import type { DType } from "../tensor/dtype.ts";
import { emptyTensor, Tensor } from "../tensor/tensor.ts";

/** Options of a parameter. */
export interface ParameterOptions {
  /** Whether it is trained. Default: true. */
  readonly requiresGrad?: boolean;
}

/**
 * A tensor that a module trains: assigned to a module's property, it is among
 * the module's `parameters()`. It shares the elements of the tensor it is made
 * from.
 *
 * An optimizer moves it into a flat buffer, so views taken before (by
 * `transpose`, `detach`, …) keep looking at the old elements.
 *
 * Source: torch.nn.Parameter.
 *
 * @example A module with a parameter of its own
 * ```ts
 * import { nn, ones, type Tensor } from "@kindling/kindling";
 * import { assertEquals } from "@std/assert";
 *
 * class Scale extends nn.Module {
 *   factor: nn.Parameter = new nn.Parameter(ones([3]));
 *   forward(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 * }
 * assertEquals([...new Scale().stateDict().keys()], ["factor"]);
 * ```
 */
export class Parameter extends Tensor {
  /**
   * Takes over the elements of `values`, without a copy.
   *
   * @throws {TypeError} If `values` are no floats and it requires a gradient
   */
  constructor(
    values: Tensor,
    options: ParameterOptions = {},
  ) {
    const { requiresGrad = true } = checkOptionNames("Parameter", options, [
      "requiresGrad",
    ]);
    super(values.storage, values.layout, values.dtype, "Parameter");
    this.keep();
    if (requiresGrad) this.requiresGrad_();
  }
}

/** Options of a buffer. */
export interface BufferOptions {
  /** Whether it belongs to the state dict. Default: true. */
  readonly persistent?: boolean;
}

/**
 * A tensor that belongs to a module's state but is not trained, like a running
 * mean.
 *
 * Source: torch.nn.Buffer.
 */
export class Buffer extends Tensor {
  /** Whether it belongs to the state dict. */
  readonly persistent: boolean;

  /** Takes over the elements of `values`, without a copy. */
  constructor(values: Tensor, options: BufferOptions = {}) {
    const { persistent = true } = checkOptionNames("Buffer", options, [
      "persistent",
    ]);
    super(values.storage, values.layout, values.dtype, "Buffer");
    this.keep();
    this.persistent = persistent;
  }
}

/** Whether a value is a tensor that modules train. */
export function isParameter(value: unknown): value is Parameter {
  return value instanceof Parameter;
}

/** Whether a value is a tensor that modules save, but do not train. */
export function isBuffer(value: unknown): value is Buffer {
  return value instanceof Buffer;
}

/** A parameter or buffer like `member`, in another float type. */
export function castMember(
  member: Parameter | Buffer,
  dtype: DType,
): Parameter | Buffer {
  return unscoped(() => {
    using values = withGrad(false, () => member.to(dtype));
    return member instanceof Buffer
      ? new Buffer(values, { persistent: member.persistent })
      : new Parameter(values, { requiresGrad: member.requiresGrad });
  });
}

/** A parameter with anything in it, for a layer to initialize. */
export function emptyParameter(
  shape: Shape,
  dtype: DType = "float32",
): Parameter {
  return unscoped(() => {
    using values = emptyTensor(shape, dtype, "Parameter");
    return new Parameter(values);
  });
}
