/**
 * State dicts: a module's tensors by torch's names, and how to load them.
 *
 * Loading checks every name and shape before it writes anything.
 *
 * @module
 */

import { withGrad } from "../autograd/mode.ts";
import { recorder } from "../gpu/recorder.ts";
import { upload } from "../gpu/stream.ts";
import { assign } from "../ops/movement/movement.ts";
import { fromHost } from "../tensor/create.ts";
import { HostArray } from "../tensor/host_array.ts";
import { isRowMajor } from "../tensor/layout.ts";
import { unscoped } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { emptyTensor, Tensor } from "../tensor/tensor.ts";

/** The tensors of a module by name, in the module's order, without copies. */
export class StateDict extends Map<string, Tensor> {
  /**
   * A copy that training does not change, outside of every scope.
   *
   * @example The best weights
   * ```ts
   * import { nn, noGrad } from "@kindling/kindling";
   * import { assertEquals } from "@std/assert";
   *
   * const model = new nn.Linear(2, 1);
   * const best = model.stateDict().clone();
   * noGrad(() => nn.init.zeros_(model.weight));
   * model.loadStateDict(best);
   * assertEquals(await model.weight.data(), await best.get("weight")!.data());
   * ```
   */
  clone(): StateDict {
    const copies = [...this].map(([name, tensor]) =>
      [name, unscoped(() => copyOf(tensor))] as const
    );
    return new StateDict(copies);
  }

  /** Frees the tensors of a clone. */
  dispose(): void {
    for (const tensor of this.values()) tensor.dispose();
  }
}

function copyOf(tensor: Tensor): Tensor {
  const copy = emptyTensor(tensor.shape, tensor.dtype, "clone");
  assign(copy, tensor);
  return copy;
}

/** Tensors by name: a state dict, or the content of a file. */
export type NamedTensors = ReadonlyMap<string, Tensor | HostArray>;

/** Options of loading a state dict. */
export interface LoadOptions {
  /** Whether both sides must have the same names. Default: true. */
  readonly strict?: boolean;
}

/** Names that only one side has. */
export interface LoadResult {
  /** Names that only the module has. */
  readonly missingKeys: readonly string[];
  /** Names that only the state dict has. */
  readonly unexpectedKeys: readonly string[];
}

/**
 * Checks names and shapes of `sources` against those of `targets`.
 *
 * @throws {TypeError} If some differ; the message lists all of them
 */
export function checkNamed(
  what: string,
  targets: ReadonlyMap<string, Tensor>,
  sources: NamedTensors,
  { strict = true }: LoadOptions,
): LoadResult {
  const isNamed = sources instanceof Map &&
    [...sources.values()].every((each) =>
      each instanceof Tensor || each instanceof HostArray
    );
  if (!isNamed) {
    throw new TypeError(
      `Cannot load a state dict into ${what}: expected a Map of tensors by name`,
    );
  }
  const missingKeys = [...targets.keys()].filter((name) => !sources.has(name));
  const unexpectedKeys = [...sources.keys()].filter((name) =>
    !targets.has(name)
  );
  const complaints: string[] = [];
  if (strict && missingKeys.length > 0) {
    complaints.push(`missing: ${quoted(missingKeys)}`);
  }
  if (strict && unexpectedKeys.length > 0) {
    complaints.push(`unexpected: ${quoted(unexpectedKeys)}`);
  }
  for (const [name, target] of targets) {
    const source = sources.get(name);
    if (!source || sameShape(source.shape, target.shape)) continue;
    complaints.push(
      `size mismatch for "${name}": ${formatShape(source.shape)} in the ` +
        `state dict, ${formatShape(target.shape)} in the module`,
    );
  }
  if (complaints.length > 0) {
    throw new TypeError(
      `Cannot load a state dict into ${what}: ${complaints.join("; ")}`,
    );
  }
  return { missingKeys, unexpectedKeys };
}

/** Copies each source into the target of its name, in the target's dtype. */
export function assignNamed(
  targets: ReadonlyMap<string, Tensor>,
  sources: NamedTensors,
): void {
  withGrad(false, () => {
    for (const [name, target] of targets) {
      const source = sources.get(name);
      if (source) write(target, source);
    }
  });
}

/** Copies the elements of a tensor or a host array into `target`. */
export function write(target: Tensor, source: Tensor | HostArray): void {
  if (!(source instanceof HostArray)) return assign(target, source);
  const { storage, layout, dtype, bytesPerElement } = target;
  const offset = layout.offset * bytesPerElement;
  // whole words are uploaded directly, without a copy on the GPU
  const isDirect = source.dtype === dtype && isRowMajor(layout) &&
    offset % 4 === 0 && source.data.byteLength % 4 === 0 && !recorder();
  if (isDirect) {
    upload(storage.buffer, source.data, offset);
    storage.version++;
    return;
  }
  using uploaded = unscoped(() => fromHost(source));
  assign(target, uploaded);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
