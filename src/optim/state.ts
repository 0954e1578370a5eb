/**
 * An optimizer's state: how to make, parse and restore it.
 *
 * @module
 */

import { type NamedTensors, write } from "../nn/state_dict.ts";
import { HostArray } from "../tensor/host_array.ts";
import { formatShape, sameShape, type Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { FlatParameters } from "./flat.ts";

/** State of an optimizer. */
export interface OptimizerState {
  /** Version of this format. */
  readonly version: 1;
  /** Name of the optimizer's class. */
  readonly optimizer: string;
  /** The groups, in the optimizer's order. */
  readonly groups: readonly GroupState[];
  /** Flat states, named "group.buffer.name". */
  readonly tensors: NamedTensors;
}

/** One group in an optimizer's state. */
export interface GroupState {
  /** The group's hyperparameters. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The flat buffers of the group. */
  readonly buffers: readonly BufferState[];
}

/** One flat buffer in an optimizer's state. */
export interface BufferState {
  /** Dtype of the parameters. */
  readonly dtype: string;
  /** Shape and number of steps of each parameter. */
  readonly parameters: readonly {
    readonly shape: Shape;
    readonly step: number;
  }[];
}

/** Returns the state of groups with the flat buffers `flats`. */
export function makeState(
  optimizer: string,
  groups: readonly object[],
  flats: readonly (readonly FlatParameters[])[],
): OptimizerState {
  const tensors = new Map<string, Tensor>();
  const states = groups.map((group, i): GroupState => {
    const buffers = flats[i]!.map((flat, j) => {
      for (const [name, state] of flat.states) {
        tensors.set(`${i}.${j}.${name}`, state);
      }
      return {
        dtype: flat.dtype,
        parameters: flat.parameters.map(({ shape }, k) => ({
          shape,
          step: flat.steps[k]!,
        })),
      };
    });
    const { params: _, ...options } = { params: undefined, ...group };
    return { options: structuredClone(options), buffers };
  });
  return { version: 1, optimizer, groups: states, tensors };
}

/**
 * Parses a state from a file or another optimizer for the flat buffers `flats`.
 *
 * @throws {TypeError} If the state is of another optimizer or other parameters
 */
export function parseState(
  optimizer: string,
  state: unknown,
  flats: readonly (readonly FlatParameters[])[],
): OptimizerState {
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot load a state into ${optimizer}: ${why}`);
  };
  const { version, optimizer: saved, groups, tensors } = Object(state);
  if (version !== 1 || !Array.isArray(groups) || !(tensors instanceof Map)) {
    return refuse("expected a result of stateDict()");
  }
  if (saved !== optimizer) refuse(`it was saved by ${saved}`);
  if (groups.length !== flats.length) {
    refuse(`it has ${groups.length} groups, expected ${flats.length}`);
  }
  const parsed = groups.map((group: unknown, i): GroupState => {
    const { options, buffers } = Object(group);
    if (!isRecord(options) || !Array.isArray(buffers)) {
      return refuse(`group ${i} lacks options or buffers`);
    }
    if (buffers.length !== flats[i]!.length) {
      refuse(
        `group ${i} has ${buffers.length} flat buffers, ` +
          `expected ${flats[i]!.length}`,
      );
    }
    return {
      options,
      buffers: flats[i]!.map((flat, j) =>
        parseBuffer(buffers[j], flat, (why) => refuse(`group ${i}: ${why}`))
      ),
    };
  });
  flats.forEach((row, i) =>
    row.forEach((flat, j) => {
      for (const [name, tensor] of ownTensors(tensors, `${i}.${j}.`)) {
        const isState = (tensor instanceof Tensor ||
          tensor instanceof HostArray) &&
          tensor.dtype === "float32" &&
          sameShape(tensor.shape, [flat.length]);
        if (!isState) {
          refuse(
            `expected a float32 tensor of shape [${flat.length}] as "${name}"`,
          );
        }
      }
    })
  );
  return { version, optimizer, groups: parsed, tensors };
}

function parseBuffer(
  buffer: unknown,
  flat: FlatParameters,
  refuse: (why: string) => never,
): BufferState {
  const { dtype, parameters } = Object(buffer);
  if (dtype !== flat.dtype) {
    refuse(`its parameters are ${dtype}, expected ${flat.dtype}`);
  }
  if (!Array.isArray(parameters)) return refuse("its parameters are missing");
  if (parameters.length !== flat.parameters.length) {
    refuse(
      `it has ${parameters.length} parameters, ` +
        `expected ${flat.parameters.length}`,
    );
  }
  return {
    dtype,
    parameters: flat.parameters.map(({ shape: expected }, k) => {
      const { shape, step } = Object(parameters[k]);
      if (!Array.isArray(shape) || !sameShape(shape, expected)) {
        refuse(
          `parameter ${k} has shape ${JSON.stringify(shape)}, ` +
            `expected ${formatShape(expected)}`,
        );
      }
      if (!Number.isSafeInteger(step) || step < 0) {
        refuse(
          `parameter ${k} has step ${JSON.stringify(step)}, ` +
            `expected an integer of at least 0`,
        );
      }
      return { shape: expected, step };
    }),
  };
}

/** Restores a parsed state in groups and their flat buffers. */
export function applyState(
  { groups, tensors }: OptimizerState,
  targets: readonly object[],
  flats: readonly (readonly FlatParameters[])[],
): void {
  groups.forEach(({ options, buffers }, i) => {
    Object.assign(targets[i]!, structuredClone(options));
    buffers.forEach(({ parameters }, j) => {
      const flat = flats[i]![j]!;
      parameters.forEach(({ step }, k) => flat.steps[k] = step);
      const saved = new Map(ownTensors(tensors, `${i}.${j}.`));
      for (const [name, state] of flat.states) {
        if (saved.has(name)) continue;
        state.dispose();
        flat.states.delete(name);
      }
      for (const [name, tensor] of saved) {
        const state = flat.state(name, 0);
        if (state !== tensor) write(state, tensor); // not its own
      }
    });
  });
}

/** Returns the tensors whose names begin with `prefix`, and removes it. */
function ownTensors<T>(
  tensors: ReadonlyMap<string, T>,
  prefix: string,
): [string, T][] {
  return [...tensors].filter(([name]) => name.startsWith(prefix))
    .map(([name, tensor]) => [name.slice(prefix.length), tensor]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
