/**
 * The hook by which kernels write their results: what src/compile replaces to
 * put maps into them.
 *
 * @module
 */

import type { Plan } from "../gpu/plan.ts";

/**
 * The header of a kernel that writes to `name`, its last buffer, by put(i, x),
 * and the hook where that is all there is of a tensor (`isWhole`). `lanes` f32
 * are written at once; `size` names a u32 of `params` that is below 2^31.
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
  const hook = {
    declaration: header,
    name,
    binding: buffers.length - 1,
    lanes,
    zero: `params.${size} >> 31u`,
  };
  return { header, hooks: { put: hook } };
}
