/**
 * Hooks: the functions of a kernel's text that src/compile replaces to fuse
 * maps into the kernel. `size` names a u32 of `params` that is below 2^31.
 *
 * @module
 */

import type { Hook, Plan } from "../gpu/plan.ts";

/**
 * Least elements of an output for which a slow-to-compile kernel fuses maps. A
 * smaller map takes 0.2 ms by itself. A fused kernel compiles anew: a second
 * with Mesa 22, several with Mesa 25.
 */
const WORTH_COMPILING = 2 ** 17;

/** Returns true if a slow-to-compile kernel fuses maps of its output. */
export function takesMaps(elements: number): boolean {
  return elements >= WORTH_COMPILING;
}

/** Returns a hook whose zero is `params.size >> 31`: sizes are below 2^31. */
export function makeHook(hook: Omit<Hook, "zero">, size: string): Hook {
  return { ...hook, zero: `params.${size} >> 31u` };
}

/**
 * Returns the header that declares put(i, x): a write of `lanes` f32 to `name`,
 * the kernel's last buffer. If that buffer is a whole tensor (`isWhole`), a hook
 * comes with it.
 */
export function putHook(
  buffers: Plan["buffers"],
  lanes: 1 | 4,
  size: string,
  isWhole: boolean,
  name = "y",
): Pick<Plan, "header" | "hooks"> & { readonly header: string } {
  const type = lanes === 4 ? "vec4f" : "f32";
  const header = `fn put(i: u32, x: ${type}) { ${name}[i] = x; }\n`;
  if (!isWhole) return { header };
  const binding = buffers.length - 1;
  const put = makeHook({ declaration: header, name, binding, lanes }, size);
  return { header, hooks: { put } };
}
