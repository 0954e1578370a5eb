/**
 * Flat parameters: the parameters of one type in one buffer, their gradients in
 * a second, each state of the optimizer in one more.
 *
 * NOTE [flat parameters]: parameters become views of the flat buffer, and
 * backward writes their gradients straight into theirs (`Autograd.slot`). Each
 * begins where WebGPU can bind it, at a multiple of `ALIGN`; the gap before the
 * next is zero in every buffer and stays so. Offsets and lengths count elements.
 *
 * Tensors that share a parameter's memory move with it: NOTE [moves] in
 * storage.ts. A parameter that is a part of a larger tensor can't move without
 * the rest: it stays where it is, its values are copied before and after a step.
 *
 * Other code may move a parameter away: another optimizer that is given the
 * same one, for instance. `settle` notices and takes it back, with its value.
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

/** Elements that a parameter's beginning is a multiple of: 256 bytes of f16. */
export const ALIGN = 128;
/** Elements that a step's kernel takes at once. */
const QUAD = 4;
/**
 * Bytes of a flat buffer of several parameters: what every adapter binds, so that
 * a state fits the optimizers of other adapters.
 */
const FLAT_BYTES = 2 ** 27;

/** Storages in which nothing lies but parameters, each by itself. */
const flats = new WeakSet<Storage>();

/** Parameters that have a gradient and as many steps each, in a row. */
export interface StepRun extends Run {
  /** Which of the flat parameters they are. */
  readonly members: readonly number[];
}

/** Parameters of one type, laid into flat buffers. */
export class FlatParameters {
  readonly dtype: DType;
  readonly parameters: readonly Tensor[];
  /** Elements of each flat buffer, gaps included. */
  readonly length: number;
  /** The values of all parameters. */
  readonly values: Tensor;
  /** The gradients of all parameters. */
  readonly gradients: Tensor;
  /** What the optimizer remembers of each element, by name. */
  readonly states = new Map<string, Tensor>();
  /** Steps that each parameter has taken. */
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
   * Brings every parameter and every gradient to its place, from wherever
   * somebody has put it.
   */
  settle(): void {
    this.parameters.forEach((parameter, i) => {
      const { autograd } = parameter;
      const layout = this.#layout(i);
      if (parameter.storage !== this.values.storage) {
        using place = this.#place(i);
        assign(place, parameter);
        if (canMove(parameter)) {
          move(parameter, place);
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
        // whoever has it sees what is added to it
        if (canMove(grad) && grad.dtype === this.dtype && !recorder()) {
          move(grad, slot);
          autograd.isSlotShown = true;
        }
        autograd.grad = slot;
      }
    });
  }

  /** Gives parameters that stay where they are the values after a step. */
  giveBack(): void {
    this.parameters.forEach((parameter, i) => {
      if (parameter.storage === this.values.storage) return;
      if (!parameter.autograd.grad) return;
      using place = this.#place(i);
      assign(parameter, place);
    });
  }

  #layout(i: number): Layout {
    return rowMajor(this.parameters[i]!.shape, this.#offsets[i]);
  }

  #place(i: number): Tensor {
    const { storage } = this.values;
    return unscoped(() =>
      new Tensor(storage, this.#layout(i), this.dtype, "parameter")
    );
  }

  /**
   * The gradients forgotten, or (`setToNone` false) made zero.
   */
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
   * The state `name`, made and filled with `initial` when it is asked for the
   * first time.
   */
  state(name: string, initial: number): Tensor {
    let state = this.states.get(name);
    if (!state) {
      // it outlives whatever is being recorded
      state = withRecorder(undefined, () => {
        const made = cleared(this.length, "float32");
        if (initial !== 0) fill(made, initial);
        return made;
      });
      this.states.set(name, state);
    }
    return state;
  }

  /** What a step goes over: parameters that have a gradient, run by run. */
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

  /** A run in parts that a binding holds, with the buffers of a step. */
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
    // a quad of a state has 16 bytes, one of float16 8
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

  /** Counts a step of the parameters of a run. */
  count({ members }: StepRun): void {
    for (const i of members) this.steps[i]!++;
  }

  #isOne({ members }: StepRun): boolean {
    const step = this.steps[members[0]!];
    return members.every((i) => this.steps[i] === step);
  }
}

/**
 * Lays parameters into as few flat buffers as types and sizes allow. One that is
 * larger than a binding has buffers of its own; the others' fit into one.
 */
export function flatten(parameters: readonly Tensor[]): FlatParameters[] {
  const sets: { dtype: DType; members: Tensor[]; bytes: number }[] = [];
  for (const parameter of parameters) {
    const { dtype, shape } = parameter;
    // states are four bytes an element, whatever the type
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

/** A buffer of zeros, outside of every scope. */
function cleared(length: number, dtype: DType): Tensor {
  const made = unscoped(() => emptyTensor([length], dtype, "flat")).stay();
  clear(made.storage, 0, made.storage.bytes);
  return made;
}

/** Moves all that look at the memory of `tensor` to that of its copy `to`. */
function move({ storage, layout, bytesPerElement }: Tensor, to: Tensor): void {
  // one that nobody shares may have strides of its own
  const [first, end] = reachOf(layout);
  storage.move(
    first * bytesPerElement,
    end * bytesPerElement,
    to.storage,
    to.layout.offset * bytesPerElement,
  );
}

/**
 * Whether every tensor that shares memory with a parameter moves with it, or
 * there is none.
 */
function canMove({ storage, layout, size, bytesPerElement }: Tensor): boolean {
  if (storage.handles === 1) return true;
  if (!isRowMajor(layout)) return false;
  return flats.has(storage) || size * bytesPerElement === storage.bytes;
}
