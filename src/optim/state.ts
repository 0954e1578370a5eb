/**
 * An optimizer's state: made, parsed from a file, put back.
 *
 * @module
 */

import { type NamedTensors, write } from "../nn/state_dict.ts";
import { HostArray } from "../tensor/host_array.ts";
import { formatShape, sameShape, type Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { FlatParameters } from "./flat.ts";

/** What an optimizer is in the middle of. */
export interface OptimizerState {
  /** The form of this record. */
  readonly version: 1;
  /** The optimizer's class. */
  readonly optimizer: string;
  /** In the optimizer's order. */
  readonly groups: readonly GroupState[];
  /** Flat states, as "group.buffer.name". */
  readonly tensors: NamedTensors;
}

/** One group in an optimizer's state. */
export interface GroupState {
  /** The group's hyperparameters. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What lies in each flat buffer of the group. */
  readonly buffers: readonly BufferState[];
}

/** One flat buffer in an optimizer's state. */
export interface BufferState {
  /** Type of the parameters. */
  readonly dtype: string;
  /** The shape of each parameter, and how many steps it has taken. */
  readonly parameters: readonly {
    readonly shape: Shape;
    readonly step: number;
  }[];
}

/** The state of groups that lie in `flats`. */
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
 * A state from a file or another optimizer, as one for these `flats`.
 *
 * @throws {TypeError} If it is of another optimizer or of other parameters
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
    return refuse("it is not what stateDict() gives");
  }
  if (saved !== optimizer) refuse(`it was saved by ${saved}`);
  if (groups.length !== flats.length) {
    refuse(`it has ${groups.length} groups, expected ${flats.length}`);
  }
  const parsed = groups.map((group: unknown, i): GroupState => {
    const { options, buffers } = Object(group);
    if (!isRecord(options) || !Array.isArray(buffers)) {
      return refuse(`group ${i} is broken`);
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
          refuse(`"${name}" is no float32 tensor of shape [${flat.length}]`);
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
  if (dtype !== flat.dtype) refuse(`it has ${dtype}, expected ${flat.dtype}`);
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
        refuse(`parameter ${k} has taken ${JSON.stringify(step)} steps`);
      }
      return { shape: expected, step };
    }),
  };
}

/** Puts a parsed state into groups and their flat buffers. */
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
      const given = new Map(ownTensors(tensors, `${i}.${j}.`));
      for (const [name, state] of flat.states) {
        if (given.has(name)) continue;
        state.dispose();
        flat.states.delete(name);
      }
      for (const [name, tensor] of given) {
        const state = flat.state(name, 0);
        if (state !== tensor) write(state, tensor); // not its own state
      }
    });
  });
}

/** The tensors whose names begin with `prefix`, without it. */
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
