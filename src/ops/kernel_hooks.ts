/**
 * The hooks by which kernels read and write: what src/compile replaces to put
 * maps into them. Both name by `size` a u32 of `params` that is below 2^31.
 *
 * @module
 */

import type { Hook, Plan } from "../gpu/plan.ts";

/**
 * Elements of an output from which large kernels of CPU adapters take in maps. A
 * map of fewer takes 0.2 ms by itself; each kernel that takes one in is compiled
 * for it, which costs a second with Mesa 22 and several with Mesa 25.
 */
const WORTH_COMPILING = 2 ** 17;

/** Whether a kernel that takes long to compile takes a map of its output in. */
export function takesMaps(elements: number): boolean {
  return elements >= WORTH_COMPILING;
}

/** A hook of a kernel; its zero is made of a size, which is below 2^31. */
export function makeHook(hook: Omit<Hook, "zero">, size: string): Hook {
  return { ...hook, zero: `params.${size} >> 31u` };
}

/**
 * The header of a kernel that writes to `name`, its last buffer, by put(i, x),
 * and the hook where that is all there is of a tensor (`isWhole`). `lanes` f32
 * are written at once.
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
