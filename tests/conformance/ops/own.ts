/**
 * What has a name of the goldens' own.
 *
 * @module
 */

import { fromHost } from "../../../src/tensor/create.ts";
import { hashed } from "../hash.ts";
import type { Rows } from "../row.ts";

/** Every such call. */
export const OWN: Rows = {
  "hash_uniform": (args) =>
    fromHost(hashed({
      salt: args.value("salt"),
      ["tensor_index"]: args.value("tensor_index"),
      shape: args.value("shape"),
      lo: args.value("lo"),
      hi: args.value("hi"),
      dtype: args.option("dtype"),
    })),
};
