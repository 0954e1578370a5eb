/**
 * Runs an example as a user does, in a process of its own.
 *
 * @module
 */

const config = new URL("../../deno.json", import.meta.url).pathname;

/** What a program wrote, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `examples/NAME` with `-P` in the folder `cwd`. */
export async function runExample(
  name: string,
  cwd: string,
  args: readonly string[],
): Promise<Ran> {
  const program = new URL(`../../examples/${name}`, import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-check",
      "--config",
      config,
      "-P",
      program,
      ...args,
    ],
    cwd,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** A folder that is removed at the end of its `using` block. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "kindling_" });
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
