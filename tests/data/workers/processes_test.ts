/**
 * What a whole program sees of workers: how it ends, which permissions it needs,
 * and where the library may come from.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

const LIBRARY = new URL("../../../src/", import.meta.url);

/** A module with two datasets, for a library at `library`. */
function datasets(library: string): string {
  return `
    import { Dataset } from "${library}data/datasets/dataset.ts";
    export class Squares extends Dataset {
      static url = import.meta.url;
      get length() { return 4; }
      get(index) { return index ** 2; }
    }
    export class Hoard extends Squares {
      static url = import.meta.url;
      get(index) {
        let all;
        while (index === 2) all = { all };
        return index;
      }
    }
    export class Hang extends Squares {
      static url = import.meta.url;
      get(index) { while (index === 1); return index; }
    }
  `;
}

/** What a program wrote, and its status. */
interface Outcome {
  readonly text: string;
  readonly code: number;
}

/** Runs a module that imports the library's loader, in a folder of its own. */
async function runProgram(
  body: string,
  permissions: (folder: string) => string[],
  library: string = LIBRARY.href,
): Promise<Outcome> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/sets.js`, datasets(library));
    const imports = `
      import { DataLoader } from "${library}data/loader/loader.ts";
      import { Hang, Hoard, Squares } from "./sets.js";
    `;
    await Deno.writeTextFile(`${folder}/main.js`, imports + body);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-config",
        "--no-lock",
        ...permissions(folder),
        `${folder}/main.js`,
      ],
      // what is fetched from a port of the moment stays out of Deno's cache
      env: library === LIBRARY.href
        ? { NO_COLOR: "1" }
        : { NO_COLOR: "1", DENO_DIR: `${folder}/cache` },
      signal: AbortSignal.timeout(20_000), // a program that never ends fails
    }).output();
    const text = new TextDecoder().decode(stdout) +
      new TextDecoder().decode(stderr);
    return { text, code };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function assertIncludes(text: string, part: string): void {
  assertEquals(text.includes(part), true, `"${text}" lacks "${part}"`);
}

const readAll = () => ["--allow-read"];

Deno.test("a program ends by itself after a worker hung for ever", async () => {
  const { text, code } = await runProgram(
    `const loader = new DataLoader(new Hang(), { numWorkers: 1, timeout: 0.2 });
     try {
       for await (const _ of loader.host());
     } catch (error) {
       console.log(error.message);
     }`,
    readAll,
  );
  assertIncludes(text, "worker 0 made no progress for 0.2 s while it loaded");
  assertEquals(code, 0);
});

Deno.test("a program ends though an iteration was never finished", async () => {
  const { text, code } = await runProgram(
    `const loader = new DataLoader(new Squares(), {
       numWorkers: 2,
       persistentWorkers: true,
     });
     for await (const _ of loader.host());
     const batches = loader.host();
     console.log((await batches.next()).value.data[0]);`,
    readAll,
  );
  assertEquals([text, code], ["0\n", 0]);
});

Deno.test("workers that are left while they start leave no memory behind", async () => {
  const { text, code } = await runProgram(
    `let before = 0;
     for (let round = 0; round < 30; round++) {
       const loader = new DataLoader(new Squares(), { numWorkers: 2 });
       for await (const _ of loader.host()) break;
       if (round === 9) before = Deno.memoryUsage().rss;
     }
     // what leaks is some 5 MB a round
     console.log(Deno.memoryUsage().rss - before < 50 * 2 ** 20);`,
    readAll,
  );
  assertEquals([text, code], ["true\n", 0]);
});

Deno.test("a module that is meant for main says so in a worker", async () => {
  const { text, code } = await runProgram(
    `const { zeros } = await import("${LIBRARY}tensor/create.ts");
     export class Here extends Squares {
       static url = import.meta.url;
     }
     zeros([1]);
     try {
       for await (const _ of new DataLoader(new Here(), { numWorkers: 1 }).host());
     } catch (error) {
       console.log(error.message);
     }`,
    readAll,
  );
  assertIncludes(
    text,
    "Cannot start DataLoader worker 0: Cannot use a tensor in a DataLoader " +
      "worker: workers have no GPU; return typed arrays or HostArrays, the " +
      "loader uploads them; keep datasets in a module of their own, or put " +
      "the code for the main thread under `if (import.meta.main)`",
  );
  assertEquals(code, 0);
});

Deno.test("a program whose loader fails exits with its error", async () => {
  const { text, code } = await runProgram(
    `for await (const _ of new DataLoader(new Squares(), {
       numWorkers: 2,
       sampler: [0, 9],
     }).host());`,
    readAll,
  );
  assertIncludes(text, "Cannot load sample 9 in DataLoader worker ");
  assertEquals(code, 1);
});

Deno.test("workers without read permission fail with one clear error", async () => {
  const { text, code } = await runProgram(
    `for await (const _ of new DataLoader(new Squares(), {
       numWorkers: 2,
     }).host());`,
    () => [],
  );
  assertIncludes(text, "Cannot start DataLoader worker ");
  assertIncludes(text, "Requires read access to");
  assertIncludes(text, "or use numWorkers: 0");
  assertEquals(code, 1);
});

Deno.test("a dataset whose module runs a loader is told where to put it", async () => {
  const { text, code } = await runProgram(
    `export class Here extends Squares {
       static url = import.meta.url;
     }
     for await (const _ of new DataLoader(new Here(), {
       numWorkers: 1,
     }).host());`,
    readAll,
  );
  assertIncludes(
    text,
    "Cannot start DataLoader workers in a DataLoader worker",
  );
  assertIncludes(text, "if (import.meta.main)");
  assertEquals(code, 1);
});

Deno.test("workers start from a library on the web, with no more permissions", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const path = new URL(request.url).pathname;
      const file = new URL(`..${path}`, LIBRARY);
      const type = path.endsWith(".ts")
        ? "application/typescript"
        : "text/plain";
      return new Response(await Deno.readTextFile(file), {
        headers: { "content-type": type },
      });
    },
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const { text, code } = await runProgram(
    `for await (const x of new DataLoader(new Squares(), {
       batchSize: 4,
       numWorkers: 2,
     }).host()) console.log(x.data.join(" "));`,
    (folder) => [
      "--quiet",
      `--allow-import=${host}`,
      `--allow-read=${folder}/sets.js`,
    ],
    `http://${host}/src/`,
  );
  assertEquals([text, code], ["0 1 4 9\n", 0]);
});

Deno.test("a worker that runs out of memory ends the epoch, not the program", async () => {
  const { text, code } = await runProgram(
    `const loader = new DataLoader(new Hoard(), { numWorkers: 2 });
     try {
       for await (const _ of loader.host());
     } catch (error) {
       console.log(error.message, error.cause.code);
     }
     console.log("goes on");`,
    // what a worker may have, as otherwise it may have gigabytes
    () => ["--allow-read", "--v8-flags=--max-old-space-size=64"],
  );
  assertIncludes(text, "died of an error while it loaded sample 2: ");
  assertIncludes(text, "ERR_WORKER_OUT_OF_MEMORY");
  assertIncludes(text, "goes on");
  assertEquals(code, 0);
});
