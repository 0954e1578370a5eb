/**
 * Forms: the structure of arguments and results, with numbers for the tensors
 * in it. Two calls with equal forms differ in their tensors alone.
 *
 * @module
 */

import { formatValue } from "../tensor/arguments.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A structure of values, with the index of each tensor. */
export type Form =
  | { readonly kind: "tensor"; readonly index: number }
  | { readonly kind: "plain"; readonly value: unknown }
  | { readonly kind: "list"; readonly items: readonly Form[] }
  | {
    readonly kind: "record";
    readonly entries: readonly (readonly [string, Form])[];
  };

/**
 * Returns the form of a value and appends its tensors to `tensors`, each as
 * often as it occurs. `name` is the value's name in messages.
 *
 * @throws {TypeError} If the value holds something that cannot be compared
 */
export function formOf(value: unknown, tensors: Tensor[], name: string): Form {
  if (value instanceof Tensor) {
    tensors.push(value);
    return { kind: "tensor", index: tensors.length - 1 };
  }
  if (Array.isArray(value)) {
    const items = value.map((item, i) =>
      formOf(item, tensors, `${name}[${i}]`)
    );
    return { kind: "list", items };
  }
  const isPlain = value === null || value === undefined ||
    ["number", "string", "boolean", "bigint"].includes(typeof value);
  if (isPlain) return { kind: "plain", value };
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw new TypeError(
      `Cannot compile a function with ${formatValue(value)} as ${name}: ` +
        `expected tensors, numbers, strings, booleans, or arrays and plain ` +
        `objects of them` +
        (value instanceof Promise ? "; the function must not be async" : ""),
    );
  }
  const entries = Object.entries(value).map(([key, item]) =>
    [key, formOf(item, tensors, `${name}.${key}`)] as const
  );
  return { kind: "record", entries };
}

/**
 * Returns a key that is the same for equal forms with equal tensors. `texts`
 * has one text for each tensor.
 */
export function keyOf(form: Form, texts: readonly string[]): string {
  switch (form.kind) {
    case "tensor":
      return texts[form.index]!;
    case "plain":
      return plainText(form.value);
    case "list":
      return `[${form.items.map((item) => keyOf(item, texts)).join(", ")}]`;
    case "record": {
      const entries = form.entries.map(([key, item]) =>
        `${JSON.stringify(key)}: ${keyOf(item, texts)}`
      );
      return `{${entries.join(", ")}}`;
    }
  }
}

function plainText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Builds the value of a form from its tensors. */
export function valueOf(form: Form, tensors: readonly Tensor[]): unknown {
  switch (form.kind) {
    case "tensor":
      return tensors[form.index]!;
    case "plain":
      return form.value;
    case "list":
      return form.items.map((item) => valueOf(item, tensors));
    case "record":
      return Object.fromEntries(
        form.entries.map(([key, item]) => [key, valueOf(item, tensors)]),
      );
  }
}
