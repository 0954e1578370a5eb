/**
 * The command stream: dispatches, copies and uploads in the order they were
 * asked for, sent to the GPU in batches.
 *
 * Recording never waits. What is recorded is submitted when something is read,
 * when enough has come together, or when `submit` is called (at a step's end).
 * Errors that WebGPU reports late are thrown by the next read.
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
/** Dispatches in one submission: long enough to batch, short enough to overlap. */
const SLOTS = 128;
/** Bind groups that are kept; a training loop needs as many as it dispatches. */
const MAX_BIND_GROUPS = 4096;
/**
 * Bind groups after which the collector is told. WebGPU frees one only when V8
 * collects its handle, and llvmpipe of Mesa 25 maps a page for each: Linux gives
 * a process 65,530 mappings, and the driver crashes without the next one.
 */
const FORGOTTEN_GROUPS = 16384;

/** Counts of what the stream did; none of them depends on the machine. */
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
const offset: [number] = [0]; // WebGPU wants a list
const bindGroups = new Map<string, GPUBindGroup>();
let groupsMade = 0;
let uniforms: GPUBuffer | undefined;
let encoder: GPUCommandEncoder | undefined;
let pass: GPUComputePassEncoder | undefined;
/** Command buffers before that of `encoder`, which begins with a new pipeline. */
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

/** What was dispatched, submitted, uploaded and read since the process began. */
export function streamCounts(): StreamCounts {
  return { ...counts };
}

/**
 * Records one dispatch. A plan without workgroups is nothing to do.
 *
 * @throws {RangeError} If the plan passes a bound of `checkBounds`, or binds more
 * bytes of a buffer than the adapter does
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

/** Records a dispatch of a pipeline whose buffers are bound. */
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
 * Gives each dispatch from now on a pass of its own, with the time stamps that
 * `stamps` makes for a kernel of this name; until the function returned is
 * called. What was recorded before is submitted.
 *
 * @throws {Error} If passes are watched already
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
 * Runs a synchronous `body` whose plans are checked and handed to `each`
 * instead of being run; `each` may dispatch them. Without `each` plans run
 * again. Tests see by it what ops do with tensors that would take long.
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

/** Notes that what is recorded uses these buffers: uploads submit it first. */
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

/** The bytes that a plan would bind of one buffer, if they are too many. */
export function excessOf({ buffers }: Plan): number | undefined {
  const limit = bindingLimit();
  for (const bindable of buffers) {
    const bytes = boundBytes(bindable);
    if (bytes > limit) return bytes;
  }
  return undefined;
}

/** The windows of a plan by binding; `undefined` if it has none. */
export function windowsOf({ buffers }: Plan): Map<number, Window> | undefined {
  let windows: Map<number, Window> | undefined;
  buffers.forEach(({ window }, i) => {
    if (window) (windows ??= new Map()).set(i, window);
  });
  return windows;
}

/**
 * Binds buffers, and the parameters after them, to a pipeline. Some may be bound
 * in part, by bytes; a part begins at a multiple of 256. Of others as much is
 * bound as can be.
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

/** Records that `bytes` bytes, a multiple of 4, become zero. */
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
 * A buffer to be written from the host, as `acquire` gives it; if it is small,
 * one that nothing recorded uses, so that writing does not submit that.
 *
 * @throws {RangeError} If the adapter has no buffers of that size
 */
export function acquireIdle(bytes: number): GpuBuffer {
  return acquire(bytes, serial);
}

/**
 * Writes host bytes into a buffer, from byte `offset` on, a multiple of 4; what
 * follows up to a whole word is zeroed. `writeBuffer` acts before everything that is
 * recorded and not yet submitted, so what uses this buffer is submitted first.
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
  // Deno takes shared memory here as it is; the types know only ArrayBuffer
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

/** Sends what is recorded to the GPU. */
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

// The last `count` buffers begin with a kernel that is new. A driver that compiles it
// when it runs (Mesa's lavapipe) lets the next submission wait for that.
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
 * Reports the compiling of kernels to `line` from now on, or to nobody. Returns what
 * it was reported to before.
 */
export function reportCompiling(
  line: CompileProgress | undefined,
): CompileProgress | undefined {
  const before = progress;
  progress = line;
  return before;
}

/** Work that was submitted and is not known to be finished. */
interface Mark {
  readonly since: number;
  readonly done: Promise<void>;
}

const marks: Mark[] = [];
/** Milliseconds of work that a loop may run ahead of the GPU. */
const AHEAD_MS = 100;
/** Milliseconds between marks, at least: a mark waits until the GPU is idle. */
const MARK_MS = 4;
let lastMark = -Infinity;

/**
 * Submits now and then, and waits if the GPU is far behind: at work on what was
 * submitted more than two calls and 100 ms ago. It keeps a loop that reads
 * nothing from queueing work without end.
 */
export async function throttle(): Promise<void> {
  const now = performance.now();
  if (now - lastMark < MARK_MS) return;
  lastMark = now;
  // Deno asks on this thread and returns when the work is done: what is recorded
  // is submitted afterwards, so that the GPU has it while the caller goes on.
  const done = gpu().device.queue.onSubmittedWorkDone().then(() => {
    marks.shift(); // work is done in order
  });
  submit();
  marks.push({ since: now, done });
  for (let [first] = marks; first && marks.length > 2; [first] = marks) {
    if (performance.now() - first.since < AHEAD_MS) return;
    await first.done;
  }
}

/**
 * Records a copy into a buffer that the host will map, for readback.ts.
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

/** What WebGPU or the allocator complained of since the last call, if anything. */
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
    // Deno's types know the event only as an Event
    const { message } = (event as GPUUncapturedErrorEvent).error;
    lateError ??= `WebGPU refused a command: ${message}`;
  });
  device.lost.then((info) => {
    lateError = `The GPU device was lost: ${info.message}`;
  });
}
