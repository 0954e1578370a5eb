import { assertRejects } from "@std/assert";

import { gradcheck } from "../../src/autograd/gradcheck.ts";
import { tensor } from "../../src/tensor/create.ts";

Deno.test("gradcheck() accepts right gradients, first and second", async () => {
  await gradcheck((x, y) => x.pow(3).mul(y), [
    tensor([0.5, -1, 2]),
    tensor([[1], [2]]),
  ], { second: true });
});

Deno.test("gradcheck() refuses a wrong gradient and names the element", async () => {
  await assertRejects(
    () => gradcheck((x) => x.mul(x.detach()), [tensor([0, 3])]),
    Error,
    "input 0, [2], at element 1: got",
  );
});

Deno.test("gradcheck() refuses a function that does not depend on its input", async () => {
  await assertRejects(
    () => gradcheck((x) => x.detach().square(), [tensor([2])]),
    Error,
    "got 0",
  );
});
