import { assertThrows } from "@std/assert";
import {
  checkSameBatches,
  type LoaderState,
} from "../../../src/data/loader/state.ts";

const own = { datasetLength: 8, sampler: "BatchSampler", seed: 1 };
const after = (batches: number): LoaderState => ({
  version: 1,
  ...own,
  epoch: 0,
  batches,
});

Deno.test("checkSameBatches() refuses a place beyond the epoch", () => {
  assertThrows(
    () => checkSameBatches(after(99), { ...own, length: 4 }),
    RangeError,
    "Cannot resume a loader after 99 batches of an epoch: an epoch has 4",
  );
  // all batches were given out, and the epoch's end not seen
  checkSameBatches(after(4), { ...own, length: 4 });
  checkSameBatches(after(99), { ...own, length: undefined });
});
