/**
 * Tests of checkpoints: what comes back, what is refused, what a kill leaves.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";

import { readCounts } from "../../src/gpu/readback.ts";
import { load, save } from "../../src/io/checkpoint.ts";
import {
  encodeSafetensors,
  parseSafetensors,
} from "../../src/io/safetensors.ts";
import * as nn from "../../src/nn/mod.ts";
import * as optim from "../../src/optim/mod.ts";
import { randn } from "../../src/ops/random/random.ts";
import { ones, tensor, zeros } from "../../src/tensor/create.ts";
import { defaultGenerator, manualSeed } from "../../src/tensor/generator.ts";
import { HostArray } from "../../src/tensor/host_array.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

async function withFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A small run with everything random in it. */
function makeRun() {
  const model = new nn.Sequential(
    new nn.Linear(5, 7),
    new nn.ReLU(),
    new nn.Dropout(0.3),
    new nn.Linear(7, 3),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const scheduler = new optim.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
  return { model, optimizer, scheduler };
}

function train({ model, optimizer, scheduler }: ReturnType<typeof makeRun>) {
  optimizer.zeroGrad();
  model.call(randn([4, 5])).square().mean().backward();
  optimizer.step();
  scheduler.step();
}

async function values(model: nn.Module): Promise<number[][]> {
  const all = [...model.stateDict().values()];
  return await Promise.all(all.map(async (each) => [...await each.data()]));
}

Deno.test("load() brings back every kind of part, and returns plain values", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run.safetensors`;
    const weights = tensor([[1, -0], [NaN, 3]]);
    const mask = tensor([true, false, true]);
    const best = {
      accuracy: 0.5,
      loss: Infinity,
      lists: [[1], []],
      none: null,
    };
    await save(path, { weights, mask, best, nothing: undefined });

    const target = zeros([2, 2]);
    const rest = await load(path, { weights: target });
    assertEquals([...await target.data()], [1, -0, NaN, 3]);
    assertEquals(Object.keys(rest), ["mask", "best"]);
    assertEquals(rest.best, best);
    assert(rest.mask instanceof Tensor);
    assertEquals(rest.mask.dtype, "bool");
    assertEquals([...await rest.mask.data()], [1, 0, 1]);
  });
});

Deno.test("save() and load() take a record of parts, and say which there are", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run.safetensors`;
    const model = new nn.Sequential(new nn.Linear(2, 1));
    const states = [model, model.stateDict(), [model], zeros([1])];
    for (const parts of states) {
      // as an unchecked program calls them
      for (const run of [save, load]) {
        await assertRejects(
          () => Reflect.apply(run, undefined, [path, parts]),
          TypeError,
          "expected a record of parts, as in { model }",
        );
      }
    }
    await save(path, { model, epoch: 1 });
    await assertRejects(
      () => load(path, { model, other: model }),
      TypeError,
      'it has no part "other", only model, epoch',
    );
  });
});

Deno.test("load() goes on to the same bits as a run without a break", async () => {
  await withFolder(async (folder) => {
    manualSeed(4);
    const whole = makeRun();
    for (let step = 0; step < 3; step++) train(whole);
    await save(`${folder}/run`, whole);
    for (let step = 0; step < 4; step++) train(whole);
    const expected = await values(whole.model);

    manualSeed(99);
    const resumed = makeRun();
    await load(`${folder}/run`, resumed);
    assertEquals(resumed.scheduler.lastEpoch, 3);
    assertEquals(resumed.optimizer.paramGroups[0]!.lr, 0.025);
    for (let step = 0; step < 4; step++) train(resumed);
    assertEquals(await values(resumed.model), expected);
  });
});

