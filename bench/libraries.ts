/**
 * The libraries that are compared, and how one of them runs one group: in a
 * process of its own, so that none inherits another's memory, pipelines or
 * threads.
 *
 * A library that can't run here (no package, no Python, no backend) is absent,
 * which is a line of output and no error.
 *
 * @module
 */

import { type Environment, withEmptyCache } from "./driver_cache.ts";
import { cacheOf, type GroupName } from "./groups.ts";
import type { Line } from "./library.ts";
import type { ChildOptions } from "./child.ts";

/** A library to compare with. */
interface Peer {
  readonly title: string;
  /** Its adapter, if it runs in Deno. */
  readonly module?: string;
  readonly backend?: string;
}

/** The libraries that Kindling is compared with. */
export const PEERS = {
  jax: { title: "jax-js 0.1.25, WebGPU", module: "./libraries/jax.ts" },
  tfjs: {
    title: "TensorFlow.js 4.22.0, WebGPU",
    module: "./libraries/tfjs.ts",
    backend: "webgpu",
  },
  "tfjs-wasm": {
    title: "TensorFlow.js 4.22.0, WebAssembly",
    module: "./libraries/tfjs.ts",
    backend: "wasm",
  },
  torch: { title: "PyTorch of this system's Python, on the CPU" },
} satisfies Record<string, Peer>;

/** The name of a library to compare with. */
export type PeerName = keyof typeof PEERS;

/** The name of a library. */
export type LibraryName = "kindling" | PeerName;

/** Whether a word names a library to compare with. */
export function isPeer(word: string): word is PeerName {
  return Object.hasOwn(PEERS, word);
}

/** What decides how a group is run. */
export interface RunOptions {
  readonly budgetMs: number;
  readonly isEager: boolean;
  /** A folder of JPEG files, in a folder for each class. */
  readonly images: string | undefined;
}

/** Runs one group of one library and returns its lines. */
export function runGroup(
  name: LibraryName,
  group: GroupName,
  options: RunOptions,
): Promise<Line[]> {
  const run = (env: Environment) => runProcess(name, group, options, env);
  return cacheOf(group) === "empty" ? withEmptyCache(run) : run({});
}

async function runProcess(
  name: LibraryName,
  group: GroupName,
  options: RunOptions,
  env: Environment,
): Promise<Line[]> {
  const command = name === "torch"
    ? await torchCommand(group, options, env)
    : denoCommand(name, group, options, env);
  if (!command) {
    const absent = `no python3 with torch (KINDLING_BENCH_PYTHON names one)`;
    return [{ peer: name, workload: group, absent }];
  }
  const { stdout, stderr, success } = await command.output();
  const lines = new TextDecoder().decode(stdout).split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): Line => JSON.parse(line)); // our own child's lines
  if (!success) {
    const said = new TextDecoder().decode(stderr).trim().split("\n");
    const error = said.findLast((line) => /error/i.test(line)) ?? said.at(-1);
    lines.push({ peer: name, workload: group, error: error ?? "no reason" });
  }
  return lines;
}

function denoCommand(
  name: Exclude<LibraryName, "torch">,
  group: GroupName,
  options: RunOptions,
  env: Environment,
): Deno.Command {
  const peer: Peer = name === "kindling"
    ? { title: "Kindling", module: "./libraries/kindling.ts" }
    : PEERS[name];
  const child: ChildOptions = {
    name,
    module: new URL(peer.module!, import.meta.url).href, // all but torch's
    backend: peer.backend,
    group,
    budgetMs: options.budgetMs,
    isEager: options.isEager,
    images: options.images,
  };
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all", // what other libraries want is theirs to say
      "--no-lock",
      "--no-check",
      new URL("./child.ts", import.meta.url).href,
      JSON.stringify(child),
    ],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  });
}

const TORCH = new URL("./libraries/torch.py", import.meta.url).pathname;
let python: Promise<string | undefined> | undefined;

async function torchCommand(
  group: GroupName,
  { budgetMs, images }: RunOptions,
  env: Environment,
): Promise<Deno.Command | undefined> {
  const program = await (python ??= findPython());
  return program === undefined ? undefined : new Deno.Command(program, {
    args: [TORCH, group, `${budgetMs}`, ...(images ? [images] : [])],
    env,
    stdout: "piped",
    stderr: "piped",
  });
}

/** A Python that has torch, if there is one. */
async function findPython(): Promise<string | undefined> {
  const named = Deno.env.get("KINDLING_BENCH_PYTHON");
  for (const program of named ? [named] : ["python3", "/usr/bin/python3"]) {
    try {
      const { success } = await new Deno.Command(program, {
        args: [TORCH, "--version"],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return program;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}
