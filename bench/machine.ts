/**
 * What a run was taken on: figures without it mean little.
 *
 * @module
 */

import os from "node:os";

/** Processor, adapter and versions. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  /** As its driver names it. */
  readonly adapter: string;
  /** The version of its driver, where a tool here says it. */
  readonly driver: string | undefined;
  readonly deno: string;
  /** Year, month and day. */
  readonly date: string;
}

/** Asks who is asked for each: a tool that is missing says nothing. */
export async function describeMachine(): Promise<Machine> {
  const adapter = await navigator.gpu?.requestAdapter();
  const { description = "", device = "" } = adapter?.info ?? {};
  const name = description || device || "none";
  return {
    cpu: os.cpus()[0]?.model.trim() || "unknown",
    cores: os.cpus().length,
    system: os.type(),
    adapter: name,
    driver: await driverOf(name),
    deno: Deno.version.deno,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** Commands that say a driver's version, and whose. */
const DRIVERS = [
  {
    adapters: /llvmpipe/i,
    command: ["dpkg-query", "-W", "-f", "${Version}", "mesa-vulkan-drivers"],
    title: "Mesa",
  },
  {
    adapters: /nvidia/i,
    command: [
      "nvidia-smi",
      "--query-gpu=driver_version",
      "--format=csv,noheader",
    ],
    title: "NVIDIA",
  },
] as const;

async function driverOf(adapter: string): Promise<string | undefined> {
  const known = DRIVERS.find(({ adapters }) => adapters.test(adapter));
  if (!known) return undefined;
  const [program, ...args] = known.command;
  try {
    const { success, stdout } = await new Deno.Command(program, {
      args,
      stderr: "null",
    }).output();
    const version = new TextDecoder().decode(stdout).trim().split(/[\n-]/)[0];
    return success && version ? `${known.title} ${version}` : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** One sentence about the machine. */
export function formatMachine(machine: Machine): string {
  const { cpu, cores, system, adapter, driver, deno, date } = machine;
  const by = driver === undefined ? "" : `, ${driver}`;
  return `${date} on ${cores} cores of ${cpu} (${system}), ` +
    `adapter ${adapter}${by}, Deno ${deno}`;
}
