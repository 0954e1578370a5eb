/**
 * The command stream: dispatches, copies and uploads in program order, sent to
 * the GPU in batches.
 *
 * Recording never waits. The stream submits recorded work on a read, when a batch
 * is full, or when `submit` is called (at a step's end). The next read throws the
 * errors that WebGPU reports late.
 *
 * @module
 */

import { type CompileProgress, terminalProgress } from "./compile_progress.ts";
import { bindingLimit, gpu } from "./device.ts";
import {
  type Bindable,
  boundBytes,
  checkBounds,
  type GpuBuffer,
  type Plan,
  type Window,
} from "./plan.ts";
import { bindingOf, type Pipeline, pipelineOf } from "./pipelines.ts";
import {
  acquire,
  destroyDoomed,
  pressCollector,
  takeAllocationFailure,
} from "./pool.ts";
import { recorder } from "./recorder.ts";

/** Bytes between two parameter blocks: WebGPU's default offset alignment. */
const SLOT = 256;
/** Dispatches per submission: enough to batch, few enough to overlap. */
const SLOTS = 128;
/** Most cached bind groups; a training loop needs one for each dispatch. */
const MAX_BIND_GROUPS = 4096;
/**
 * Dropped bind groups after which the stream presses the garbage collector.
 * WebGPU frees a bind group only when V8 collects its handle, and llvmpipe of
 * Mesa 25 maps a page for each. Linux allows a process 65,530 mappings; the
 * driver crashes beyond that.
 */
const FORGOTTEN_GROUPS = 16384;

/** Counts of the stream's work, independent of the machine. */
export interface StreamCounts {
  dispatches: number;
  submissions: number;
  uploads: number;
}

const counts: StreamCounts = {
  dispatches: 0,
  submissions: 0,
  uploads: 0,
};
const words = new Uint32Array((SLOT / 4) * SLOTS);
const offset: [number] = [0]; // WebGPU takes a list
const bindGroups = new Map<string, GPUBindGroup>();
let groupsMade = 0;
let uniforms: GPUBuffer | undefined;
let encoder: GPUCommandEncoder | undefined;
let pass: GPUComputePassEncoder | undefined;
/** Command buffers before that of `encoder`; a new pipeline begins another. */
let ahead: GPUCommandBuffer[] = [];
let newPipelines = 0;
let progress = terminalProgress();
const dispatched = new WeakSet<Pipeline>();
let planned: ((plan: Plan) => void) | undefined;
let stampsOf: ((name: string) => GPUComputePassTimestampWrites) | undefined;
let slot = 0;
let serial = 0;
let lateError: string | undefined;
let listening = false;

/** Returns the counts since the process began. */
export function streamCounts(): StreamCounts {
  return { ...counts };
}

/**
 * Records one dispatch. A plan without workgroups records nothing.
 *
 * @throws {RangeError} If the plan exceeds a bound of `checkBounds`, or binds more
 * bytes of a buffer than the adapter allows
 */
export function dispatch(plan: Plan): void {
  const { groups, params } = plan;
  if (groups[0] * groups[1] * groups[2] === 0) return;
  checkBounds(plan);
  if (planned) {
    const each = planned;
    return planOnly(undefined, () => each(plan));
  }
  const pipeline = pipelineOf(plan);
  encode(pipeline, bindGroupOf(pipeline, plan), params, groups);
  recorder()?.dispatched(plan);
}

/** Records a dispatch of a pipeline with a bind group. */
export function encode(
  pipeline: Pipeline,
  group: GPUBindGroup,
  params: ArrayLike<number>,
  [x, y, z]: Plan["groups"],
): void {
  if (progress && !dispatched.has(pipeline)) {
    dispatched.add(pipeline);
    newPipelines++;
    cut();
  }
  if (!pass || stampsOf) {
    const timestampWrites = stampsOf?.(pipeline.name);
    listen();
    pass?.end();
    encoder ??= gpu().device.createCommandEncoder();
    pass = encoder.beginComputePass(timestampWrites && { timestampWrites });
  }
  words.set(params, slot * (SLOT / 4));
  offset[0] = slot * SLOT;
  pass.setPipeline(pipeline.gpu);
  pass.setBindGroup(0, group, offset);
  pass.dispatchWorkgroups(x, y, z);
  counts.dispatches++;
  if (++slot === SLOTS) submit();
}

/**
 * Submits recorded work, then gives each dispatch a pass of its own, with the time
 * stamps that `stamps` returns for a kernel's name.
 *
 * @returns A function that ends this
 * @throws {Error} If another profile is running
 */
export function watchPasses(
  stamps: (name: string) => GPUComputePassTimestampWrites,
): () => void {
  if (stampsOf) {
    throw new Error(
      "Cannot profile inside of another profile: await that one first",
    );
  }
  submit();
  stampsOf = stamps;
  return () => {
    stampsOf = undefined;
  };
}

