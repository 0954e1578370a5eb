/**
 * The namespace `nn`: modules, layers, initialization, clipping.
 *
 * @module
 */

export {
  Buffer,
  type BufferOptions,
  isParameter,
  Parameter,
  type ParameterOptions,
} from "./parameter.ts";
export { type AnyModule, Module, type WalkOptions } from "./module.ts";
export type { HookHandle } from "./hooks.ts";
export {
  type LoadOptions,
  type LoadResult,
  type NamedTensors,
  StateDict,
} from "./state_dict.ts";
export { Sequential } from "./sequential.ts";
