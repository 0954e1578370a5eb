/**
 * What a user's first program does with the package, imported from JSR. In the
 * repository the specifiers resolve to the sources; `jsr_test.ts` copies this
 * file to an empty folder, where they do not.
 *
 * Prints one line of JSON: what each entry point exports, and a gradient.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- a program that prints

import * as kindling from "jsr:@kindling/kindling@^0.1.0";
import * as datasets from "jsr:@kindling/kindling@^0.1.0/datasets";

const { tensor } = kindling;
const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
x.mul(x).sum().backward();

console.log(JSON.stringify({
  kindling: Object.keys(kindling),
  datasets: Object.keys(datasets),
  gradient: await x.grad?.toArray(),
}));
