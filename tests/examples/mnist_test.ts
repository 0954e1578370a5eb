import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const program = new URL("../../examples/mnist.ts", import.meta.url).pathname;
const config = new URL("../../deno.json", import.meta.url).pathname;
const mnist = new URL("../../../shared/data/mnist/", import.meta.url);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The line of JSON at the end, if there is one. */
  readonly result: Readonly<Record<string, number | string>>;
}

/** Runs the example in a home of its own, with the given permissions. */
async function run(
  home: string,
  permissions: readonly string[],
  args: readonly string[],
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-check",
      "--config",
      config,
      ...permissions,
      program,
      ...args,
    ],
    env: { KINDLING_HOME: home },
    stdin: "null",
  }).output();
  const out = new TextDecoder().decode(stdout);
  const last = out.trim().split("\n").at(-1) ?? "";
  return {
    code,
    out,
    err: new TextDecoder().decode(stderr),
    result: last.startsWith("{") ? JSON.parse(last) : {},
  };
}

async function inFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("mnist.ts trains on drawn digits without permissions and says so", async () => {
  await inFolder(async (home) => {
    const args = ["--limit", "1280", "--epochs", "2", "--json"];
    const { code, out, err, result } = await run(home, [], args);
    assertEquals(code, 0, err);
    assertStringIncludes(err, "TRAINING ON SYNTHETIC DIGITS");
    assertStringIncludes(out, "on 1280 images of synthetic");
    assertStringIncludes(out, "most often mistaken");
    assertEquals(result.dataset, "synthetic");
    assert(Number(result.testAccuracy) > 0.8, out);
    assert(Number(result.firstLossSeconds) < Number(result.seconds));
    const { stepMs, scriptMs, waitingShare, reads } = result;
    assert(0 < Number(scriptMs) && Number(scriptMs) <= Number(stepMs), out);
    assert(0 <= Number(waitingShare) && Number(waitingShare) < 1, out);
    assert(1 <= Number(reads) && Number(reads) <= 20, out); // of 20 steps
  });
});

Deno.test("mnist.ts fails when it is told to use MNIST and can't", async () => {
  await inFolder(async (home) => {
    const nobody = "http://127.0.0.1:9/";
    const args = ["--dataset", "mnist", "--mirror", nobody];
    const { code, err } = await run(home, ["-P"], args);
    assertEquals(code, 1);
    assertStringIncludes(err, nobody);
  });
});

Deno.test("mnist.ts names an option that it does not know", async () => {
  await inFolder(async (home) => {
    const unknown = await run(home, [], ["--epoch", "3"]);
    assertEquals(unknown.code, 2);
    assertStringIncludes(unknown.err, "--epoch");
    const wrong = await run(home, [], ["--model", "resnet"]);
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.err, "expected lenet, cnn, mlp");
  });
});

Deno.test("mnist.ts goes on from a checkpoint to the same bits", async () => {
  await inFolder(async (home) => {
    const common = ["--dataset", "synthetic", "--limit", "640", "--json"];
    // the model with dropout, so that random state matters, too
    common.push("--model", "cnn", "--batch-size", "32");
    const whole = `${home}/whole.safetensors`;
    const halves = `${home}/halves.safetensors`;
    const train = async (...args: string[]): Promise<void> => {
      const { code, err } = await run(home, ["-P"], [...common, ...args]);
      assertEquals(code, 0, err);
    };
    await train("--epochs", "2", "--save", whole);
    await train("--epochs", "1", "--save", halves);
    await train("--epochs", "2", "--resume", halves, "--save", halves);
    assertEquals(await Deno.readFile(halves), await Deno.readFile(whole));
  });
});

Deno.test("mnist.ts tests a run that is resumed at its end", async () => {
  await inFolder(async (home) => {
    const file = `${home}/run.safetensors`;
    const args = ["--dataset", "synthetic", "--limit", "640", "--json"];
    args.push("--epochs", "1");
    const trained = await run(home, ["-P"], [...args, "--save", file]);
    const tested = await run(home, ["-P"], [...args, "--resume", file]);
    assertEquals(tested.code, 0, tested.err);
    assertEquals(tested.result.testLoss, trained.result.testLoss);
  });
});

Deno.test("mnist.ts refuses to save where there is no folder, before it trains", async () => {
  await inFolder(async (home) => {
    const args = ["--save", `${home}/none/run.safetensors`];
    const { code, out, err } = await run(home, ["-P"], args);
    assertEquals(code, 2);
    assertEquals(out, "");
    assertStringIncludes(err, `there is no folder "${home}/none"`);
    const folder = await run(home, ["-P"], ["--save", home]);
    assertStringIncludes(folder.err, "it is a folder");
  });
});

Deno.test("mnist.ts trains on drawn digits where nothing can be cached", async () => {
  await inFolder(async (home) => {
    const file = `${home}/file`;
    await Deno.writeTextFile(file, "");
    const args = ["--limit", "64", "--epochs", "1", "--json"];
    const { code, err, result } = await run(file, ["-P"], args);
    assertEquals(code, 0, err);
    assertStringIncludes(err, "a part of this path is a file");
    assertEquals(result.dataset, "synthetic");
  });
});

const hasMNIST = await Deno.stat(mnist).then(() => true, () => false);

Deno.test({
  name: "mnist.ts downloads MNIST, trains on workers and tests",
  ignore: !hasMNIST, // the files are not part of the project
  fn: async () => {
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        const name = new URL(request.url).pathname.split("/").at(-1) ?? "";
        return new Response(await Deno.readFile(new URL(name, mnist)));
      },
    );
    const mirror = `http://127.0.0.1:${server.addr.port}`;
    try {
      await inFolder(async (home) => {
        const args = ["--mirror", mirror, "--limit", "1920", "--epochs", "1"];
        args.push("--workers", "2", "--json");
        const { code, err, result } = await run(home, ["-P"], args);
        assertEquals(code, 0, err);
        assertEquals(result.dataset, "mnist");
        assert(Number(result.testAccuracy) > 0.7);
      });
    } finally {
      await server.shutdown();
    }
  },
});

Deno.test("mnist.ts compiles its steps to the bits of --eager", async () => {
  await inFolder(async (home) => {
    const results = [];
    for (const model of ["lenet", "cnn"]) {
      const args = ["--limit", "130", "--epochs", "2", "--model", model];
      for (const mode of [[], ["--eager"]]) {
        const { code, err, result } = await run(home, [], [
          ...args,
          "--json",
          ...mode,
        ]);
        assertEquals(code, 0, err);
        results.push([result.testAccuracy, result.testLoss]);
      }
      assertEquals(results.at(-1), results.at(-2), model);
    }
  });
});
