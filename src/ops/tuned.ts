/**
 * Measured kernels: the winner among an op's candidates for its sizes on this
 * adapter. tune.ts measures; this module looks winners up, if `KINDLING_TUNE=1`
 * is set or `tune` was called. Otherwise each op's own rules choose.
 *
 * @module
 */

import { cacheFolder } from "../cache_folder.ts";
import { gpu } from "../gpu/device.ts";
import type { Bindable, Plan, Scratch } from "../gpu/plan.ts";

/** One op at some sizes, with its candidate kernels. */
export interface Site<C> {
  /** The op's name and every size that its speed depends on. */
  readonly key: string;
  readonly candidates: Readonly<Record<string, C>>;
  /** Elements of the float32 buffers that the plans bind. */
  readonly operands: readonly number[];
  /** The dispatches with this choice. */
  plan(
    choice: C,
    operands: readonly Bindable[],
    scratch: Scratch,
  ): Plan[];
}

/** A site without the type of its choices: candidates go by their names. */
export interface OpenSite {
  readonly key: string;
  readonly candidates: readonly string[];
  readonly operands: readonly number[];
  plan(
    candidate: string,
    operands: readonly Bindable[],
    scratch: Scratch,
  ): Plan[];
}

let winners: Map<string, string> | undefined;
let recorded: Map<string, OpenSite> | undefined;
let asked: boolean | undefined;

/** Returns the winner at a site, or `fallback` (the rules' choice) without one. */
export function tuned<C>(fallback: C, siteOf: () => Site<C>): C {
  asked ??= isAskedFor();
  if (!asked && !winners && !recorded) return fallback;
  const site = siteOf();
  recorded?.set(site.key, {
    key: site.key,
    candidates: Object.keys(site.candidates),
    operands: site.operands,
    // names come from the candidates
    plan: (name, ...rest) => site.plan(site.candidates[name]!, ...rest),
  });
  const winner = measured().get(site.key);
  return winner === undefined ? fallback : site.candidates[winner] ?? fallback;
}

/** Returns candidates that are names, keyed by themselves. */
export function byName<C extends string>(
  names: readonly C[],
): Readonly<Record<string, C>> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** Runs `body` and returns its sites, each once. */
export async function sitesOf(
  body: () => unknown,
): Promise<readonly OpenSite[]> {
  if (recorded) {
    throw new Error("Cannot tune while another call of tune is at work");
  }
  const sites = recorded = new Map<string, OpenSite>();
  try {
    await body();
  } finally {
    recorded = undefined;
  }
  return [...sites.values()];
}

/** Returns this adapter's winners by site key; the first call reads the file. */
export function measured(): Map<string, string> {
  return winners ??= load();
}

/** Clears the winners, so that the next lookup reads the file again. */
export function forget(): void {
  winners = asked = undefined;
}

/** Returns the path of this adapter's file of winners. */
export function winnersFile(): string {
  const name = gpu().name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-");
  return `${cacheFolder()}/tuned/${name}.json`;
}

// Reads the variable only if Deno already permits it, so that none is prompted.
function isAskedFor(): boolean {
  const variable = { name: "env", variable: "KINDLING_TUNE" } as const;
  return Deno.permissions.querySync(variable).state === "granted" &&
    Deno.env.get(variable.variable) === "1";
}

// An unreadable file counts as an empty one: its sites are measured again.
function load(): Map<string, string> {
  try {
    const read: unknown = JSON.parse(Deno.readTextFileSync(winnersFile()));
    if (typeof read !== "object" || read === null) return new Map();
    return new Map(
      Object.entries(read).filter((entry): entry is [string, string] =>
        typeof entry[1] === "string"
      ),
    );
  } catch {
    return new Map();
  }
}
