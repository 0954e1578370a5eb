/**
 * Parameters and buffers: the tensors that a module owns.
 *
 * Both are subclasses of `Tensor` that `Module` finds among its properties.
 * Scopes do not free them.
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
  /** Whether to train the parameter. Default: true. */
  readonly requiresGrad?: boolean;
}

/**
 * A tensor that a module trains. As a property of a module, it is one of the
 * module's `parameters()`. It shares memory with the tensor that it is made
 * from.
 *
 * An optimizer moves the elements into a flat buffer. Views of the parameter
 * (by `transpose`, `detach`, …) move with it.
 *
 * Source: torch.nn.Parameter.
 *
 * @example A module with a parameter
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
   * Makes a parameter that shares the memory of `values`.
   *
   * @throws {TypeError} If `values` are not floats, unless `requiresGrad` is
   * false
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
  /** Whether the state dict has the buffer. Default: true. */
  readonly persistent?: boolean;
}

/**
 * A tensor of a module's state that is not trained, such as a running mean.
 *
 * Source: torch.nn.Buffer.
 */
export class Buffer extends Tensor {
  /** Whether the state dict has the buffer. */
  readonly persistent: boolean;

  /** Makes a buffer that shares the memory of `values`. */
  constructor(values: Tensor, options: BufferOptions = {}) {
    const { persistent = true } = checkOptionNames("Buffer", options, [
      "persistent",
    ]);
    super(values.storage, values.layout, values.dtype, "Buffer");
    this.keep();
    this.persistent = persistent;
  }
}

/** Whether a value is a `Parameter`. */
export function isParameter(value: unknown): value is Parameter {
  return value instanceof Parameter;
}

/** Whether a value is a `Buffer`. */
export function isBuffer(value: unknown): value is Buffer {
  return value instanceof Buffer;
}

/** Returns a copy of a parameter or buffer in another float type. */
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

/** Returns an uninitialized parameter. */
export function emptyParameter(
  shape: Shape,
  dtype: DType = "float32",
): Parameter {
  return unscoped(() => {
    using values = emptyTensor(shape, dtype, "Parameter");
    return new Parameter(values);
  });
}