/**
 * Runs a synchronous `body` and passes its plans, once checked, to `each` instead
 * of running them; `each` may dispatch them. Without `each`, plans run as usual.
 * Tests use this to examine ops on tensors that would take long.
 */
export function planOnly<T>(
  each: ((plan: Plan) => void) | undefined,
  body: () => T,
): T {
  const before = planned;
  planned = each;
  try {
    return body();
  } finally {
    planned = before;
  }
}

/** Marks buffers as used by recorded work, which uploads then submit first. */
export function markUsed(buffers: Iterable<GpuBuffer>): void {
  for (const buffer of buffers) buffer.serial = serial;
}

function bindGroupOf(pipeline: Pipeline, plan: Plan): GPUBindGroup {
  let key = `${pipeline.id}`;
  const buffers: GpuBuffer[] = [];
  for (const bindable of plan.buffers) {
    const { buffer, window } = bindable;
    buffer.serial = serial;
    key += window
      ? `,${buffer.id}:${window.first}:${window.end}`
      : `,${buffer.id}`;
    buffers.push(buffer);
  }
  let group = bindGroups.get(key);
  if (!group) {
    const excess = excessOf(plan);
    if (excess !== undefined) {
      throw new RangeError(
        `Cannot run "${plan.name}": it binds ${excess} bytes of one tensor, ` +
          `this adapter binds ${bindingLimit()} at most`,
      );
    }
    group = makeBindGroup(pipeline, buffers, plan.name, windowsOf(plan));
    if (bindGroups.size >= MAX_BIND_GROUPS) bindGroups.clear();
    bindGroups.set(key, group);
  }
  return group;
}

/** Returns the bytes that a plan binds of one buffer, if above the limit. */
export function excessOf({ buffers }: Plan): number | undefined {
  const limit = bindingLimit();
  for (const bindable of buffers) {
    const bytes = boundBytes(bindable);
    if (bytes > limit) return bytes;
  }
  return undefined;
}

/** Returns a plan's windows by binding; `undefined` if it has none. */
export function windowsOf({ buffers }: Plan): Map<number, Window> | undefined {
  let windows: Map<number, Window> | undefined;
  buffers.forEach(({ window }, i) => {
    if (window) (windows ??= new Map()).set(i, window);
  });
  return windows;
}

/**
 * Returns a bind group of buffers and parameters for a pipeline. A window binds
 * the bytes of a part, which begins at a multiple of 256. Other buffers are bound
 * up to the binding limit.
 */
