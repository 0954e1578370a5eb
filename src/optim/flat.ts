/**
 * Flat parameters: the parameters of one dtype in one buffer, their gradients
 * in a second one, and each state of the optimizer in another one.
 *
 * NOTE [flat parameters]: parameters become views of the flat buffer. Backward
 * writes their gradients directly into the gradient buffer (`Autograd.slot`).
 * Each parameter begins at a multiple of `ALIGN`, where WebGPU can bind it. The
 * gaps are zero in all buffers, and stay zero. Offsets and lengths count
 * elements.
 *
 * Tensors that share a parameter's memory move with it: NOTE [moves] in
 * storage.ts. A parameter that is a part of a larger tensor cannot move without
 * the rest. Such a parameter stays, and its values are copied before and after
 * each step.
 *
 * Other code may move a parameter away, such as another optimizer of the same
 * parameter. `settle` moves the parameter back, with its values.
 *
 * @module
 */

import { BIND_ALIGN, bindingLimit } from "../gpu/device.ts";
import type { Bindable } from "../gpu/plan.ts";
import { recorder, withRecorder } from "../gpu/recorder.ts";
import { clear } from "../gpu/stream.ts";
import { assign } from "../ops/movement/movement.ts";
import { fill } from "../tensor/create.ts";
import { type DType, DTYPES } from "../tensor/dtype.ts";
import {
  isRowMajor,
  type Layout,
  reachOf,
  rowMajor,
} from "../tensor/layout.ts";
import { unscoped } from "../tensor/scope.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { emptyTensor, Tensor } from "../tensor/tensor.ts";
import { isLarge } from "../ops/launch/windows.ts";
import type { FlatBuffers, Run } from "./rule.ts";

/** Alignment of a parameter in elements: 256 bytes of float16. */
export const ALIGN = 128;
/** Elements per vector in the kernel of a step. */
const QUAD = 4;
/**
 * Maximum bytes of a flat buffer of several parameters. Every adapter can bind
 * them, so that a saved state fits on other adapters.
 */
const FLAT_BYTES = 2 ** 27;

/**
 * Storages of flat buffers: they hold separate parameters, and nothing else.
 */
const flats = new WeakSet<Storage>();

/** Neighbouring parameters with a gradient and the same number of steps. */
export interface StepRun extends Run {
  /** Indices of the parameters. */
  readonly members: readonly number[];
}

/** Parameters of one dtype in flat buffers. */
export class FlatParameters {
  readonly dtype: DType;
  readonly parameters: readonly Tensor[];
  /** Elements of each flat buffer, including gaps. */
  readonly length: number;
  /** The values of all parameters. */
  readonly values: Tensor;
  /** The gradients of all parameters. */
  readonly gradients: Tensor;
  /** States of the optimizer by name, one value per element. */
  readonly states = new Map<string, Tensor>();
  /** Number of steps of each parameter. */
  readonly steps: number[];
  readonly #offsets: number[] = [];

  constructor(parameters: readonly Tensor[], dtype: DType) {
    this.parameters = parameters;
    this.dtype = dtype;
    this.steps = parameters.map(() => 0);
    let length = 0;
    for (const { size } of parameters) {
      this.#offsets.push(length);
      length += paddedSize(size);
    }
    this.length = length;
    this.values = cleared(length, dtype);
    this.gradients = cleared(length, dtype);
    flats.add(this.values.storage);
    this.settle();
  }

  /**
   * Moves every parameter and gradient that lies elsewhere into the flat
   * buffers.
   */
  settle(): void {
    this.parameters.forEach((parameter, i) => {
      const { autograd } = parameter;
      const layout = this.#layout(i);
      if (parameter.storage !== this.values.storage) {
        using target = this.#view(i);
        assign(target, parameter);
        if (canMove(parameter)) {
          move(parameter, target);
          parameter.rebind(this.values.storage, layout);
        }
      }
      let { slot } = autograd;
      if (slot?.storage !== this.gradients.storage) {
        const { storage } = this.gradients;
        slot = unscoped(() =>
          new Tensor(storage, layout, this.dtype, "gradient")
        );
        autograd.slot = slot;
        autograd.isSlotShown = false;
      }
      const { grad } = autograd;
      if (grad && grad !== slot) {
        assign(slot, grad);
        // handles of this gradient see later additions
        if (canMove(grad) && grad.dtype === this.dtype && !recorder()) {
          move(grad, slot);
          autograd.isSlotShown = true;
        }
        autograd.grad = slot;
      }
    });
  }

  /** Copies the values after a step to parameters that cannot move. */
  writeBack(): void {
    this.parameters.forEach((parameter, i) => {
      if (parameter.storage === this.values.storage) return;
      if (!parameter.autograd.grad) return;
      using source = this.#view(i);
      assign(parameter, source);
    });
  }

  #layout(i: number): Layout {
    return rowMajor(this.parameters[i]!.shape, this.#offsets[i]);
  }

  #view(i: number): Tensor {
    const { storage } = this.values;
    return unscoped(() =>
      new Tensor(storage, this.#layout(i), this.dtype, "parameter")
    );
  }

