/**
 * Tests of `watch`: programs for each list of values from outside.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";

import {
  compile,
  explain,
  memory,
  ones,
  optim,
  scope,
  type Tensor,
} from "../../mod.ts";
import { assertSame } from "./_shared.ts";

Deno.test("compile() finds the programs of earlier watched values again", async () => {
  let [beta, runs] = [0, 0];
  const run = compile((x: Tensor) => {
    runs++;
    return x.mul(beta);
  }, { watch: () => [beta] });
  const results: number[] = [];
  for (let i = 0; i < 24; i++) {
    beta = i % 4;
    results.push(await run(ones([1])).item());
  }
  assertEquals(results, Array.from({ length: 24 }, (_, i) => i % 4));
  assertEquals(runs, 12); // twice for each value, and after one replay
  assertStringIncludes(explain(run), "for earlier values of watch");
});

Deno.test("compile() keeps the programs of eight lists of watched values", async () => {
  let [beta, runs] = [0, 0];
  const run = compile((x: Tensor) => {
    runs++;
    return x.mul(beta).cumsum(0);
  }, { watch: () => beta });
  const measured: number[] = [];
  for (let i = 0; i < 40; i++) { // a value that changes in each call
    beta = i / 40;
    const y = scope(() => run(ones([1])));
    assertEquals(await y.item(), Math.fround(beta));
    y.dispose();
  }
  assertEquals(runs, 40);
  for (let i = 0; i < 60; i++) {
    beta = Math.floor(i / 3);
    scope(() => void run(ones([1])));
    measured.push(memory().live);
  }
  assertEquals(measured.at(-1), measured[29]);
  assertEquals(explain(run).split("replayed").length - 1, 8);
});

Deno.test("compile() follows what a compiled function inside watches", async () => {
  await assertSame((wrap) => {
    let beta = 1;
    const inner = wrap((x: Tensor) => x.mul(beta), { watch: () => beta });
    const outer = wrap((x: Tensor) => inner(x).add(1));
    return [1, 2, 1, 3].map((value) => {
      beta = value;
      return [0, 1, 2].map(() => outer(ones([1])));
    });
  });
});

Deno.test("compile() takes NaN, -0, cycles and shared objects as they are watched", async () => {
  const cycle: { self?: unknown; value: number } = { value: 1 };
  cycle.self = cycle;
  const shared = { a: 1 };
  let [watched, runs]: [unknown, number] = [NaN, 0];
  const run = compile((x: Tensor) => {
    runs++;
    return x.mul(2);
  }, { watch: () => watched });
  const values: (() => unknown)[] = [
    () => NaN,
    () => 0,
    () => -0,
    () => cycle,
    () => [shared, shared],
    () => [shared, { a: 1 }],
    () => [[1], [2]],
    () => [[1, 2]],
    () => undefined,
    () => new Float32Array([1, 2]),
    () => new Map([["a", [1]]]),
    () => new Map([["a", [2]]]),
    () => Object.create(null, {}),
  ];
  for (const value of values) {
    runs = 0;
    for (let i = 0; i < 3; i++) {
      watched = value(); // made anew
      await run(ones([1])).data();
    }
    assertEquals(runs, 2, String(value));
  }
});

Deno.test("compile() follows a watched tensor that is moved to another storage", async () => {
  await assertSame((wrap) => {
    const weight = ones([2], { requiresGrad: true });
    const run = wrap((x: Tensor) => x.mul(weight.detach()), {
      watch: () => weight,
    });
    const calls = () => [0, 1, 2].map(() => run(ones([2])));
    const results = calls();
    const optimizer = new optim.SGD([weight], { lr: 1 });
    weight.grad = ones([2]);
    optimizer.step();
    return [results, calls()];
  });
});

Deno.test("compile() refuses a watch that is no function, is async or fails", () => {
  // @ts-expect-error: it has to be a function
  const wrong = () => compile((x: Tensor) => x, { watch: [1] });
  assertThrows(wrong, TypeError, "expected a function that returns");
  // @ts-expect-error: there is no such option
  const unknown = () => compile((x: Tensor) => x, { watches: () => 1 });
  assertThrows(unknown, TypeError, "watches");
  const later = compile((x: Tensor) => x, { watch: () => Promise.resolve(1) });
  assertThrows(() => later(ones([1])), TypeError, "must not be async");
  const broken = compile((x: Tensor) => x, {
    watch: () => {
      throw new RangeError("not today");
    },
  });
  assertThrows(() => broken(ones([1])), RangeError, "not today");
});

// A number in an object, and how to set it.
const HOLDERS: Readonly<
  Record<string, () => { held: unknown; get(): number; set(to: number): void }>
> = {
  "a date": () => {
    const held = new Date(0);
    return { held, get: () => held.getTime(), set: (to) => held.setTime(to) };
  },
  "a buffer": () => {
    const held = new ArrayBuffer(1);
    const bytes = new Uint8Array(held);
    return { held, get: () => bytes[0]!, set: (to) => bytes[0] = to };
  },
  "a view of a buffer": () => {
    const held = new DataView(new ArrayBuffer(3), 1, 1);
    return {
      held,
      get: () => held.getUint8(0),
      set: (to) => held.setUint8(0, to),
    };
  },
  "a field with a symbol": () => {
    const key = Symbol("key");
    const held = { [key]: 0 };
    return { held, get: () => held[key]!, set: (to) => held[key] = to };
  },
  "a field that is not enumerable": () => {
    const held = { rate: 0 };
    Object.defineProperty(held, "rate", { enumerable: false });
    return { held, get: () => held.rate, set: (to) => held.rate = to };
  },
  "an inherited field": () => {
    const base = { rate: 0 };
    const held: typeof base = Object.create(base);
    return { held, get: () => held.rate, set: (to) => base.rate = to };
  },
  "a getter": () => {
    class Hidden {
      #rate = 0;
      get rate(): number {
        return this.#rate;
      }
      set(to: number) {
        this.#rate = to;
      }
      // a new one each time, which is no change
      get self(): Hidden {
        return new Hidden();
      }
    }
    const held = new Hidden();
    return { held, get: () => held.rate, set: (to) => held.set(to) };
  },
  "a field of a function": () => {
    const held = Object.assign(() => {}, { rate: 0 });
    return { held, get: () => held.rate, set: (to) => held.rate = to };
  },
  "a type of an array": () => {
    let held: Uint8Array | Float32Array = new Uint8Array(1);
    return {
      get held() {
        return held;
      },
      get: () => held.BYTES_PER_ELEMENT,
      set: (to) => held = to % 2 ? new Float32Array(1) : new Uint8Array(1),
    };
  },
};

for (const [name, make] of Object.entries(HOLDERS)) {
  Deno.test(`compile() sees ${name} change in what is watched`, async () => {
    const holder = make();
    let runs = 0;
    const run = compile((x: Tensor) => {
      runs++;
      return x.mul(holder.get());
    }, { watch: () => [holder.held] });
    for (let i = 0; i < 16; i++) {
      holder.set(1 + Math.floor(i / 4));
      assertEquals(await run(ones([1])).item(), holder.get());
    }
    assert(runs <= 12, `a program is replayed, ${runs} runs of 16`);
  });
}
