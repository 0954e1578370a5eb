/**
 * The one adapter and device of the process.
 *
 * Both are asked for while this module loads, so that everything above can be
 * synchronous. A missing adapter is no error until something needs it: then
 * `gpu()` says what to install. In a DataLoader worker no device is made at
 * all; workers hand out host arrays.
 *
 * @module
 */

import { isInWorker } from "../worker_flag.ts";

/**
 * Which kernels suit an adapter: one that runs shaders on the CPU wants
 * register tiles and long runs, a GPU wants workgroup memory and many lanes.
 */
export type AdapterClass = "cpu" | "gpu";

/** The device and what is known of it. */
export interface Gpu {
  readonly device: GPUDevice;
  /** Name of the adapter, as its driver gives it. */
  readonly name: string;
  readonly adapterClass: AdapterClass;
  /** Whether shaders may use f16. */
  readonly hasF16: boolean;
  /** Whether kernels with many stores write them as a loop. */
  readonly rollsStores: boolean;
  /** Bytes that one tensor may have. */
  readonly maxBuffer: number;
  /** Bytes that a kernel may bind of one tensor, a multiple of `BIND_ALIGN`. */
  readonly maxBinding: number;
}

/** Bytes that a bound part begins at a multiple of: what WebGPU guarantees. */
export const BIND_ALIGN = 256;

/** Elements of a byte each that u32 counts with room for a kernel's overshoot. */
const COUNTABLE = 2 ** 31;

const CPU_ADAPTERS = /llvmpipe|lavapipe|swiftshader|softpipe|basic render/i;

/** Features that are used where there are: half floats, and a clock. */
const WANTED: readonly GPUFeatureName[] = ["shader-f16", "timestamp-query"];

async function findGpu(): Promise<Gpu | undefined> {
  if (isInWorker()) return undefined;
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const { info, limits, features } = adapter;
  const name = info.description || info.device || info.vendor || "unknown";
  const hasF16 = features.has("shader-f16");
  const device = await adapter.requestDevice({
    label: "kindling",
    requiredFeatures: WANTED.filter((feature) => features.has(feature)),
    // defaults are small: 128 MiB a binding, 256 MiB a buffer, 8 buffers
    requiredLimits: {
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxStorageBuffersPerShaderStage: Math.min(
        limits.maxStorageBuffersPerShaderStage,
        16,
      ),
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup:
        limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    },
  });
  return {
    device,
    name,
    adapterClass: info.isFallbackAdapter || CPU_ADAPTERS.test(name)
      ? "cpu"
      : "gpu",
    hasF16,
    rollsStores: doesRoll(name),
    maxBuffer: limits.maxBufferSize,
    maxBinding: wholeParts(
      Math.min(
        limits.maxStorageBufferBindingSize,
        limits.maxBufferSize,
        COUNTABLE,
      ),
    ),
  };
}

// LLVM 15 (Mesa 22 and 23) compiles the stores of a tile four times faster, and
// runs them three times faster, without a loop. With LLVM 19 (Mesa 25) the loop
// compiles three times faster and runs faster; 16 to 18 were not tried.
function doesRoll(name: string): boolean {
  const version = /LLVM (\d+)/.exec(name)?.[1];
  return version === undefined || Number(version) > 15;
}

function wholeParts(bytes: number): number {
  return Math.floor(bytes / BIND_ALIGN) * BIND_ALIGN;
}

const found = await findGpu();
let override: AdapterClass | undefined;
let maxBinding = found?.maxBinding;

/**
 * The device.
 *
 * @throws {Error} If there is no adapter; the message says what to install
 */
export function gpu(): Gpu {
  if (found) return found;
  if (isInWorker()) {
    throw new Error(
      "Cannot use a tensor in a DataLoader worker: workers have no GPU; " +
        "return typed arrays or HostArrays, the loader uploads them",
    );
  }
  throw new Error(
    "No WebGPU adapter: install a Vulkan driver (Debian and Ubuntu: " +
      "apt-get install mesa-vulkan-drivers), or type ./run, which does it",
  );
}

/** What runs the kernels. */
export interface AdapterInfo {
  /** As its driver names it. */
  readonly name: string;
  /** Whether it is a GPU, or a driver that runs kernels on the CPU. */
  readonly kind: AdapterClass;
}

/**
 * The adapter that this process computes on.
 *
 * @throws {Error} If there is none; the message says what to install
 */
export function adapter(): AdapterInfo {
  const { name, adapterClass } = gpu();
  return { name, kind: adapterClass };
}

/** Whether kernels with many stores write them as a loop, by the driver. */
export function rollsStores(): boolean {
  return found?.rollsStores ?? true;
}

/** The class that kernels are chosen for: the adapter's, unless overridden. */
export function adapterClass(): AdapterClass {
  return override ?? gpu().adapterClass;
}

/** Bytes that a kernel may bind of one tensor: the adapter's, or a test's. */
export function bindingLimit(): number {
  return maxBinding ?? gpu().maxBinding; // gpu() throws without an adapter
}

/**
 * Lets kernels bind `bytes` bytes of a tensor at most from now on, or with
 * `undefined` again as many as the adapter binds. Tests see by it, with small
 * tensors, what becomes of large ones.
 */
export function overrideBindingLimit(bytes: number | undefined): void {
  const own = gpu().maxBinding;
  maxBinding = bytes === undefined ? own : Math.min(wholeParts(bytes), own);
}

/**
 * Chooses the kernels of another adapter class from now on, or with `undefined`
 * again those of the adapter. All are right on every adapter and fast on their
 * own; tests run both.
 */
export function overrideAdapterClass(kind: AdapterClass | undefined): void {
  override = kind;
}

/** Runs a synchronous `body` with the kernels of another adapter class. */
export function withAdapterClass<T>(kind: AdapterClass, body: () => T): T {
  const before = override;
  override = kind;
  try {
    return body();
  } finally {
    override = before;
  }
}
