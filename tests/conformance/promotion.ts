/**
 * Cases that say in which type a call's result comes for operands of every
 * type. Types only: the values are ones.
 *
 * @module
 */

import { gpu } from "../../src/gpu/device.ts";
import { ones } from "../../src/tensor/create.ts";
import { type DType, isDType } from "../../src/tensor/dtype.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { withArguments } from "./arguments.ts";
import { asFields, type Case, type Fields } from "./case.ts";
import { ownDType } from "./compare.ts";
import { isRefusal, judge, type Outcome, Unsupported } from "./outcome.ts";
import { named, type Row } from "./row.ts";
import { signaturesOf } from "./signatures.ts";

/** Operands of some types: tensors by name, and other arguments. */
interface Operands {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly kwargs: Fields;
}

/** Compares the type of every result that the case lists. */
export function judgePromotion(golden: Case, row: Row): Outcome {
  const table = asFields(golden.expect.result_dtype, "result_dtype");
  const found: (string | undefined)[] = [];
  for (const [types, want] of Object.entries(table)) {
    if (types.includes("float16") && !gpu().hasF16) {
      throw new Unsupported("float16: the adapter lacks shader-f16");
    }
    const got = scope(() => resultType(golden, row, types.split(",")));
    if (got !== ownDType(String(want))) {
      found.push(`of ${types}: got ${got}, want ${want}`);
    }
  }
  return judge(found);
}

/** The type of the result, or `error` where the call is refused. */
function resultType(
  golden: Case,
  row: Row,
  types: readonly string[],
): string {
  const call = { op: golden.op, ...operandsOf(golden, types) };
  return withArguments(call, (args) => {
    try {
      const results = row(args);
      if (results instanceof Promise) {
        throw new Unsupported("a type that only comes with the values");
      }
      const [first] = named(results).values();
      return first ? first.dtype : "nothing";
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return "error";
    }
  });
}

/** What the two operands of an op are called. */
function operandNames(op: string): [first: string, second: string] {
  const [first, second] = signaturesOf(op)[0] ?? [];
  return first?.name === "tensors"
    ? ["tensors.0", "tensors.1"]
    : [first?.name ?? "input", second?.name ?? "other"];
}

/** The words of the goldens, operand by operand. */
const OPERANDS: Readonly<Record<string, readonly string[]>> = {
  "one tensor": ["one-dimensional tensor"],
  "two one-dimensional tensors": [
    "one-dimensional tensor",
    "one-dimensional tensor",
  ],
  "two zero-dimensional tensors": [
    "zero-dimensional tensor",
    "zero-dimensional tensor",
  ],
};

function operandsOf(golden: Case, types: readonly string[]): Operands {
  const { operands, scalars, ...rest } = golden.kwargs;
  const words = String(operands).replace(/, in place on the first$/, "");
  const described = OPERANDS[words] ?? words.split(", ");
  const names = operandNames(golden.op);
  const tensors = new Map<string, Tensor>();
  const kwargs: Record<string, unknown> = { ...rest };
  if (described.length > names.length) {
    throw new Unsupported(`operands: ${operands}`);
  }
  described.forEach((word, i) => {
    const [name, type] = [names[i]!, types[i] ?? ""];
    switch (word) {
      case "one-dimensional tensor":
        tensors.set(name, ones([2], { dtype: own(type) }));
        break;
      case "zero-dimensional tensor":
        tensors.set(name, ones([], { dtype: own(type) }));
        break;
      case "Python scalar":
        kwargs[name] = asFields(scalars, "scalars")[type];
        break;
      default:
        throw new Unsupported(`operands: ${operands}`);
    }
  });
  return { tensors, kwargs };
}

function own(name: string): DType {
  const dtype = ownDType(name);
  if (!isDType(dtype)) throw new Unsupported(`type ${name}`);
  return dtype;
}
