/**
 * Einstein sums: products of tensors whose dims have letters, summed over the
 * letters that the result lacks.
 *
 * Pairs of operands become one batched matrix product: [batch, left, sum] times
 * [batch, sum, right].
 *
 * @module
 */

import { isFloat, promote } from "../../tensor/dtype.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { matmul } from "./matmul.ts";
import { diagonal } from "../movement/slicing.ts";
import { inFloat32 } from "../map/wide.ts";

/** A tensor and a label for each of its dims. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/**
 * Returns the Einstein sum of an equation such as "bij,jk->bik". "..." stands for
 * any dims, which broadcast. Without "->" the result has these dims, then the
 * letters that occur once, in alphabetical order.
 *
 * Source: torch.einsum.
 *
 * @throws {TypeError} If the equation does not fit the operands
 */
export function einsum(
  equation: string,
  ...operands: readonly Tensor[]
): Tensor {
  const [left, right] = equation.replaceAll(" ", "").split("->");
  const terms = left!.split(",");
  if (terms.length !== operands.length) {
    throw new TypeError(
      `Cannot einsum "${equation}": expected ${terms.length} operands, ` +
        `got ${operands.length}`,
    );
  }
  return inFloat32(operands, (...wide) => {
    const parts = wide.map((x, i) => labelled(equation, terms[i]!, x));
    return sumOfProducts(equation, terms, right, parts);
  });
}

function sumOfProducts(
  equation: string,
  terms: readonly string[],
  right: string | undefined,
  parts: readonly Labelled[],
): Tensor {
  const kept = resultLabels(equation, terms, right, parts);
  let [result] = parts;
  parts.slice(1).forEach((part, i) => {
    const later = parts.slice(i + 2).flatMap(({ labels }) => labels);
    result = product(result!, part, new Set([...kept, ...later]));
  });
  return arranged(summed(result!, new Set(kept)), kept);
}

// Labels the dims of a term. Dims of "..." are numbered from the right. A letter
// that occurs twice takes the diagonal.
function labelled(equation: string, term: string, x: Tensor): Labelled {
  const [before, after] = term.split("...");
  const letters = [...before!, ...(after ?? "")];
  const hidden = x.ndim - letters.length;
  const fits = hidden === 0 || (hidden > 0 && after !== undefined);
  if (!fits || letters.some((letter) => !/[a-zA-Z]/.test(letter))) {
    throw new TypeError(
      `Cannot einsum "${equation}": "${term}" does not name the dims of ` +
        formatShape(x.shape),
    );
  }
  const dots = Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`);
  let labels = [...before!, ...dots, ...(after ?? "")];
  let tensor = x;
  for (let dim = 0; dim < labels.length; dim++) {
    const label = labels[dim]!;
    const again = labels.indexOf(label, dim + 1);
    if (again < 0) continue;
    tensor = diagonal(tensor, 0, dim, again);
    labels = [...labels.filter((each) => each !== label), label];
    dim = -1;
  }
  return { tensor, labels };
}

function resultLabels(
  equation: string,
  terms: readonly string[],
  right: string | undefined,
  parts: readonly Labelled[],
): string[] {
  const all = new Set(parts.flatMap(({ labels }) => labels));
  const dots = [...all].filter((label) => label.startsWith("."))
    .sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
  if (right === undefined) {
    const letters = terms.join("").replaceAll(/[^a-zA-Z]/g, "");
    const once = [...all].filter((label) =>
      letters.split(label).length === 2 && !label.startsWith(".")
    );
    return [...dots, ...once.sort()];
  }
  const [before, after] = right.split("...");
  const kept = [
    ...before!,
    ...(after === undefined ? [] : dots),
    ...after ?? "",
  ];
  const isValid = kept.every((label) => all.has(label)) &&
    new Set(kept).size === kept.length;
  if (!isValid) {
    throw new TypeError(
      `Cannot einsum "${equation}": expected each letter of "${right}" once, ` +
        `and in an operand`,
    );
  }
  return kept;
}

/** Sums over the dims whose labels are not in `wanted`. */
function summed(
  { tensor, labels }: Labelled,
  wanted: ReadonlySet<string>,
): Labelled {
  const dims = labels.map((_, dim) => dim).filter((dim) =>
    !wanted.has(labels[dim]!)
  );
  return dims.length === 0 ? { tensor, labels } : {
    tensor: tensor.sum(dims),
    labels: labels.filter((label) => wanted.has(label)),
  };
}

function arranged({ tensor, labels }: Labelled, order: readonly string[]) {
  return tensor.permute(order.map((label) => labels.indexOf(label)));
}

// Multiplies two operands and keeps the labels in `wanted`.
function product(
  first: Labelled,
  second: Labelled,
  wanted: ReadonlySet<string>,
): Labelled {
  const a = summed(first, new Set([...wanted, ...second.labels]));
  const b = summed(second, new Set([...wanted, ...first.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => wanted.has(label));
  const inner = shared.filter((label) => !wanted.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const sizeOf = (label: string): number => {
    const sizes = [a, b].filter(({ labels }) => labels.includes(label))
      .map(({ tensor, labels }) => tensor.shape[labels.indexOf(label)]!);
    const [most, least] = [Math.max(...sizes), Math.min(...sizes)];
    if (most !== least && least !== 1) {
      throw new TypeError(
        `Cannot einsum ${formatShape(a.tensor.shape)} and ` +
          `${formatShape(b.tensor.shape)}: sizes ${sizes[0]} and ${sizes[1]} ` +
          `of "${label}" must be equal`,
      );
    }
    return least === 0 ? 0 : most;
  };
  const sizes = (labels: readonly string[]): number[] => labels.map(sizeOf);
  const count = (labels: readonly string[]): number =>
    sizes(labels).reduce((size, n) => size * n, 1);
  const x = arranged(a, [...batch, ...rows, ...inner])
    .expand(sizes([...batch, ...rows, ...inner]))
    .reshape([count(batch), count(rows), count(inner)]);
  const y = arranged(b, [...batch, ...inner, ...columns])
    .expand(sizes([...batch, ...inner, ...columns]))
    .reshape([count(batch), count(inner), count(columns)]);
  const labels = [...batch, ...rows, ...columns];
  return { tensor: matmul(...inOneType(x, y)).reshape(sizes(labels)), labels };
}

// Sums of uint8 are int32, so that operands may differ in dtype here.
function inOneType(x: Tensor, y: Tensor): [Tensor, Tensor] {
  if (isFloat(x.dtype) || isFloat(y.dtype)) return [x, y];
  const dtype = promote("einsum", x.dtype, y.dtype);
  return [x.to(dtype), y.to(dtype)];
}
