/**
 * One library and one group, in the process of its own that libraries.ts
 * starts. Prints a line of JSON for each workload.
 *
 * @module
 */

import { type GroupName, GROUPS } from "./groups.ts";
import type { LibraryModule, Line } from "./library.ts";
import { Timer } from "./timing.ts";

/** What this process is told, as JSON. */
export interface ChildOptions {
  readonly name: string;
  /** Address of the library's adapter. */
  readonly module: string;
  readonly backend: string | undefined;
  readonly group: GroupName;
  readonly budgetMs: number;
  readonly isEager: boolean;
  readonly images: string | undefined;
}

function emit(line: Line): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

/** What is kept of an error: its message's first line. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!.slice(0, 300);
}

async function main(options: ChildOptions): Promise<void> {
  const { name, group, budgetMs } = options;
  let library;
  try {
    const { open }: LibraryModule<unknown> = await import(options.module);
    library = { ...await open(options), name };
  } catch (error) {
    if (name === "kindling") throw error;
    return emit({ peer: name, workload: group, absent: reasonOf(error) });
  }
  try {
    await GROUPS[group].run(new Timer(library, budgetMs, emit));
  } catch (error) {
    emit({ peer: name, workload: group, error: reasonOf(error) });
  }
}

if (import.meta.main) {
  // from libraries.ts, by the type that both name
  const options: ChildOptions = JSON.parse(Deno.args[0]!);
  await main(options);
  Deno.exit(0); // other libraries leave timers behind
}
