/**
 * The one adapter and device of the process.
 *
 * This module requests both while it loads, so that everything above can be
 * synchronous. A missing adapter becomes an error only in `gpu()`, whose message
 * says what to install. DataLoader workers have no device; they return host
 * arrays.
 *
 * @module
 */

import { isInWorker } from "../worker_flag.ts";

/**
 * Class of an adapter, by which ops choose kernels. An adapter that runs shaders
 * on the CPU needs register tiles and long runs; a GPU needs workgroup memory
 * and many lanes.
 */
export type AdapterClass = "cpu" | "gpu";

/** The device and its properties. */
export interface Gpu {
  readonly device: GPUDevice;
  /** Name of the adapter, from its driver. */
  readonly name: string;
  readonly adapterClass: AdapterClass;
  /** Whether shaders may use f16. */
  readonly hasF16: boolean;
  /** Whether kernels with many stores write them as a loop. */
  readonly rollsStores: boolean;
  /** Most bytes of one tensor. */
  readonly maxBuffer: number;
  /** Most bytes of one tensor in a binding, a multiple of `BIND_ALIGN`. */
  readonly maxBinding: number;
}

/** Alignment in bytes of a binding's offset: WebGPU's default limit. */
export const BIND_ALIGN = 256;

/** Most one-byte elements: u32 indices leave room for a kernel's last group. */
const COUNTABLE = 2 ** 31;

const CPU_ADAPTERS = /llvmpipe|lavapipe|swiftshader|softpipe|basic render/i;

/** Optional features: half floats, and the GPU's clock. */
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
 * Returns the device.
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

/** The adapter that runs the kernels. */
export interface AdapterInfo {
  /** Name, from the driver. */
  readonly name: string;
  /** A GPU, or a driver that runs kernels on the CPU. */
  readonly kind: AdapterClass;
}

/**
 * Returns the adapter that this process computes on.
 *
 * @throws {Error} If there is none; the message says what to install
 */
export function adapter(): AdapterInfo {
  const { name, adapterClass } = gpu();
  return { name, kind: adapterClass };
}

/** Returns true if this driver suits a loop for kernels with many stores. */
export function rollsStores(): boolean {
  return found?.rollsStores ?? true;
}

/** Returns the class that ops choose kernels for: the adapter's or the override. */
export function adapterClass(): AdapterClass {
  return override ?? gpu().adapterClass;
}

/** Returns the most bytes of one tensor in a binding: the adapter's or a test's. */
export function bindingLimit(): number {
  return maxBinding ?? gpu().maxBinding; // gpu() throws without an adapter
}

/**
 * Sets the binding limit to `bytes`, or with `undefined` back to the adapter's.
 * Tests use a low limit to run small tensors as if they were large.
 */
export function overrideBindingLimit(bytes: number | undefined): void {
  const own = gpu().maxBinding;
  maxBinding = bytes === undefined ? own : Math.min(wholeParts(bytes), own);
}

/**
 * Sets the class that ops choose kernels for, or with `undefined` resets it to
 * the adapter's. Kernels of both classes are correct on every adapter, so tests
 * run both.
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
