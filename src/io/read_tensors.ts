/**
 * Reading many tensors at one moment, with one copy for each buffer that they
 * share: the parameters of an optimizer come in one piece.
 *
 * @module
 */

import { read } from "../gpu/readback.ts";
import { DTYPES } from "../tensor/dtype.ts";
import { HostArray } from "../tensor/host_array.ts";
import { isRowMajor } from "../tensor/layout.ts";
import type { Storage } from "../tensor/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The part of a buffer, in bytes, that some tensors lie in. */
interface Span {
  readonly tensors: Tensor[];
  begin: number;
  end: number;
  used: number;
}

/**
 * The elements of all tensors as they are now, whatever is done to them while
 * the result is awaited.
 */
export async function readTensors(
  tensors: Iterable<Tensor>,
): Promise<ReadonlyMap<Tensor, HostArray>> {
  const alone: Tensor[] = [];
  const spans = new Map<Storage, Span>();
  for (const tensor of new Set(tensors)) {
    const { begin, end } = bytesOf(tensor);
    if (!isRowMajor(tensor.layout)) {
      alone.push(tensor);
      continue;
    }
    const span = spans.get(tensor.storage);
    if (span) {
      span.tensors.push(tensor);
      span.begin = Math.min(span.begin, begin);
      span.end = Math.max(span.end, end);
      span.used += end - begin;
    } else {
      const first = { tensors: [tensor], begin, end, used: end - begin };
      spans.set(tensor.storage, first);
    }
  }
  const reads: Promise<[Tensor, HostArray][]>[] = [];
  for (const [storage, span] of spans) {
    // a few rows of something large are read one by one
    if (span.used * 2 < span.end - span.begin) alone.push(...span.tensors);
    else reads.push(readSpan(storage, span));
  }
  for (const tensor of alone) reads.push(readAlone(tensor));
  return new Map((await Promise.all(reads)).flat());
}

function bytesOf({ layout, size, dtype }: Tensor) {
  const { bytes } = DTYPES[dtype];
  const begin = layout.offset * bytes;
  return { begin, end: begin + size * bytes };
}

async function readSpan(
  storage: Storage,
  { tensors, begin, end }: Span,
): Promise<[Tensor, HostArray][]> {
  const start = begin & ~3; // reads begin and end at whole words
  const length = Math.ceil((end - start) / 4) * 4;
  const places = tensors.map((tensor) => bytesOf(tensor).begin - start);
  const bytes = await read(storage.buffer, start, length);
  return tensors.map((tensor, i) => {
    const { array } = DTYPES[tensor.dtype];
    const data = new array(bytes, places[i], tensor.size);
    return [tensor, new HostArray(data, tensor.shape, tensor.dtype)];
  });
}

async function readAlone(tensor: Tensor): Promise<[Tensor, HostArray][]> {
  const data = await tensor.data();
  return [[tensor, new HostArray(data, tensor.shape, tensor.dtype)]];
}
