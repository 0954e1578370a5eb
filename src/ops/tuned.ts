/**
 * Kernels that were measured: which of an op's candidates won for its sizes on
 * this adapter. Nothing is measured here (tune.ts does), and without
 * `KINDLING_TUNE=1` or a call of `tune` nothing is looked up either: then the pure
 * rules of each op choose alone.
 *
 * @module
 */

import { cacheFolder } from "../cache_folder.ts";
import { gpu } from "../gpu/device.ts";
import type { Bindable, Plan, Scratch } from "../gpu/plan.ts";

/** One op at some sizes, and the kernels that could make it. */
export interface Site<C> {
  /** The op and all that its speed depends on. */
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

/** A site whose choices have lost their type: plans by a candidate's name. */
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

/** The choice that won at a site, or else `fallback`, what the rules chose. */
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

/** Candidates that are names, by themselves. */
export function byName<C extends string>(
  names: readonly C[],
): Readonly<Record<string, C>> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** Runs `body` and lists the sites it comes by, each once. */
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

/** The winners of this adapter by the sites' keys, from its file at first. */
export function measured(): Map<string, string> {
  return winners ??= load();
}

/** Forgets the winners; the file is read again when it is needed. */
export function forget(): void {
  winners = asked = undefined;
}

/** The file that holds the winners of this adapter. */
export function winnersFile(): string {
  const name = gpu().name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-");
  return `${cacheFolder()}/tuned/${name}.json`;
}

// Asks only where reading the variable is allowed already.
function isAskedFor(): boolean {
  const variable = { name: "env", variable: "KINDLING_TUNE" } as const;
  return Deno.permissions.querySync(variable).state === "granted" &&
    Deno.env.get(variable.variable) === "1";
}

// A file that cannot be read is as good as none: what it held is measured anew.
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
