/**
 * Ops in place: `add_`, `copy_`, `fill_` and the like.
 *
 * NOTE [in place]: a write changes the elements of every view of the storage and
 * increments the storage's version, so that backward refuses values saved before.
 * If the op itself saves an operand in this storage, the op copies it first: the
 * gradient of `y.mul_(w)` by w is the old y.
 *
 * If gradients flow, the written tensor becomes the result of the op in the graph.
 * The base tensor of a written view becomes a new result, too. Other views taken
 * before would keep their old nodes, so ops refuse them.
 *
 * @module
 */

import { isGradEnabled, withGrad } from "../../autograd/mode.ts";
import { Autograd, type GradRule, Node } from "../../autograd/node.ts";
import { refuseStale } from "../../autograd/stale.ts";
import { recorder } from "../../gpu/recorder.ts";
import { DTYPES } from "../../tensor/dtype.ts";
import { isRowMajor, type Layout } from "../../tensor/layout.ts";
import { Scope } from "../../tensor/scope.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  calledName,
  map,
  mapTo,
  savedOf,
  type Settled,
  settleRow,
} from "./elementwise.ts";
import type { Operand } from "../map/map.ts";
import { assign } from "../movement/movement.ts";
import { elementOf } from "../numbers.ts";
import { embed, erase, strided } from "../movement/slicing.ts";

/**
 * Checks a row's call for a write to `target` and returns the settled call.
 *
 * @throws {TypeError} If the result has another shape or a higher category of
 * type than `target`
 */
export function settleInto(
  name: string,
  target: Tensor,
  ...others: readonly Operand[]
): Settled {
  const settled = settleRow(name, target, ...others);
  const { dtype, shape } = settled;
  if (DTYPES[dtype].category > DTYPES[target.dtype].category) {
    throw new TypeError(
      `Cannot ${methodOf(name)} into ${target.describe()}: the result is ` +
        dtype,
    );
  }
  if (!sameShape(shape, target.shape)) {
    throw new TypeError(
      `Cannot ${methodOf(name)} into ${target.describe()}: the result has ` +
        `shape ${formatShape(shape)}`,
    );
  }
  return settled;
}

function methodOf(name: string): string {
  return `${calledName(name)}_`;
}

/**
 * Applies the row `name` to `target` and `others` and writes to `target`.
 *
 * @throws {TypeError} If `settleInto` refuses the call, or `target` is expanded
 * @throws {Error} If `target` is a leaf that requires a gradient, outside of
 * `noGrad`
 */
export function mapInto(
  name: string,
  target: Tensor,
  ...others: readonly Operand[]
): Tensor {
  const { operands, compute } = settleInto(name, target, ...others);
  checkWritable(methodOf(name), target);
  const records = isGradEnabled() &&
    [target, ...others].some((each) =>
      typeof each === "object" && each.requiresGrad
    );
  if (records) {
    using _region = new Scope();
    const all = [target, ...others];
    const saved = savedOf(name, all);
    // NOTE [in place]: copies of saved operands in this storage
    const kept = all.map((each, i) =>
      saved[i] && typeof each === "object" && each.storage === target.storage
        ? each.clone()
        : each
    );
    put(target, map(name, ...kept).to(target.dtype));
    return target;
  }
  recorder()?.uses([target, ...others]);
  using _copies = new Scope(); // of operands in the target's storage
  mapTo(name, operands, target, compute);
  target.storage.version++;
  return target;
}

/**
 * Writes `source`, which broadcasts, to `target`, cast to the target's type.
 * `method` is the method's name in errors.
 *
 * @throws {RangeError} If `source` is a number that the type cannot hold
 */
export function copyInto(
  target: Tensor,
  source: Operand,
  method = "copy_",
): Tensor {
  checkWritable(method, target);
  if (typeof source !== "object") {
    return mapInto("replace", target, elementOf("fill", source, target.dtype));
  }
  const records = isGradEnabled() &&
    (target.requiresGrad || source.requiresGrad);
  using values = source.expand(target.shape);
  if (records) return mapInto("replace", target, values.to(target.dtype));
  assign(target, values);
  return target;
}

function checkWritable(op: string, target: Tensor): void {
  const { shape, strides } = target.layout;
  if (shape.some((length, dim) => length > 1 && strides[dim] === 0)) {
    throw new TypeError(
      `Cannot ${op} into ${target.describe()}: the tensor is expanded, so ` +
        `elements share memory (clone it first)`,
    );
  }
  if (isGradEnabled()) refuseStale(op, target);
  const leaf = target.isLeaf ? target : target.root;
  if (isGradEnabled() && leaf.requiresGrad && leaf.isLeaf) {
    throw new Error(
      `Cannot ${op} into ${target.describe()}: a leaf that requires a ` +
        `gradient can only be written to inside noGrad`,
    );
  }
}

// Writes the result of a recorded op and makes the target that op's result.
function put(target: Tensor, result: Tensor): void {
  const { root, layout } = target;
  if (root !== target && !isRowMajor(root.layout)) {
    throw new TypeError(
      `Cannot write in place into a view of ${root.describe()} while ` +
        `gradients flow: that tensor is not contiguous`,
    );
  }
  withGrad(false, () => assign(target, result));
  if (root === target) {
    target.moveTo(result.autograd);
    return;
  }
  const region: Layout = {
    ...layout,
    offset: layout.offset - root.layout.offset,
  };
  const { shape } = root;
  root.moveTo(
    join("put", [root.autograd, result.autograd], (dy) => [
      erase(dy, region),
      strided(dy, region),
    ]),
  );
  target.moveTo(
    join("view", [root.autograd], (dy) => [embed(dy, shape, region)]),
  );
}

function join(
  name: string,
  inputs: readonly Autograd[],
  rule: GradRule,
): Autograd {
  const made = new Autograd();
  made.requiresGrad = true;
  made.node = new Node(
    name,
    inputs.map((input) => input.requiresGrad ? input : undefined),
    [],
    rule,
  );
  return made;
}
