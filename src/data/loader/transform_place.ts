/**
 * Where a loader's transform is done: NOTE [stages] in images/transform.ts.
 *
 * @module
 */

import { adapterClass } from "../../gpu/device.ts";
import { ReplaceNulls, SkipNulls } from "../collate/nulls.ts";
import { Padded } from "../collate/padded.ts";
import {
  type SampleTransform,
  stagedOf,
  type TransformPlace,
} from "../images/transform.ts";

/** The options of a loader that decide. */
interface Work {
  readonly transform?: SampleTransform;
  readonly collate?: unknown;
}

/** How much of a transform is done with the samples. */
export function placeOf(
  { transform, collate }: Work,
  isUploaded: boolean,
): TransformPlace {
  const isStaged = isUploaded && stagedOf(transform) !== undefined &&
    isOwnCollate(collate);
  if (!isStaged) return "host";
  return adapterClass() === "cpu" ? "bytes" : "late";
}

/** Whether a collate leaves images as they are, for the GPU to go on with. */
function isOwnCollate(collate: unknown): boolean {
  return collate === undefined || collate instanceof Padded ||
    ((collate instanceof SkipNulls || collate instanceof ReplaceNulls) &&
      (collate.inner === undefined || isOwnCollate(collate.inner)));
}
