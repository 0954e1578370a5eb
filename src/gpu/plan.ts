/**
 * Plans: one dispatch of a kernel, as data. Ops make plans, the stream runs
 * them, tests compare them; this module does not use a device.
 *
 * A plan names buffers, or windows of buffers larger than a binding. WebGPU
 * binds only aligned offsets, so a tensor's offset in the binding is a
 * parameter, in elements.
 *
 * @module
 */

/** An object that owns a buffer on the GPU, which a plan may bind. */
export interface Bindable {
  /** The buffer; the getter throws after its owner is disposed. */
  readonly buffer: GpuBuffer;
  /** The bound part of the buffer; `undefined` for all of it. */
  readonly window?: Window;
}

/** A part of a buffer, small enough for a binding, in bytes. */
export interface Window {
  /** The owner of the buffer. */
  readonly of: Bindable;
  /** The first byte, a multiple of 256. */
  readonly first: number;
  /** The byte after the last one. */
  readonly end: number;
}

/** Returns the bytes of a binding of `bindable`. */
export function boundBytes({ window, buffer }: Bindable): number {
  return window ? window.end - window.first : buffer.bytes;
}

/** Allocates float32 elements that live until the plans have run. */
export type Scratch = (elements: number) => Bindable;

/** A buffer of the pool. */
export interface GpuBuffer {
  readonly gpu: GPUBuffer;
  /** Size in bytes, at least the requested size. */
  readonly bytes: number;
  /** Unique among all buffers of the process. */
  readonly id: number;
  /** Number of the last submission that used the buffer. */
  serial: number;
}

/** One dispatch of one kernel. */
export interface Plan {
  /** Name of the kernel in errors and profiles. */
  readonly name: string;
  /** Text of a `.wgsl` file with the entry point `main`, after its libraries. */
  readonly source: string;
  /** Prepended as `const NAME: u32 = 16u;` or `const NAME: bool = true;`. */
  readonly consts?: Readonly<Record<string, number | boolean>>;
  /** Prepended text: aliases, and functions that differ between ops of a family. */
  readonly header?: string;
  /** In the order of the bindings: inputs first, outputs last. */
  readonly buffers: readonly Bindable[];
  /** The words of the `Params` uniform, which follows the buffers. */
  readonly params: readonly number[];
  /** Workgroups along x, y and z, 65,535 at most on each. */
  readonly groups: readonly [number, number, number];
  /**
   * Most loop passes of one invocation, over all its loops: an upper bound from
   * the plan's own sizes. See NOTE [loops].
   */
  readonly loops: number;
  /**
   * The binding of the uniform, if it does not follow the buffers. Buffers from
   * that index on come after the uniform.
   */
  readonly uniformAt?: number;
  /** Functions that src/compile may replace to fuse maps into the kernel. */
  readonly hooks?: Hooks;
  /** Words of `params` that differ in each call. */
  readonly live?: LiveWords;
}

/**
 * Words that depend on the host's counters: steps, rates, draws. Each replay
 * reads them again; all other words of a plan stay the same.
 */
export interface LiveWords {
  /** Index of the first such word in `params`. */
  readonly at: number;
  /** Returns the current words. */
  words(): readonly number[];
}

/**
 * A function in a plan's header through which the kernel reads or writes a
 * row-major tensor at offset 0. `declaration` is its text, with the binding if
 * the header declares one. Another function of the same signature may replace
 * the text.
 */
export interface Hook {
  readonly declaration: string;
  /** The tensor's name in the kernel. */
  readonly name: string;
  readonly binding: number;
  /** Consecutive elements that one call reads or writes. */
  readonly lanes: 1 | 4;
  /** A WGSL expression: a u32 that is always 0, but not a constant. */
  readonly zero: string;
}

/** The hooks of a kernel. */
export interface Hooks {
  /** `load_x(i) -> T` or vec4<T>; the declaration includes the binding. */
  readonly load?: Hook;
  /** `put(i, x)` of f32 or vec4f, the only function that writes to the tensor. */
  readonly put?: Hook;
}

/** Most words in a plan's uniform. */
export const MAX_PARAMS = 64;

/** Most workgroups along one axis that every adapter supports. */
export const MAX_GROUPS = 65535;

/**
 * NOTE [loops]: llvmpipe of Mesa 22.3 silently ends an invocation's loops after
 * 65,535 passes, counted over all loops of all 8 lanes of a vector. Later loops
 * run once or not at all. A pass is an iteration, or the final check that ends a
 * loop. The final check runs through the inner loops once more, as does an `if`
 * that no lane takes (loops.ts has the sum).
 *
 * GPUs kill kernels that run too long. So every plan states the passes of its
 * longest invocation, and the stream refuses a plan above this bound on every
 * adapter. An op that needs more splits its work, over invocations whose partial
 * results are joined or over several dispatches.
 */
export const MAX_LOOPS = 65535;

const floatView = new Float32Array(1);
const wordView = new Uint32Array(floatView.buffer);

/** Returns the bits of `value` as an f32, for a word of `Params`. */
export function f32Bits(value: number): number {
  floatView[0] = value;
  return wordView[0]!;
}

/**
 * Folds `count` workgroups over x and y with the fewest extra ones. The kernel
 * computes its number as `group.y * groups.x + group.x` and guards the end.
 */
export function foldGroups(count: number): [number, number, number] {
  if (count <= MAX_GROUPS) return [count, 1, 1];
  const rows = Math.ceil(count / MAX_GROUPS);
  return [Math.ceil(count / rows), rows, 1];
}

/**
 * Checks the bounds of every plan: words of its uniform, workgroups, loop passes.
 *
 * @throws {RangeError} If a plan exceeds a bound; the message names the kernel
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
  // NaN must fail, too
  if (!(loops <= MAX_LOOPS)) {
    throw new RangeError(
      `Cannot run "${name}": an invocation would make ${loops} loop ` +
        `iterations, ${MAX_LOOPS} at most`,
    );
  }
}
