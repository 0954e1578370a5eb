/**
 * The whole suite: what `./run test` runs when it is given nothing.
 *
 * Each step is one deno command. A failed step does not keep the later ones
 * from running; the last line is `N passed, N failed`, the test runner's own
 * numbers added up, a failed step that ran no test counted as one failure.
 *
 * Called with the configuration file to use: deno.json, or the copy of it that
 * links the stand-in for `@std/assert`.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- a command line program

/** One command, and what it shows. */
interface Step {
  /** What the step shows, as its heading says it. */
  readonly name: string;
  /** deno's arguments. */
  readonly args: readonly string[];
}

/** What came of a step. */
interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
  readonly seconds: number;
}

const ENTRY_POINTS = ["mod.ts", "datasets/mod.ts"];

/** The steps in the order in which they run: quick ones first. */
function steps(config: string, documented: readonly string[]): Step[] {
  return [
    { name: "formatting", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    { name: "types", args: ["check", "--config", config, "."] },
    {
      name: "documentation",
      args: ["doc", "--lint", "--config", config, ...ENTRY_POINTS],
    },
    {
      name: "package",
      args: ["publish", "--dry-run", "--allow-dirty", "--config", config],
    },
    {
      name: "examples in the documentation",
      args: ["test", "-P", "--doc", "--config", config, ...documented],
    },
    {
      name: "tests",
      args: ["test", "-P", "--no-check", "--config", config, "tests"],
    },
  ];
}

/** Runs a step, showing its output as it comes. */
async function run(step: Step): Promise<Outcome> {
  console.log(`\n== ${step.name}: deno ${step.args.join(" ")}`);
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...step.args],
    stdin: "null",
    stdout: "piped",
    env: Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : {},
  }).spawn();

  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    await write(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  const { success } = await child.status;
  const seconds = (performance.now() - start) / 1000;
  const counts = countTests(output);
  const failed = !success && counts.failed === 0 ? 1 : counts.failed;
  return { ...counts, failed, seconds };
}

/** The numbers in the last line of `deno test`; zeros for other commands. */
export function countTests(
  output: string,
): { passed: number; failed: number; ignored: number } {
  // deno-lint-ignore no-control-regex -- colours begin with an escape
  const plain = output.replaceAll(/\x1b\[[\d;]*m/g, "");
  const summary = /^\w+ \| (\d+) passed.* \| (\d+) failed(.*)$/gm;
  const last = [...plain.matchAll(summary)].at(-1);
  const ignored = /\| (\d+) ignored/.exec(last?.[3] ?? "");
  return {
    passed: Number(last?.[1] ?? 0),
    failed: Number(last?.[2] ?? 0),
    ignored: Number(ignored?.[1] ?? 0),
  };
}

async function write(bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) {
    bytes = bytes.subarray(await Deno.stdout.write(bytes));
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  Deno.chdir(new URL("..", import.meta.url));
  const config = Deno.args[0] ?? "deno.json";
  const documented = [...ENTRY_POINTS, "src", "datasets", "README.md", "docs"]
    .filter(exists);

  const total = { passed: 0, failed: 0 };
  const lines: string[] = [];
  for (const step of steps(config, documented)) {
    const { passed, failed, ignored, seconds } = await run(step);
    total.passed += passed;
    total.failed += failed;
    const result = step.args.includes("test")
      ? `${passed} passed, ${failed} failed, ${ignored} ignored`
      : failed === 0
      ? "ok"
      : "failed";
    lines.push(`${seconds.toFixed(1).padStart(6)} s  ${step.name}: ${result}`);
  }
  console.log(`\n${lines.join("\n")}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  Deno.exit(total.failed > 0 ? 1 : 0);
}
