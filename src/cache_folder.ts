/**
 * The cache folder: downloads and measurements that Kindling keeps between runs.
 *
 * `KINDLING_HOME` names the folder; the default is `kindling` in the platform's
 * cache folder. This module computes names and neither creates nor reads files.
 *
 * @module
 */

/**
 * Returns the path of the cache folder, without a slash at its end.
 *
 * In this order: `$KINDLING_HOME`; on Linux `$XDG_CACHE_HOME/kindling` or
 * `~/.cache/kindling`; on macOS `~/Library/Caches/kindling`; on Windows
 * `%LOCALAPPDATA%\kindling`.
 *
 * @throws {Deno.errors.NotCapable} If the environment may not be read
 * @throws {Deno.errors.NotFound} If none of these variables is set
 */
export function cacheFolder(): string {
  const home = optional("KINDLING_HOME");
  if (home) return home.replace(/(?<=.)[/\\]+$/, "");
  switch (Deno.build.os) {
    case "windows":
      return `${required("LOCALAPPDATA")}\\kindling`;
    case "darwin":
      return `${required("HOME")}/Library/Caches/kindling`;
    default: {
      const cache = optional("XDG_CACHE_HOME");
      // the XDG specification: relative paths are ignored
      if (cache?.startsWith("/")) return `${cache}/kindling`;
      return `${required("HOME")}/.cache/kindling`;
    }
  }
}

/**
 * Returns an optional variable, if the process already may read it. A user on a
 * terminal is thus prompted for one variable, not three.
 */
function optional(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) || undefined : undefined;
}

function required(name: string): string {
  let value;
  try {
    value = Deno.env.get(name);
  } catch (cause) {
    throw new Deno.errors.NotCapable(
      `Cannot find the cache folder: no permission to read the environment ` +
        `variable "${name}" (run again with ` +
        `--allow-env=KINDLING_HOME,XDG_CACHE_HOME,${name} or -P, or say where ` +
        `with the option root)`,
      { cause },
    );
  }
  if (!value) {
    throw new Deno.errors.NotFound(
      `Cannot find the cache folder: neither "KINDLING_HOME" nor "${name}" is ` +
        `set in the environment`,
    );
  }
  return value;
}
