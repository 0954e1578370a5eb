/**
 * The driver's cache of compiled kernels, on disk: what a group finds in it.
 *
 * Drivers compile a kernel once for a machine, not once for a process. Mesa and
 * NVIDIA's driver keep what they compiled below `XDG_CACHE_HOME`. Metal and
 * Direct3D offer no variable for it, so on macOS and Windows their cache stays.
 *
 * @module
 */

import { cacheFolder } from "../src/cache_folder.ts";

/** Whether each process finds an empty cache, or one that holds its kernels. */
export type DriverCache = "empty" | "filled";

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string>>;

/**
 * Calls `run` with the environment of a process that finds an empty driver
 * cache. The folder is new, and is removed afterwards. Deno's own cache and
 * what Kindling has measured stay where they are.
 */
export async function withEmptyCache<T>(
  run: (env: Environment) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "kindling-driver-cache-" });
  try {
    return await run({
      XDG_CACHE_HOME: folder,
      // a user's own values of these would win over XDG_CACHE_HOME
      MESA_SHADER_CACHE_DIR: folder,
      __GL_SHADER_DISK_CACHE_PATH: folder,
      DENO_DIR: await denoFolder(),
      KINDLING_HOME: cacheFolder(),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The folder in which Deno keeps packages and transpiled modules. */
async function denoFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
    stderr: "null",
  }).output();
  const { denoDir }: { denoDir: string } = JSON.parse( // as Deno prints it
    new TextDecoder().decode(stdout),
  );
  return denoDir;
}
