/**
 * Walks through a module and the modules inside: lists modules and their
 * tensors, with names. NOTE [module members] in module.ts defines members.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import { ownOf } from "./members.ts";
import { isBuffer, isParameter } from "./parameter.ts";
import { StateDict } from "./state_dict.ts";

/** The part of a module that walks need. */
interface Node<M> {
  namedChildren(): readonly (readonly [string, M])[];
}

/** Returns the candidates for members of a module, by name. */
type MembersOf<M> = (module: M) => Iterable<readonly [string, unknown]>;

/** Returns `root` (named "") and all modules inside, each once, outer first. */
export function modulesBelow<M extends Node<M>>(root: M): [string, M][] {
  const found = new Map<M, string>();
  const visit = (module: M, name: string): void => {
    if (found.has(module)) return;
    found.set(module, name);
    for (const [key, child] of module.namedChildren()) {
      visit(child, name === "" ? key : `${name}.${key}`);
    }
  };
  visit(root, "");
  return [...found].map(([module, name]) => [name, module]);
}

/** Returns the wanted tensors of named modules, with full names, each once. */
export function tensorsOf<M, T extends Tensor>(
  modules: readonly (readonly [string, M])[],
  membersOf: MembersOf<M>,
  isWanted: (value: unknown) => value is T,
): [string, T][] {
  const found = new Map<T, string>();
  for (const [prefix, module] of modules) {
    for (const [key, tensor] of ownOf(membersOf(module), isWanted)) {
      if (found.has(tensor)) continue;
      found.set(tensor, prefix === "" ? key : `${prefix}.${key}`);
    }
  }
  return [...found].map(([tensor, name]) => [name, tensor]);
}

/**
 * Returns the state dict of `root`: parameters and persistent buffers. A shared
 * module is listed under each of its names, as in torch.
 */
export function stateBelow<M extends Node<M>>(
  root: M,
  membersOf: MembersOf<M>,
): StateDict {
  const state = new StateDict();
  const collect = (module: M, prefix: string, outer: readonly M[]): void => {
    if (outer.includes(module)) return; // a field that points back
    for (const [key, tensor] of ownOf(membersOf(module), isParameter)) {
      state.set(prefix + key, tensor);
    }
    for (const [key, buffer] of ownOf(membersOf(module), isBuffer)) {
      if (buffer.persistent) state.set(prefix + key, buffer);
    }
    for (const [key, child] of module.namedChildren()) {
      collect(child, `${prefix}${key}.`, [...outer, module]);
    }
  };
  collect(root, "", []);
  return state;
}
