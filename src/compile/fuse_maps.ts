/**
 * Fusion of maps: elementwise ops that follow each other in the graph become
 * one kernel, which runs at the place of the last one.
 *
 * @module
 */

import { adapterClass } from "../gpu/device.ts";
import { sizeOf } from "../tensor/shape.ts";
import { fuseKernel } from "./fused_kernel.ts";
import { usersOf } from "./liveness.ts";
import {
  accessesOf,
  type Dispatch,
  dispatchOf,
  type Instruction,
  type Kernel,
  type MapNode,
  nameOf,
  type Value,
} from "./trace.ts";

/**
 * Limits of maps per kernel and characters of WGSL, for short compile times.
 */
const MAX_MAPS = 64;
const MAX_TEXT = 800;

/** A dispatch of a single map. */
interface MapDispatch extends Dispatch {
  readonly maps: readonly [MapNode];
}

/** Maps that will be one kernel. */
interface Group {
  readonly members: MapDispatch[];
  readonly first: number;
  last: number;
  readonly touched: Set<Value>;
  readonly written: Set<Value>;
}

/** A map that was not fused with the kernel before it, and the reason. */
export interface Apart {
  readonly name: string;
  readonly why: string;
}

/** The instructions after fusion, and a report. */
export interface FusedMaps {
  readonly instructions: readonly Instruction[];
  /** Names of the fused kernels. */
  readonly made: readonly string[];
  /** Maps that read the result of another map and were not fused with it. */
  readonly apart: readonly Apart[];
}

/**
 * Fuses maps that read results of other maps. `ends` outlive the instructions.
 */
export function fuseMaps(
  instructions: readonly Instruction[],
  ends: ReadonlySet<Value>,
): FusedMaps {
  const users = usersOf(instructions);
  const groupOf = new Map<Instruction, Group>();
  const apart: Apart[] = [];
  const job: Job = { instructions, groups: [], users, ends, apart };
  instructions.forEach((instruction, at) => {
    if (!isMap(instruction)) return;
    groupOf.set(instruction, joined(instruction, at, job));
  });
  const result: Instruction[] = [];
  const made: string[] = [];
  instructions.forEach((instruction, at) => {
    const group = groupOf.get(instruction);
    if (!group || group.members.length === 1) result.push(instruction);
    else if (group.last === at) {
      const fused = kernelOf(group.members, users, ends);
      if (!fused) {
        throw new Error("A group of fused maps has no kernel");
      }
      const maps = group.members.map(({ maps: [map] }) => map);
      result.push(dispatchOf(fused, maps));
      made.push(fused.plan.name);
    }
  });
  return { instructions: result, made, apart };
}

interface Job {
  readonly instructions: readonly Instruction[];
  /** All groups, in the order of their first members. */
  readonly groups: Group[];
  readonly users: ReadonlyMap<Value, readonly Instruction[]>;
  readonly ends: ReadonlySet<Value>;
  readonly apart: Apart[];
}

// Adds a map to the group of its latest producer that fits, or to a new group.
function joined(map: MapDispatch, at: number, job: Job): Group {
  const candidates = job.groups.toReversed().filter(({ written }) =>
    map.maps[0].operands.some((operand) =>
      typeof operand === "object" && written.has(operand.value)
    )
  );
  let obstacle: string | undefined;
  for (const group of candidates) {
    const found = obstacleOf(map, at, group, job);
    if (found) {
      obstacle ??= found;
      continue;
    }
    group.members.push(map);
    group.last = at;
    addAccesses(group, map);
    return group;
  }
  if (obstacle) job.apart.push({ name: map.maps[0].rule.name, why: obstacle });
  const group: Group = {
    members: [map],
    first: at,
    last: at,
    touched: new Set(),
    written: new Set(),
  };
  job.groups.push(group);
  addAccesses(group, map);
  return group;
}

function addAccesses({ touched, written }: Group, map: MapDispatch): void {
  for (const value of map.values) touched.add(value);
  written.add(map.maps[0].out.value);
}

/** Returns the reason why a map cannot join a group, or undefined. */
function obstacleOf(
  map: MapDispatch,
  at: number,
  group: Group,
  { instructions, users, ends }: Job,
): string | undefined {
  const { members, first, touched, written } = group;
  const before = members.at(-1)!.plan.name;
  const text = [...members, map].reduce(
    (sum, { maps: [{ rule }] }) => sum + rule.wgsl.length,
    0,
  );
  if (members.length === MAX_MAPS || text > MAX_TEXT) {
    return `the kernel of ${before} is full (${members.length} maps)`;
  }
  const size = sizeOf(map.maps[0].out.layout.shape);
  if (sizeOf(members[0]!.maps[0].out.layout.shape) !== size) {
    return `${before} has a different number of elements`;
  }
  // The members move down to `at`, past everything in between.
  for (let i = first; i < at; i++) {
    const between = instructions[i]!;
    if (members.some((member) => member === between)) continue;
    const { reads, writes } = accessesOf(between);
    const isInTheWay = reads.some((value) => written.has(value)) ||
      writes.some((value) => touched.has(value));
    if (isInTheWay) {
      return `${nameOf(between)} must run between ${before} and this op`;
    }
  }
  return kernelOf([...members, map], users, ends)
    ? undefined
    : `it does not fit into the kernel of ${before}: too many operands, or ` +
      `strides that do not match`;
}

function kernelOf(
  members: readonly MapDispatch[],
  users: ReadonlyMap<Value, readonly Instruction[]>,
  ends: ReadonlySet<Value>,
): Kernel | undefined {
  const inside = new Set<Instruction>(members);
  const stored = new Set<Value>();
  for (const { maps: [{ out: { value } }] } of members) {
    const isLocal = value.origin.kind === "local" && !ends.has(value) &&
      users.get(value)!.every((user) => inside.has(user));
    if (!isLocal) stored.add(value);
  }
  return fuseKernel(
    members.map(({ maps: [map] }) => map),
    stored,
    adapterClass(),
  );
}

function isMap(instruction: Instruction): instruction is MapDispatch {
  return instruction.kind === "dispatch" && instruction.maps?.length === 1;
}
