/**
 * Plans: one dispatch of a kernel, as data. Ops make plans, the stream runs
 * them, tests compare them; nothing here speaks to a device.
 *
 * A plan names buffers, or windows of those that are larger than a binding.
 * Where in what is bound a tensor begins is an offset in elements among the
 * parameters, because WebGPU binds only aligned offsets.
 *
 * @module
 */

/** What a plan may bind: anything that owns a buffer on the GPU. */
export interface Bindable {
  /** The buffer; reading it throws once its owner was disposed. */
  readonly buffer: GpuBuffer;
  /** The part of the buffer that is bound, unless all of it is. */
  readonly window?: Window;
}

/** A part of a buffer, small enough for a binding. Counts bytes. */
export interface Window {
  /** The owner of the buffer. */
  readonly of: Bindable;
  /** The first byte, a multiple of 256. */
  readonly first: number;
  /** The byte after the last one. */
  readonly end: number;
}

/** Bytes that a binding of `bindable` has. */
export function boundBytes({ window, buffer }: Bindable): number {
  return window ? window.end - window.first : buffer.bytes;
}

/** Makes a buffer of so many float32 that lives until the plans have run. */
export type Scratch = (elements: number) => Bindable;

/** A buffer of the pool. */
export interface GpuBuffer {
  readonly gpu: GPUBuffer;
  /** Size in bytes, at least what was asked for. */
  readonly bytes: number;
  /** Unique among all buffers of the process. */
  readonly id: number;
  /** The submission that used the buffer last. */
  serial: number;
}

/** One dispatch of one kernel. */
export interface Plan {
  /** Names the kernel in errors and profiles. */
  readonly name: string;
  /** Text of a `.wgsl` file with the entry point `main`, after what it calls. */
  readonly source: string;
  /** Prepended as `const NAME: u32 = 16u;` or `const NAME: bool = true;`. */
  readonly consts?: Readonly<Record<string, number | boolean>>;
  /** Prepended text: aliases, and functions that a family of ops differs in. */
  readonly header?: string;
  /** In the order of the bindings: inputs first, outputs last. */
  readonly buffers: readonly Bindable[];
  /** The words of the `Params` uniform, which follows the buffers. */
  readonly params: readonly number[];
  /** Workgroups along x, y and z, 65,535 at most on each. */
  readonly groups: readonly [number, number, number];
  /**
   * The most loop passes that one invocation makes, those of all its loops
   * together: an upper bound from the plan's own sizes. See NOTE [loops].
   */
  readonly loops: number;
  /**
   * The binding of the uniform, where it does not follow the buffers: those
   * from there on come after it.
   */
  readonly uniformAt?: number;
  /** Where other kernels may be put into this one: src/compile does so. */
  readonly hooks?: Hooks;
  /** The words of `params` that are others in each call. */
  readonly live?: LiveWords;
}

/**
 * Words that depend on what the host counts: steps, rates, draws. Replays ask
 * for them; all other words of a plan are the same in each.
 */
export interface LiveWords {
  /** Where the words begin among `params`. */
  readonly at: number;
  /** The words as they are now. */
  words(): readonly number[];
}

/**
 * A function in a plan's header by which its kernel reads or writes a tensor
 * that is row-major and begins with its buffer: `declaration` is its text, with
 * the binding if that is in the header, and may be replaced by another that has
 * the same signature.
 */
export interface Hook {
  readonly declaration: string;
  /** The tensor's name in the kernel, and its binding. */
  readonly name: string;
  readonly binding: number;
  /** Elements that one call reads or writes, side by side. */
  readonly lanes: 1 | 4;
  /** A WGSL expression, a u32 that is 0 in every run and no constant. */
  readonly zero: string;
}

/** The hooks of a kernel. */
export interface Hooks {
  /** `load_x(i) -> T` or vec4<T>; the declaration has the binding, too. */
  readonly load?: Hook;
  /** `put(i, x)` of f32 or vec4f, the only one that writes to the tensor. */
  readonly put?: Hook;
}

/** The most words a plan may have in its uniform. */
export const MAX_PARAMS = 64;

/** The most workgroups along one axis that every adapter takes. */
export const MAX_GROUPS = 65535;

/**
 * NOTE [loops]: llvmpipe of Mesa 22.3 ends the loops of an invocation after
 * 65,535 passes, counted over all loops of all 8 lanes of a vector, without a
 * word: later loops run once or not at all. A pass is an iteration, or the one
 * that finds nothing left to do: that goes through the loops inside once more, as
 * an `if` does that no lane takes (loops.ts has the sum). GPUs kill kernels that
 * run too long. So every plan says how many passes its longest invocation makes,
 * and a plan above this bound is refused, on every adapter. An op whose sizes
 * ask for more splits its work: over invocations with joined partial results,
 * or over several dispatches.
 */
export const MAX_LOOPS = 65535;

const floatView = new Float32Array(1);
const wordView = new Uint32Array(floatView.buffer);

/** The word that holds `value` where `Params` declares an f32. */
export function f32Bits(value: number): number {
  floatView[0] = value;
  return wordView[0]!;
}

/**
 * `count` workgroups over x and y, as few too many as possible; the kernel
 * reads its number as `group.y * groups.x + group.x` and guards the end.
 */
export function foldGroups(count: number): [number, number, number] {
  if (count <= MAX_GROUPS) return [count, 1, 1];
  const rows = Math.ceil(count / MAX_GROUPS);
  return [Math.ceil(count / rows), rows, 1];
}

/**
 * Checks what holds for every plan: the words of its uniform, its workgroups,
 * and its loops.
 *
 * @throws {RangeError} If a bound is passed; the message names the kernel
 */
export function checkBounds({ name, params, groups, loops }: Plan): void {
  if (params.length > MAX_PARAMS) {
    throw new RangeError(
      `Cannot run "${name}": ${params.length} parameters, ` +
        `${MAX_PARAMS} at most`,
    );
  }
  if (Math.max(...groups) > MAX_GROUPS) {
    throw new RangeError(
      `Cannot run "${name}": [${groups}] workgroups, ` +
        `${MAX_GROUPS} at most along an axis`,
    );
  }
  // a bound that is not a number is no bound
  if (!(loops <= MAX_LOOPS)) {
    throw new RangeError(
      `Cannot run "${name}": an invocation would make ${loops} loop ` +
        `iterations, ${MAX_LOOPS} at most`,
    );
  }
}