Deno.test("save() writes torch's names, and reads a flat buffer in one piece", async () => {
  await withFolder(async (folder) => {
    const { model, optimizer } = makeRun();
    const before = readCounts().maps;
    await save(`${folder}/run`, { model, optimizer });
    assertEquals(readCounts().maps - before, 1);
    const { tensors } = parseSafetensors(await Deno.readFile(`${folder}/run`));
    assertEquals([...tensors.keys()], [
      "model.0.weight",
      "model.0.bias",
      "model.3.weight",
      "model.3.bias",
    ]);
  });
});

Deno.test("save() stores what the state is at the call, while training goes on", async () => {
  await withFolder(async (folder) => {
    const value = ones([3]);
    const saving = save(`${folder}/run`, { value });
    value.mul_(5);
    await saving;
    const rest = await load(`${folder}/run`);
    assert(rest.value instanceof Tensor);
    assertEquals([...await rest.value.data()], [1, 1, 1]);
  });
});

Deno.test("save() names what it can't store, before it writes", async () => {
  await withFolder(async (folder) => {
    const bad = { options: { transform: () => 0 } };
    await assertRejects(
      () => save(`${folder}/run`, bad),
      TypeError,
      `Cannot store "options.transform": a function can't be saved`,
    );
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await assertRejects(
      () => save(`${folder}/run`, { circle }),
      TypeError,
      "contains itself",
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("load() changes nothing when a part does not fit", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run`;
    const saved = makeRun();
    train(saved);
    await save(path, { ...saved, other: zeros([2]) });

    const { model, optimizer, scheduler } = makeRun();
    const before = await values(model);
    const attempts: [Record<string, unknown>, string][] = [
      [{ model, optimizer, missing: new nn.Linear(1, 1) }, `no part "missing"`],
      [
        { model, other: zeros([3]) },
        `part "other": it is a tensor of shape [2]`,
      ],
      [
        { model, optimizer: scheduler },
        `part "optimizer": Cannot load a state`,
      ],
      [
        { model, scheduler: new optim.SGD(model.parameters(), { lr: 1 }) },
        `part "scheduler": Cannot load a state into SGD`,
      ],
      [{ optimizer, model: new nn.Linear(2, 2) }, `missing: "weight", "bias"`],
    ];
    const state = defaultGenerator().state();
    for (const [parts, message] of attempts) {
      const error = await assertRejects(() => load(path, parts), TypeError);
      assertStringIncludes(error.message, `Cannot load "${path}": `);
      assertStringIncludes(error.message, message);
    }
    assertEquals(await values(model), before);
    assertEquals(defaultGenerator().state(), state);
    assertEquals(optimizer.paramGroups[0]!.lr, 0.05);
  });
});

Deno.test("load() takes parts back when a later one refuses", async () => {
  await withFolder(async (folder) => {
    class Counter {
      constructor(public count: number, readonly limit: number) {}
      state(): unknown {
        return { count: this.count };
      }
      resume(state: unknown): void {
        const { count } = Object(state);
        if (count > this.limit) throw new RangeError(`${count} is too many`);
        this.count = count;
      }
    }
    const path = `${folder}/run`;
    await save(path, { a: new Counter(7, 9), b: new Counter(8, 9) });
    const [a, b] = [new Counter(1, 9), new Counter(2, 5)];
    await assertRejects(
      () => load(path, { a, b }),
      RangeError,
      `part "b": 8 is too many`,
    );
    assertEquals([a.count, b.count], [1, 2]);
  });
});

Deno.test("load() refuses files that are cut, foreign or hostile", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run`;
    await save(path, { x: ones([1000]) });
    const whole = await Deno.readFile(path);
    for (const length of [0, 7, 8, 100, whole.length - 1]) {
      await Deno.writeFile(path, whole.subarray(0, length));
      const error = await assertRejects(() => load(path), SyntaxError);
      assertStringIncludes(error.message, `Cannot load "${path}": `);
    }
    const x = new HostArray(new Float32Array(2));
    const files: [Record<string, string>, string][] = [
      [{}, "no checkpoint of Kindling's"],
      [{ kindling: "checkpoint 9", parts: "{}", random: "{}" }, "checkpoint 9"],
      [form("{"), "JSON"],
      [form(`{"a":{"$tensor":"y"}}`), `the tensor "y" is missing`],
      [form(`{"a":{"$run":"y"}}`), `"$run" is not known`],
      [form("7"), "no record"],
      [{ ...form("{}"), random: "[]" }, "Cannot restore a generator"],
    ];
    for (const [metadata, message] of files) {
      const bytes = encodeSafetensors(new Map([["x", x]]), metadata);
      await Deno.writeFile(path, bytes);
      const error = await assertRejects(() => load(path), Error);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.message, path);
    }
    await Deno.writeFile(
      path,
      encodeSafetensors(
        new Map(),
        form(
          `{"__proto__":{"polluted":1},"model":{"$map":[["weight",3]]}}`,
        ),
      ),
    );
    const model = new nn.Linear(1, 1);
    await assertRejects(
      () => load(path, { model }),
      TypeError,
      "expected a Map of tensors by name",
    );
    assertEquals(Reflect.get({}, "polluted"), undefined);
  });
});

function form(parts: string): Record<string, string> {
  const random = `{"version":1,"seed":0,"offset":0,"word":0}`;
  return { kindling: "checkpoint 1", parts, random };
}

Deno.test("save() and load() take file addresses, and no others", async () => {
  await withFolder(async (folder) => {
    const url = new URL(`file://${folder}/a run`);
    await save(url, { epoch: 2 });
    assertEquals(await load(`${folder}/a run`), { epoch: 2 });
    assertEquals(await load(url), { epoch: 2 });
    const web = new URL("https://127.0.0.1/run");
    await assertRejects(() => load(web), TypeError, "not a https: address");
  });
});

Deno.test("load() and save() keep Deno's errors, with the path", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/none/run`;
    const notFound = Deno.errors.NotFound;
    await assertRejects(() => load(path), notFound, `Cannot load "${path}": `);
    await assertRejects(
      () => save(path, { epoch: 1 }),
      notFound,
      `Cannot save "${path}": `,
    );
  });
});

Deno.test("save() at once from several places leaves one of them whole", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run`;
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => save(path, { i, x: zeros([999]) })),
    );
    const { i } = await load(path);
    assert(Number.isInteger(i));
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "run",
    ]);
  });
});

