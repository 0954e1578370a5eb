/**
 * What a module has besides its arguments: parameters and buffers that a case
 * gives, the mode, and what its state is made of.
 *
 * @module
 */

import { ChannelNorm } from "../../src/nn/batch_norm.ts";
import type { AnyModule } from "../../src/nn/module.ts";
import { GroupNorm, LayerNorm } from "../../src/nn/norm.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Arguments } from "./arguments.ts";
import { goldenDType } from "./compare.ts";
import { Unsupported } from "./outcome.ts";

/**
 * Makes a module as a case wants it before the call: with the parameters
 * `param.*` (a cell's may stand without the prefix), whose gradients then arrive
 * at the module's own, the buffers `buffer.*`, and in its mode.
 */
export function prepare<M extends AnyModule>(module: M, args: Arguments): M {
  args.found("state_dict", entriesOf(module));
  const own = module.namedParameters().map(([name]) => name);
  const bare = own.filter((name) => !name.includes(".") && args.maybe(name));
  const given = new Map([
    ...args.prefixed("param."),
    ...bare.map((name) => [name, args.tensor(name)] as const),
    ...args.prefixed("buffer."),
  ]);
  if (given.size > 0) module.loadStateDict(given, { strict: false });
  for (const [name, parameter] of module.namedParameters()) {
    // norms begin with 1 and 0, whatever has none given; others at random
    const isFixed = module instanceof ChannelNorm ||
      module instanceof GroupNorm || module instanceof LayerNorm;
    if (!given.delete(name) && !isFixed) {
      throw new Unsupported(`without param.${name}`);
    }
    args.arrivesAt(bare.includes(name) ? name : `param.${name}`, parameter);
  }
  for (const [name] of module.namedBuffers()) given.delete(name);
  if (given.size > 0) throw new Unsupported(`with ${[...given.keys()]}`);
  const mode = args.option<string>("mode");
  if (mode === "eval") module.eval();
  else if (mode !== undefined && mode !== "train") {
    throw new Unsupported(`mode ${mode}`);
  }
  return module;
}

/** Buffers as they are after the call. */
export function buffersOf(module: AnyModule): Record<string, Tensor> {
  return Object.fromEntries(
    module.namedBuffers().map(([name, buffer]) => [`buffer.${name}`, buffer]),
  );
}

/** Names, shapes and types of a state, as the goldens write them. */
export function entriesOf(
  module: AnyModule,
): [name: string, shape: readonly number[], dtype: string][] {
  return [...module.stateDict()].map((
    [name, { shape, dtype }],
  ) => [name, shape, goldenDType(dtype)]);
}
