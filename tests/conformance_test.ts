import { assertEquals } from "@std/assert";

const RUNNER = new URL("conformance.ts", import.meta.url).pathname;

/** Cases that need no tensors: rates of a scheduler that halves them. */
const HALVING = {
  op: "torch.optim.lr_scheduler.ExponentialLR",
  optimizer: { name: "SGD", lr: 1 },
  steps: 2,
  atol: 0,
  rtol: 0,
};

const RIGHT = {
  ...HALVING,
  id: "right",
  kwargs: { gamma: 0.5 },
  expect: { lr: [1, 0.5, 0.25] },
};
const WRONG = { ...RIGHT, id: "wrong", expect: { lr: [1, 0.5, 0.5] } };
const REFUSED = {
  ...HALVING,
  id: "refused",
  op: "torch.optim.lr_scheduler.ConstantLR",
  kwargs: { factor: 2 },
  expect: { error: "ValueError" },
};
const ACCEPTED = { ...RIGHT, id: "accepted", expect: { error: "ValueError" } };
const NO_ROW = { ...RIGHT, id: "no row", op: "torch.no_such_call" };
const NO_OPTION = {
  ...RIGHT,
  id: "no option",
  kwargs: { gamma: 0.5, magic: 1 },
};

/** Runs the runner on a folder with these cases as its schedulers. */
async function run(
  cases: readonly unknown[],
  ...options: readonly string[]
): Promise<{ code: number; lines: string[] }> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/schedulers.json`,
      JSON.stringify({ category: "schedulers", cases }),
    );
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", RUNNER, folder, ...options],
    }).output();
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    return { code, lines };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("conformance counts, names what failed and exits with 1", async () => {
  const { code, lines } = await run([RIGHT, WRONG, REFUSED, ACCEPTED, NO_ROW]);
  assertEquals(lines, [
    "FAILED schedulers wrong (torch.optim.lr_scheduler.ExponentialLR): " +
    "lr[2]: got 0.25, want 0.5, off by 0.25, allowed 0",
    "FAILED schedulers accepted (torch.optim.lr_scheduler.ExponentialLR): " +
    "was not refused",
    "schedulers: 2 passed, 2 failed, 1 unsupported",
    "total: 2 passed, 2 failed, 1 unsupported",
  ]);
  assertEquals(code, 1);
});

Deno.test("conformance takes an option that is not there for unsupported", async () => {
  const { code, lines } = await run([NO_OPTION], "--verbose");
  assertEquals(lines, [
    "unsupported schedulers no option " +
    "(torch.optim.lr_scheduler.ExponentialLR): with magic",
    "schedulers: 0 passed, 0 failed, 1 unsupported",
    "total: 0 passed, 0 failed, 1 unsupported",
  ]);
  assertEquals(code, 0);
});

Deno.test("conformance prints one object with --json", async () => {
  const { lines } = await run([RIGHT, WRONG], "--json");
  assertEquals(lines.length, 1);
  const { total, failed } = JSON.parse(lines[0]!);
  assertEquals(total, { passed: 1, failed: 1, unsupported: 0 });
  assertEquals(failed[0].id, "wrong");
});

Deno.test("conformance refuses a category that the folder lacks", async () => {
  const { code } = await run([RIGHT], "--only", "tensor");
  assertEquals(code, 2);
});
