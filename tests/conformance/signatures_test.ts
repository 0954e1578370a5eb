import { assertEquals } from "@std/assert";
import { ALIASES } from "./ops/aliases.ts";
import { OWN } from "./ops/own.ts";
import { findRow, TABLE } from "./table.ts";
import { parameterOf, signaturesOf } from "./signatures.ts";

Deno.test("signaturesOf() knows every row of the table and every alias", () => {
  const ops = [...Object.keys(TABLE), ...Object.keys(ALIASES)]
    .filter((op) => !(op in OWN));
  assertEquals(ops.filter((op) => signaturesOf(op).length === 0), []);
  assertEquals(Object.keys(ALIASES).filter((op) => !findRow(op)), []);
});

Deno.test("signaturesOf() gives overloads in order, methods as functions", () => {
  const [whole, ofTwo] = signaturesOf("torch.Tensor.max");
  assertEquals(whole?.map(({ name }) => name), ["input", "dim", "keepdim"]);
  assertEquals(ofTwo?.map(({ name }) => name), ["input", "other"]);
  assertEquals(signaturesOf("torch.no_such_call"), []);
});

Deno.test("parameterOf() gives torch's defaults as JSON", () => {
  const names = ["lr", "betas", "amsgrad", "foreach", "params"];
  assertEquals(
    names.map((name) => parameterOf("torch.optim.Adam", name)?.default),
    [0.001, [0.9, 0.999], false, null, undefined],
  );
  assertEquals(parameterOf("torch.norm", "p")?.default, "fro");
});
