/**
 * Indices of programs: into tensors as the library takes them, into tuples as
 * Python does.
 *
 * @module
 */

import type { IndexItem } from "../../../src/ops/index/at.ts";
import { fromHost } from "../../../src/tensor/create.ts";
import { HostArray } from "../../../src/tensor/host_array.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { Unsupported } from "../outcome.ts";
import { describe, numberOf, Slice, type Value } from "./values.ts";

/** One item of an index into a tensor. */
export function indexItem(value: Value): IndexItem {
  if (value === undefined) return "new";
  if (value === "...") return "...";
  if (value instanceof Tensor && value.dtype === "bool") {
    throw new Unsupported("an index of booleans: its size comes later");
  }
  if (typeof value === "number" || value instanceof Tensor) return value;
  if (value instanceof Slice) return boundsOf(value);
  if (Array.isArray(value)) {
    const places = value.map((each) => numberOf(each, "an index"));
    return fromHost(new HostArray(Int32Array.from(places)));
  }
  throw new Unsupported(`an index of ${describe(value)}`);
}

/** The items of a tuple that an index names. */
export function itemAt(items: readonly Value[], index: Value): Value {
  if (index instanceof Slice) {
    const [start, stop, step = 1] = boundsOf(index);
    if (step !== 1) throw new Unsupported("a slice of a tuple with a step");
    return items.slice(start, stop);
  }
  const place = numberOf(index, "an index");
  if (place < -items.length || place >= items.length) {
    throw new RangeError(`index ${place} of ${items.length} items`);
  }
  return items.at(place);
}

function boundsOf({ bounds }: Slice): (number | undefined)[] {
  return bounds.map((bound) =>
    bound === undefined ? undefined : numberOf(bound, "a slice")
  );
}