export function makeBindGroup(
  pipeline: Pipeline,
  buffers: readonly GpuBuffer[],
  label: string,
  parts?: ReadonlyMap<number, { readonly first: number; readonly end: number }>,
): GPUBindGroup {
  const { device } = gpu();
  if (++groupsMade % FORGOTTEN_GROUPS === 0) pressCollector();
  uniforms ??= device.createBuffer({
    label: "params",
    size: SLOT * SLOTS,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  return device.createBindGroup({
    label,
    layout: pipeline.layout,
    entries: [
      ...buffers.map((buffer, i) => {
        const { first = 0, end = Math.min(buffer.bytes, bindingLimit()) } =
          parts?.get(i) ?? {};
        return {
          binding: bindingOf(i, pipeline.uniformAt),
          resource: { buffer: buffer.gpu, offset: first, size: end - first },
        };
      }),
      {
        binding: pipeline.uniformAt,
        resource: { buffer: uniforms, size: SLOT },
      },
    ],
  });
}

/** Records that `bytes` bytes, a multiple of 4, are zeroed. */
export function clear(target: Bindable, offset: number, bytes: number): void {
  if (bytes === 0) return;
  const { buffer } = target;
  buffer.serial = serial;
  copyEncoder().clearBuffer(buffer.gpu, offset, bytes);
  recorder()?.cleared(target, offset, bytes);
}

/**
 * Records a copy of the first `bytes` bytes, a multiple of 4, of a buffer.
 */
export function copy(from: GpuBuffer, to: GpuBuffer, bytes: number): void {
  from.serial = to.serial = serial;
  copyEncoder().copyBufferToBuffer(from.gpu, 0, to.gpu, 0, bytes);
}

/**
 * Returns a buffer for an upload. No recorded work uses a small one, so that the
 * upload need not submit that work first.
 *
 * @throws {RangeError} If the adapter has no buffers of that size
 */
export function acquireIdle(bytes: number): GpuBuffer {
  return acquire(bytes, serial);
}

/**
 * Writes host bytes to a buffer from byte `offset` on, a multiple of 4, and zeroes
 * the rest of the last word. `writeBuffer` acts before all work that is not yet
 * submitted, so work that uses this buffer is submitted first.
 */
export function upload(
  buffer: GpuBuffer,
  data: ArrayBufferView,
  offset = 0,
): void {
  if (data.byteLength === 0) return;
  listen();
  if (buffer.serial === serial) submit();
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const { queue } = gpu().device;
  const whole = bytes.length - bytes.length % 4;
  // Deno accepts shared memory here; the types allow only ArrayBuffer
  const source = bytes as Uint8Array<ArrayBuffer>;
  if (whole > 0) queue.writeBuffer(buffer.gpu, offset, source, 0, whole);
  if (whole < bytes.length) {
    const rest = new Uint8Array(4); // writes are multiples of four bytes
    rest.set(bytes.subarray(whole));
    queue.writeBuffer(buffer.gpu, offset + whole, rest);
  }
  counts.uploads++;
  recorder()?.uploaded(buffer, data);
}

/** Sends recorded work to the GPU. */
export function submit(): void {
  if (!encoder) return;
  const { queue } = gpu().device;
  pass?.end();
  if (slot > 0 && uniforms) {
    queue.writeBuffer(uniforms, 0, words, 0, slot * (SLOT / 4));
  }
  const all = [...ahead, encoder.finish()];
  if (progress && newPipelines > 0) submitCounted(progress, all, newPipelines);
  else queue.submit(all);
  newPipelines = 0;
  ahead = [];
  encoder = pass = undefined;
  slot = 0;
  serial++;
  counts.submissions++;
  destroyDoomed();
}

// Begins another command buffer.
function cut(): void {
  if (!encoder) return;
  pass?.end();
  ahead.push(encoder.finish());
  encoder = pass = undefined;
}

// Submits one buffer after another and counts; the last `count` begin with a new
// kernel. Mesa's lavapipe compiles a kernel on its first run, and the next
// submission waits for that.
function submitCounted(
  line: CompileProgress,
  all: readonly GPUCommandBuffer[],
  count: number,
): void {
  const { device } = gpu();
  line.begin();
  all.forEach((each, i) => {
    device.queue.submit([each]);
    const done = i - (all.length - count);
    if (done > 0) line.show(done, count);
  });
  if (!line.isShown) return;
  device.queue.submit([device.createCommandEncoder().finish()]);
  line.end();
}

/**
 * Sets the line that shows the compiling of kernels, or none. Returns the line set
 * before.
 */
export function reportCompiling(
  line: CompileProgress | undefined,
): CompileProgress | undefined {
  const before = progress;
  progress = line;
  return before;
}

/** Submitted work that may still run. */
interface Mark {
  readonly since: number;
  readonly done: Promise<void>;
}

const marks: Mark[] = [];
/** Most milliseconds of work by which a loop may run ahead of the GPU. */
const AHEAD_MS = 100;
/** Least milliseconds between marks: a mark waits until the GPU is idle. */
const MARK_MS = 4;
let lastMark = -Infinity;

/**
 * Submits now and then, and waits if the GPU still runs work submitted more than
 * two calls and 100 ms ago. Without this, a loop that reads nothing would queue
 * work without end.
 */
export async function throttle(): Promise<void> {
  const now = performance.now();
  if (now - lastMark < MARK_MS) return;
  lastMark = now;
  // Deno blocks this thread until the work is done. Recorded work is submitted
  // after that, so that the GPU runs it while the caller goes on.
  const done = gpu().device.queue.onSubmittedWorkDone().then(() => {
    marks.shift(); // work finishes in order
  });
  submit();
  marks.push({ since: now, done });
  for (let [first] = marks; first && marks.length > 2; [first] = marks) {
    if (performance.now() - first.since < AHEAD_MS) return;
    await first.done;
  }
}

/**
 * Records a copy to a buffer that the host will map, for readback.ts.
 */
export function copyOut(
  from: GpuBuffer,
  offset: number,
  to: GPUBuffer,
  toOffset: number,
  bytes: number,
): void {
  if (bytes === 0) return;
  from.serial = serial;
  copyEncoder().copyBufferToBuffer(from.gpu, offset, to, toOffset, bytes);
}

/** Returns and clears the message of an error of WebGPU or the pool, if any. */
export function takeError(): string | undefined {
  const report = takeAllocationFailure() ?? lateError;
  lateError = undefined;
  return report;
}

function copyEncoder(): GPUCommandEncoder {
  listen();
  pass?.end();
  pass = undefined;
  encoder ??= gpu().device.createCommandEncoder();
  return encoder;
}

function listen(): void {
  if (listening) return;
  listening = true;
  const { device } = gpu();
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    // Deno's types declare a plain Event
    const { message } = (event as GPUUncapturedErrorEvent).error;
    lateError ??= `WebGPU refused a command: ${message}`;
  });
  device.lost.then((info) => {
    lateError = `The GPU device was lost: ${info.message}`;
  });
}