  /** Sets gradients to undefined, or to zero if `setToNone` is false. */
  zeroGrad(setToNone: boolean): void {
    this.settle();
    for (const parameter of this.parameters) {
      if (setToNone) parameter.grad = undefined;
    }
    if (setToNone) return;
    const { storage } = this.gradients;
    clear(storage, 0, storage.bytes);
    storage.version++;
  }

  /**
   * Returns the state `name`. The first call creates it, filled with `initial`.
   */
  state(name: string, initial: number): Tensor {
    let state = this.states.get(name);
    if (!state) {
      // not part of a recording: the state outlives it
      state = withRecorder(undefined, () => {
        const made = cleared(this.length, "float32");
        if (initial !== 0) fill(made, initial);
        return made;
      });
      this.states.set(name, state);
    }
    return state;
  }

  /** Returns the parameters that have a gradient, in runs. */
  runs(): StepRun[] {
    const runs: { firstQuad: number; quads: number; members: number[] }[] = [];
    this.parameters.forEach((parameter, i) => {
      recorder()?.needsGradient(parameter.autograd);
      if (!parameter.autograd.grad) return;
      const firstQuad = this.#offsets[i]! / QUAD;
      const quads = paddedSize(parameter.size) / QUAD;
      const last = runs.at(-1);
      const continues = last && last.firstQuad + last.quads === firstQuad &&
        this.steps[last.members[0]!] === this.steps[i];
      if (continues) {
        last.quads += quads;
        last.members.push(i);
      } else runs.push({ firstQuad, quads, members: [i] });
    });
    for (const run of runs) {
      recorder()?.guard(run, () => this.#isOne(run));
    }
    return runs;
  }

  /** Splits a run into parts that fit a binding, with the buffers of each. */
  *parts(
    run: Run,
    states: readonly Tensor[],
  ): Iterable<{ readonly run: Run; readonly buffers: FlatBuffers }> {
    const { dtype, gradients, values } = this;
    const boundBy = (bind: (tensor: Tensor) => Bindable): FlatBuffers => ({
      dtype,
      gradients: bind(gradients),
      values: bind(values),
      states: states.map(bind),
    });
    if (![gradients, values, ...states].some((each) => isLarge(each.storage))) {
      yield { run, buffers: boundBy(({ storage }) => storage) };
      return;
    }
    // a quad has 16 bytes in states, and 8 in float16 parameters
    const step = BIND_ALIGN / 8;
    const most = Math.floor(bindingLimit() / 16 / step) * step;
    for (let done = 0; done < run.quads; done += most) {
      const first = run.firstQuad + done;
      const quads = Math.min(most, run.quads - done);
      const buffers = boundBy(({ storage, bytesPerElement }) => {
        const bytes = QUAD * bytesPerElement;
        return storage.part(first * bytes, (first + quads) * bytes);
      });
      yield { run: { firstQuad: 0, quads }, buffers };
    }
  }

  /** Counts a step for the parameters of a run. */
  count({ members }: StepRun): void {
    for (const i of members) this.steps[i]!++;
  }

  #isOne({ members }: StepRun): boolean {
    const step = this.steps[members[0]!];
    return members.every((i) => this.steps[i] === step);
  }
}

/**
 * Groups parameters into few flat buffers, by dtype and size. A parameter that
 * is larger than a binding gets buffers of its own.
 */
export function flatten(parameters: readonly Tensor[]): FlatParameters[] {
  const sets: { dtype: DType; members: Tensor[]; bytes: number }[] = [];
  for (const parameter of parameters) {
    const { dtype, shape } = parameter;
    // states have four bytes per element, for every dtype
    const bytes = paddedSize(sizeOf(shape)) * Math.max(4, DTYPES[dtype].bytes);
    const open = sets.findLast((set) => set.dtype === dtype);
    const most = Math.min(FLAT_BYTES, bindingLimit());
    if (open && open.bytes + bytes <= most) {
      open.members.push(parameter);
      open.bytes += bytes;
    } else {
      sets.push({ dtype, members: [parameter], bytes });
    }
  }
  return sets.map(({ members, dtype }) => new FlatParameters(members, dtype));
}

function paddedSize(size: number): number {
  return Math.ceil(size / ALIGN) * ALIGN;
}

/** Returns a flat tensor of zeros, outside of every scope. */
function cleared(length: number, dtype: DType): Tensor {
  const made = unscoped(() => emptyTensor([length], dtype, "flat")).stay();
  clear(made.storage, 0, made.storage.bytes);
  return made;
}

/** Moves all tensors on the memory of `tensor` to that of its copy `to`. */
function move({ storage, layout, bytesPerElement }: Tensor, to: Tensor): void {
  // an unshared tensor may have any strides
  const [first, end] = reachOf(layout);
  storage.move(
    first * bytesPerElement,
    end * bytesPerElement,
    to.storage,
    to.layout.offset * bytesPerElement,
  );
}

/**
 * Whether every tensor that shares memory with a parameter can move with it.
 */
function canMove({ storage, layout, size, bytesPerElement }: Tensor): boolean {
  if (storage.handles === 1) return true;
  if (!isRowMajor(layout)) return false;
  return flats.has(storage) || size * bytesPerElement === storage.bytes;
}
