/**
 * Liveness: the instructions that affect a result, and the lifetimes of values.
 *
 * @module
 */

import { accessesOf, type Instruction, type Value } from "./trace.ts";

/**
 * Returns the instructions that affect an output, or write to an input or an
 * outside tensor. Every instruction that writes a part of a needed value is
 * kept.
 */
export function withoutDead(
  instructions: readonly Instruction[],
  outputs: ReadonlySet<Value>,
): Instruction[] {
  const needed = new Set<Value>();
  const kept: Instruction[] = [];
  for (const instruction of instructions.toReversed()) {
    const { reads, writes } = accessesOf(instruction);
    const matters = writes.some((value) =>
      needed.has(value) || outputs.has(value) ||
      value.origin.kind === "outside" || value.origin.kind === "input"
    );
    if (!matters) continue;
    kept.push(instruction);
    for (const value of reads) needed.add(value);
    for (const value of writes) needed.add(value);
  }
  return kept.reverse();
}

/** Returns the instructions that read or write each value, in order. */
export function usersOf(
  instructions: readonly Instruction[],
): Map<Value, Instruction[]> {
  const users = new Map<Value, Instruction[]>();
  for (const instruction of instructions) {
    const { reads, writes } = accessesOf(instruction);
    for (const value of new Set([...reads, ...writes])) {
      const known = users.get(value);
      if (known) known.push(instruction);
      else users.set(value, [instruction]);
    }
  }
  return users;
}

/** Indices of the first and the last instruction that touch a value. */
export interface Lifetime {
  readonly value: Value;
  readonly first: number;
  last: number;
}

/** Returns the lifetimes of all values, in the order of their first use. */
export function lifetimesOf(
  instructions: readonly Instruction[],
): Map<Value, Lifetime> {
  const lifetimes = new Map<Value, Lifetime>();
  instructions.forEach((instruction, at) => {
    const { reads, writes } = accessesOf(instruction);
    for (const value of [...reads, ...writes]) {
      const lifetime = lifetimes.get(value);
      if (lifetime) lifetime.last = at;
      else lifetimes.set(value, { value, first: at, last: at });
    }
  });
  return lifetimes;
}

/**
 * Assigns values to slots; values in one slot have disjoint lifetimes.
 *
 * The largest value comes first, and each gets the smallest free slot: the
 * greedy-by-size order of Pisarchyk & Lee 2020, arXiv:2001.03288. Slots are
 * whole buffers, because WebGPU cannot bind one buffer for reading and for
 * writing in one dispatch.
 *
 * @returns The bytes of each slot, and the slot of each value
 */
export function planSlots(
  lifetimes: Iterable<Lifetime>,
): { readonly slots: number[]; readonly slotOf: Map<Value, number> } {
  const slots: { readonly bytes: number; readonly users: Lifetime[] }[] = [];
  const slotOf = new Map<Value, number>();
  const bySize = [...lifetimes].sort((a, b) =>
    b.value.bytes - a.value.bytes || a.first - b.first
  );
  for (const lifetime of bySize) {
    const { value, first, last } = lifetime;
    let best = -1;
    slots.forEach(({ bytes, users }, at) => {
      const isFree = users.every((user) =>
        user.last < first || last < user.first
      );
      const isBetter = best < 0 || bytes < slots[best]!.bytes;
      if (isFree && isBetter) best = at;
    });
    if (best < 0) {
      best = slots.length;
      slots.push({ bytes: value.bytes, users: [] });
    }
    slots[best]!.users.push(lifetime);
    slotOf.set(value, best);
  }
  return { slots: slots.map(({ bytes }) => bytes), slotOf };
}
