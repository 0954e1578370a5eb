/**
 * Assembles src/vision/wasm/resize.wasm from its text, with WebAssembly's own
 * assembler: `deno task assemble`. Run it after a change of the text.
 *
 * @module
 */

import startWabt from "npm:wabt@1.0.37";

/** The text of the module. */
export const TEXT: URL = new URL(
  "../src/vision/wasm/resize.wat",
  import.meta.url,
);

/** The module that the library imports. */
export const BINARY: URL = new URL("resize.wasm", TEXT);

/**
 * Returns the bytes of a module, without names.
 *
 * @throws {Error} If the text is not valid; the message has the position
 */
export async function assemble(
  name: string,
  text: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const wabt = await startWabt();
  const module = wabt.parseWat(name, text, { simd: true });
  try {
    module.resolveNames();
    module.validate();
    return Uint8Array.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

if (import.meta.main) {
  const text = await Deno.readTextFile(TEXT);
  await Deno.writeFile(BINARY, await assemble("resize.wat", text));
}
