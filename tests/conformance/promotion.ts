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
import { Arguments } from "./arguments.ts";
import { asFields, type Case, type Fields } from "./case.ts";
import { ownDType } from "./compare.ts";
import { judge, type Outcome, Unsupported } from "./outcome.ts";
import { named, type Row } from "./row.ts";

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
  const { tensors, kwargs } = operandsOf(golden, types);
  const args = new Arguments(kwargs, tensors);
  try {
    const results = row(args);
    if (results instanceof Promise) {
      throw new Unsupported("a type that only comes with the values");
    }
    const [first] = named(results).values();
    return first ? first.dtype : "nothing";
  } catch (error) {
    if (error instanceof Unsupported) throw error;
    return "error";
  } finally {
    args.check();
  }
}

/** What the operands of an op are called, where not `input` and `other`. */
const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  "torch.cat": ["tensors.0", "tensors.1"],
  "torch.stack": ["tensors.0", "tensors.1"],
  "torch.pow": ["input", "exponent"],
  "torch.bmm": ["input", "mat2"],
  "torch.mm": ["input", "mat2"],
};

function operandsOf(golden: Case, types: readonly string[]): Operands {
  const { operands, scalars, ...kwargs } = golden.kwargs;
  const [first, second] = NAMES[golden.op] ?? ["input", "other"];
  const [a, b] = types;
  const tensors = new Map([[first, ones([2], { dtype: own(a) })]]);
  switch (operands) {
    case "one tensor":
      break;
    case "two one-dimensional tensors":
    case "two one-dimensional tensors, in place on the first":
      tensors.set(second, ones([2], { dtype: own(b) }));
      break;
    case "one-dimensional tensor, zero-dimensional tensor":
      tensors.set(second, ones([], { dtype: own(b) }));
      break;
    case "one-dimensional tensor, Python scalar": {
      const scalar = asFields(scalars, "scalars")[b ?? ""];
      return { tensors, kwargs: { ...kwargs, [second]: scalar } };
    }
    default:
      throw new Unsupported(`operands: ${operands}`);
  }
  return { tensors, kwargs };
}

function own(name: string | undefined): DType {
  const dtype = ownDType(name ?? "");
  if (!isDType(dtype)) throw new Unsupported(`type ${name}`);
  return dtype;
}
