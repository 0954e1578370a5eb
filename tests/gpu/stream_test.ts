import { assertEquals, assertRejects, assertThrows } from "@std/assert";

import { CompileProgress } from "../../src/gpu/compile_progress.ts";
import { foldGroups, MAX_GROUPS, type Plan } from "../../src/gpu/plan.ts";
import { pipelineCount } from "../../src/gpu/pipelines.ts";
import { acquire, release } from "../../src/gpu/pool.ts";
import { read, readCounts } from "../../src/gpu/readback.ts";
import {
  acquireIdle,
  clear,
  copy,
  dispatch,
  reportCompiling,
  streamCounts,
  throttle,
  upload,
} from "../../src/gpu/stream.ts";

const source = `
struct Params { size: u32, factor: u32 }
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.size) { x[id.x] = x[id.x] * params.factor + STEP; }
}`;

function scale(buffer: ReturnType<typeof acquire>, factor: number): Plan {
  return {
    name: "scale",
    source,
    consts: { STEP: 1 },
    buffers: [{ buffer }],
    params: [4, factor],
    groups: [1, 1, 1],
    loops: 0,
  };
}

async function words(buffer: ReturnType<typeof acquire>): Promise<number[]> {
  return [...new Uint32Array(await read(buffer, 0, 16))];
}

Deno.test("foldGroups() covers every count within the limit of an axis", () => {
  for (const count of [0, 1, MAX_GROUPS, MAX_GROUPS + 1, 10 ** 6, 2 ** 31]) {
    const [x, y, z] = foldGroups(count);
    assertEquals(x <= MAX_GROUPS && y <= MAX_GROUPS && z === 1, true);
    assertEquals(x * y >= count && x * y < count + y, true);
  }
});

Deno.test("dispatch(), upload(), copy() and clear() act in order", async () => {
  const a = acquire(16);
  const b = acquire(16);
  upload(a, new Uint32Array([1, 2, 3, 4]));
  dispatch(scale(a, 10)); // 11 21 31 41
  copy(a, b, 16);
  // an upload acts before what is recorded, so the stream submits that first
  upload(a, new Uint32Array([5, 5, 5, 5]));
  dispatch(scale(a, 1)); // 6 6 6 6
  clear({ buffer: b }, 0, 4); // 0 21 31 41
  dispatch(scale(b, 2)); // 1 43 63 83
  assertEquals(await Promise.all([words(a), words(b)]), [
    [6, 6, 6, 6],
    [1, 43, 63, 83],
  ]);
  release(a);
  release(b);
});

Deno.test("read() gives the bytes of its moment, whoever writes later", async () => {
  const a = acquire(16);
  upload(a, new Uint32Array([1, 1, 1, 1]));
  const before = words(a);
  release(a);
  const other = acquire(16);
  upload(other, new Uint32Array([9, 9, 9, 9]));
  assertEquals(await before, [1, 1, 1, 1]);
  release(other);
});

Deno.test("read() shares one map among the reads of a turn", async () => {
  const a = acquire(16);
  upload(a, new Uint32Array([1, 2, 3, 4]));
  const before = readCounts().maps;
  await Promise.all([words(a), words(a), words(a)]);
  assertEquals(readCounts().maps, before + 1);
  release(a);
});

Deno.test("dispatch() compiles a source once for each header", async () => {
  const a = acquire(16);
  upload(a, new Uint32Array(4));
  dispatch(scale(a, 1));
  const before = pipelineCount();
  dispatch(scale(a, 2));
  dispatch({ ...scale(a, 3), consts: { STEP: 2 } });
  assertEquals(pipelineCount(), before + 1);
  assertEquals(await words(a), [11, 11, 11, 11]); // ((0+1)*2+1)*3+2
  release(a);
});

Deno.test("dispatch() takes more dispatches than a submission has slots", async () => {
  const a = acquire(16);
  upload(a, new Uint32Array(4));
  const before = streamCounts();
  for (let i = 0; i < 300; i++) dispatch(scale(a, 1));
  assertEquals(await words(a), [300, 300, 300, 300]);
  assertEquals(streamCounts().dispatches, before.dispatches + 300);
  release(a);
});

Deno.test("dispatch() refuses more parameters than a slot holds", () => {
  const a = acquire(16);
  const plan = { ...scale(a, 1), params: new Array<number>(65).fill(0) };
  assertThrows(() => dispatch(plan), RangeError, '"scale": 65 parameters');
  release(a);
});

Deno.test("read() throws what WebGPU said of a kernel that does not compile", async () => {
  const a = acquire(16);
  const broken = { ...scale(a, 1), name: "broken", source: "fn main( {" };
  dispatch(broken);
  await assertRejects(() => words(a), Error, "broken");
  assertEquals((await words(a)).length, 4); // and work goes on
  release(a);
});

Deno.test("throttle() holds a loop back until the GPU has caught up", async () => {
  const a = acquire(16);
  upload(a, new Uint32Array(4));
  for (let step = 0; step < 20; step++) {
    for (let i = 0; i < 50; i++) dispatch(scale(a, 1));
    await throttle();
  }
  assertEquals(await words(a), [1000, 1000, 1000, 1000]);
  release(a);
});

Deno.test("acquireIdle() gives buffers whose upload does not submit what is recorded", async () => {
  const used = acquire(1024);
  upload(used, Uint32Array.of(1, 2, 3, 4));
  dispatch(scale(used, 10));
  release(used); // the next to ask for one of this size would get it
  const before = streamCounts().submissions;
  const idle = acquireIdle(1024);
  upload(idle, Uint32Array.of(5, 6, 7, 8));
  assertEquals(streamCounts().submissions, before);
  dispatch(scale(idle, 100));
  assertEquals(await words(idle), [501, 601, 701, 801]);
  assertEquals(await words(used), [11, 21, 31, 41]);
  assertEquals(acquireIdle(1024), used); // read, so that nothing waits for it
  release(used);
  release(idle);
});

Deno.test("submit() counts the kernels that are compiled, and clears the line", async () => {
  const lines: string[] = [];
  const before = reportCompiling(
    new CompileProgress((text) => lines.push(text), 0),
  );
  try {
    const a = acquire(16);
    upload(a, new Uint32Array([1, 2, 3, 4]));
    // constants make three new pipelines, one of them twice
    for (const STEP of [1001, 1002, 1001, 1003]) {
      dispatch({ ...scale(a, 1), consts: { STEP } });
    }
    assertEquals(await words(a), [4008, 4009, 4010, 4011]);
    const text = (done: number) =>
      `\r\x1b[KCompiling kernels: ${done} of 3, once for each driver`;
    assertEquals(lines, [text(1), text(2), "\r\x1b[K"]);
    dispatch({ ...scale(a, 1), consts: { STEP: 1001 } });
    assertEquals(await words(a), [5009, 5010, 5011, 5012]);
    assertEquals(lines.length, 3);
    release(a);
  } finally {
    reportCompiling(before);
  }
});

Deno.test("submit() says nothing of kernels that are compiled quickly", async () => {
  const lines: string[] = [];
  const before = reportCompiling(
    new CompileProgress((text) => lines.push(text), 1e6),
  );
  try {
    const a = acquire(16);
    upload(a, new Uint32Array(4));
    for (const STEP of [2001, 2002]) {
      dispatch({ ...scale(a, 1), consts: { STEP } });
    }
    assertEquals(await words(a), Array(4).fill(4003));
    assertEquals(lines, []);
    release(a);
  } finally {
    reportCompiling(before);
  }
});
