/**
 * Forms: the structure of arguments and results, apart from the tensors in it.
 * Two calls with equal forms differ in the elements of their tensors alone.
 *
 * @module
 */

import { formatValue } from "../tensor/arguments.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a structure is without its tensors. */
export type Form =
  | { readonly kind: "tensor"; readonly index: number }
  | { readonly kind: "plain"; readonly value: unknown }
  | { readonly kind: "list"; readonly items: readonly Form[] }
  | {
    readonly kind: "record";
    readonly entries: readonly (readonly [string, Form])[];
  };

/**
 * The form of a value, whose tensors are appended to `tensors`; one that comes
 * twice is there twice.
 *
 * @throws {TypeError} If there is something in it that can't be compared
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
        (value instanceof Promise ? "; it may not be async" : ""),
    );
  }
  const entries = Object.entries(value).map(([key, item]) =>
    [key, formOf(item, tensors, `${name}.${key}`)] as const
  );
  return { kind: "record", entries };
}

/**
 * A text that equal forms with equal tensors share; `texts` has one for each
 * tensor.
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

/** The value of this form with these tensors. */
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
