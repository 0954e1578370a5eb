import { assert, assertEquals, assertRejects } from "@std/assert";

import { ones, profile } from "../../mod.ts";

Deno.test("profile() counts the dispatches of each kernel and their time", async () => {
  const x = ones([300, 300]);
  const seen = await profile(() => x.exp().exp().sum());
  const exp = seen.kernels.find(({ name }) => name === "exp")!;
  assertEquals(exp.dispatches, 2);
  assert(exp.ms > 0 && exp.ms <= seen.ms, `${exp.ms} of ${seen.ms} ms`);
  const [header, first] = seen.toString().split("\n");
  assert(/^kernel +dispatches +ms +share$/.test(header!), header!);
  assert(first!.startsWith(seen.kernels[0]!.name), first!);
  assertEquals(await x.exp().sum().item() > 0, true); // and goes on without it
});

Deno.test("profile() of nothing is empty", async () => {
  assertEquals((await profile(() => {})).kernels, []);
});

Deno.test("profile() passes errors on and refuses too many dispatches", async () => {
  await assertRejects(
    () =>
      profile(() => {
        throw new RangeError("not today");
      }),
    RangeError,
    "not today",
  );
  await assertRejects(
    () =>
      profile(() => {
        let x = ones([1]);
        for (let i = 0; i < 3000; i++) x = x.add(1);
      }),
    RangeError,
    "Cannot profile more than 2048 dispatches: profile a part",
  );
  await assertRejects(
    () => profile(() => profile(() => ones([2]).add(1))),
    Error,
    "Cannot profile inside of another profile",
  );
  assertEquals(await ones([2]).add(1).toArray(), [2, 2]);
});
