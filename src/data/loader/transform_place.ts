/**
 * The choice where a loader's transform runs: NOTE [stages] in
 * images/transform.ts.
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
interface DecidingOptions {
  readonly transform?: SampleTransform;
  readonly collate?: unknown;
}

/** Returns the steps of the transform that run per sample. */
export function placeOf(
  { transform, collate }: DecidingOptions,
  isUploaded: boolean,
): TransformPlace {
  const isStaged = isUploaded && stagedOf(transform) !== undefined &&
    isOwnCollate(collate);
  if (!isStaged) return "host";
  return adapterClass() === "cpu" ? "bytes" : "late";
}

/** Whether a collate keeps images whole, for the second stage on the GPU. */
function isOwnCollate(collate: unknown): boolean {
  return collate === undefined || collate instanceof Padded ||
    ((collate instanceof SkipNulls || collate instanceof ReplaceNulls) &&
      (collate.inner === undefined || isOwnCollate(collate.inner)));
}