/** Starts a program of this folder's parent with some permissions. */
function start(code: string, ...flags: string[]): Deno.ChildProcess {
  const root = new URL("../../", import.meta.url);
  const source = `import { load, save } from "${root}src/io/checkpoint.ts";
    import { HostArray } from "${root}src/tensor/host_array.ts";
    ${code}`;
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-config",
      ...flags,
      `data:application/typescript,${encodeURIComponent(source)}`,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("save() without permission to write says so", async () => {
  const child = start(
    `await save("/tmp/none/run", { epoch: 1 });`,
    "--allow-read",
    "--allow-import",
  );
  const { code, stderr } = await child.output();
  assertEquals(code, 1);
  const text = new TextDecoder().decode(stderr);
  assertStringIncludes(text, `NotCapable: Cannot save "/tmp/none/run": `);
});

Deno.test("save() that is killed leaves the old file or the new one", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/run`;
    for (const delayMs of [0, 15, 40, 90]) {
      const child = start(
        `for (let i = 0;; i++) {
          const x = new HostArray(new Float32Array(200_000).fill(i));
          await save(${JSON.stringify(path)}, { i, x });
          if (i === 0) console.log("saved");
        }`,
        "-A",
      );
      const lines = child.stdout.getReader();
      await lines.read();
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill("SIGKILL");
      await Promise.all([child.status, lines.cancel(), child.stderr.cancel()]);
      const { i, x } = await load(path, {}, { random: false });
      assert(x instanceof Tensor);
      const data = await x.data();
      assert(data.every((value) => value === i), `torn at ${i}`);
    }
  });
});
