/**
 * The loader's last step, on the main thread: host batches become tensors.
 *
 * Tensors of batches belong to no scope: they live as long as somebody holds
 * them.
 *
 * @module
 */

import { fromHost } from "../tensor/create.ts";
import { HostArray } from "../tensor/host_array.ts";
import { scope, unscoped } from "../tensor/scope.ts";
import { Tensor } from "../tensor/tensor.ts";
import { isPlainObject, isTypedArray, nameOfType } from "./_shared.ts";
import { type Callable, invoke } from "./batch.ts";

/** A batch with tensors in place of its arrays; what else it holds stays. */
export function uploadBatch(batch: unknown): unknown {
  return unscoped(() => upload(batch));
}

function upload(value: unknown): unknown {
  if (value instanceof HostArray) return fromHost(value);
  if (isTypedArray(value)) return fromHost(new HostArray(value));
  if (Array.isArray(value)) {
    return value.every((item) => typeof item === "string")
      ? value
      : value.map(upload);
  }
  if (isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, upload(item)]),
    );
  }
  return value;
}

/**
 * The batch with `transform` applied to its first item.
 *
 * @throws {TypeError} If that is no tensor
 */
export function transformFirst(
  batch: unknown,
  transform: Callable<[batch: Tensor], Tensor>,
): unknown {
  if (Array.isArray(batch)) {
    const [first, ...rest] = batch;
    return [applyTo(first, transform), ...rest];
  }
  if (isPlainObject(batch)) {
    const [key] = Object.keys(batch);
    return key === undefined
      ? batch
      : { ...batch, [key]: applyTo(batch[key], transform) };
  }
  return applyTo(batch, transform);
}

function applyTo(
  item: unknown,
  transform: Callable<[batch: Tensor], Tensor>,
): Tensor {
  if (!(item instanceof Tensor)) {
    throw new TypeError(
      `Cannot apply batchTransform to the first item of a batch: expected a ` +
        `tensor, got ${nameOfType(item)}`,
    );
  }
  // what the transform makes on its way is freed, its result belongs to no scope
  const result = unscoped(() => scope(() => invoke(transform, item)));
  if (result !== item) item.dispose();
  return result;
}
