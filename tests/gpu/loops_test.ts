import { assertEquals, assertThrows } from "@std/assert";

import { withAdapterClass } from "../../src/gpu/device.ts";
import { checkBounds, MAX_LOOPS, type Plan } from "../../src/gpu/plan.ts";
import { planOnly } from "../../src/gpu/stream.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { countIn, dispatchCounted } from "./_count_loops.ts";
import { CONV_CALLS } from "./loops_conv.ts";
import { POOL_CALLS } from "./loops_pool.ts";
import { PRODUCT_CALLS } from "./loops_products.ts";
import { ROW_CALLS } from "./loops_rows.ts";
import { VISION_CALLS } from "./loops_vision.ts";

const CALLS = [
  ...ROW_CALLS,
  ...CONV_CALLS,
  ...POOL_CALLS,
  ...PRODUCT_CALLS,
  ...VISION_CALLS,
];
const CLASSES = ["cpu", "gpu"] as const;

// A kernel is counted once: its variants loop over the same sizes.
const counted = new Set<string>();

for (const kind of CLASSES) {
  for (const { name, call } of CALLS) {
    Deno.test(`Plan.loops bounds ${name} (${kind} kernels)`, async () => {
      const found: { plan: Plan; most: Tensor }[] = [];
      planOnly((plan) => {
        const key = `${plan.name} ${plan.source}`;
        if (counted.has(key)) return;
        counted.add(key);
        found.push({ plan, most: dispatchCounted(plan) });
      }, () => withAdapterClass(kind, () => call("small")));
      for (const { plan, most } of found) {
        const loops = await most.item();
        const said =
          `"${plan.name}" says ${plan.loops} iterations, and makes ${loops}`;
        assertEquals(loops <= plan.loops, true, said);
        most.dispose();
      }
    });

    Deno.test(`Plan.loops keeps to the limit in ${name}, far (${kind} kernels)`, () => {
      const plan = () => withAdapterClass(kind, () => call("far"));
      scope(() => {
        planOnly(() => {}, plan); // checks every plan
      });
    });
  }
}

Deno.test("dispatch() refuses a kernel that loops too long, by its name", () => {
  const plan: Plan = {
    name: "endless",
    source: "",
    buffers: [],
    params: [],
    groups: [1, 1, 1],
    loops: MAX_LOOPS + 1,
  };
  assertThrows(
    () => checkBounds(plan),
    RangeError,
    'Cannot run "endless": an invocation would make 65536 loop iterations, ' +
      "65535 at most",
  );
  assertThrows(() => checkBounds({ ...plan, loops: NaN }), RangeError);
  checkBounds({ ...plan, loops: MAX_LOOPS });
});

Deno.test("dispatch() refuses more workgroups than an axis has", () => {
  const plan: Plan = {
    name: "wide",
    source: "",
    buffers: [],
    params: [],
    groups: [65536, 1, 1],
    loops: 0,
  };
  assertThrows(() => checkBounds(plan), RangeError, "[65536,1,1] workgroups");
});

Deno.test("countIn() finds the body of each kind of loop", () => {
  assertEquals(
    countIn("for (var i = f(1); i < 2; i++) { a(); } // for\nloop { b(); }"),
    "count_loop(1u); for (var i = f(1); i < 2; i++) { count_loop(1u); a(); } \n" +
      "count_loop(1u); loop { count_loop(1u); b(); }",
  );
});
