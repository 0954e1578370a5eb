/**
 * Annotations of PASCAL VOC: XML files of elements and text, as records.
 *
 * Attributes and processing instructions mean nothing in them and are left out.
 * The file must be well-formed to its end.
 *
 * @module
 */

import { VOC_CLASSES } from "./files.ts";

/** An element: its text, or its elements by name; lists where a name repeats. */
export type VOCElement = string | VOCRecord;

/** An element's elements by name. */
export interface VOCRecord {
  /** One element, or several of one name. */
  readonly [name: string]: VOCElement | readonly VOCElement[];
}

/** Annotations, as a file has them: `object` is always a list. */
export interface VOCAnnotation extends VOCRecord {
  /** The objects in the photo. */
  readonly object: readonly VOCElement[];
}

/** An element that is being read. */
interface Open {
  readonly name: string;
  readonly parts: [name: string, value: VOCElement][];
  text: string;
}

/** What makes records of files. */
export type AnnotationParser = (text: string, file: string) => VOCAnnotation;

/** The parser, once its package is loaded. */
let loaded: Promise<AnnotationParser> | undefined;

/** Loads the parser; once it is there, parsing is synchronous. */
export function annotationParser(): Promise<AnnotationParser> {
  loaded ??= import("npm:saxes@^6.0.0").then(
    ({ SaxesParser }) => (text, file) => {
      const parser = new SaxesParser({ fileName: file });
      const open: Open[] = [];
      let root: Open | undefined;
      parser.on("error", (cause) => {
        throw new SyntaxError(`Cannot read "${file}": ${cause.message}`, {
          cause,
        });
      });
      parser.on("opentag", ({ name }) => {
        open.push({ name, parts: [], text: "" });
      });
      parser.on("text", (text) => {
        const element = open.at(-1);
        if (element) element.text += text;
      });
      parser.on("closetag", () => {
        const element = open.pop()!; // well-formed: it was opened
        const parent = open.at(-1);
        if (parent) parent.parts.push([element.name, valueOf(element)]);
        else root = element;
      });
      parser.write(text).close();
      return annotationOf(root, file);
    },
  );
  return loaded;
}

/** An element's value, as torchvision makes it of one. */
function valueOf({ parts, text }: Open): VOCElement {
  if (parts.length === 0) return text.trim();
  const lists = new Map<string, VOCElement[]>();
  for (const [name, value] of parts) {
    lists.set(name, [...lists.get(name) ?? [], value]);
  }
  return Object.fromEntries(
    [...lists].map((
      [name, list],
    ) => [name, list.length === 1 ? list[0]! : list]),
  );
}

function annotationOf(root: Open | undefined, file: string): VOCAnnotation {
  if (root?.name !== "annotation") {
    throw new SyntaxError(
      `Cannot read "${file}": expected <annotation>, got ` +
        (root ? `<${root.name}>` : "no element"),
    );
  }
  const value = valueOf(root);
  const record = typeof value === "string" ? {} : value;
  const { object = [] } = record;
  return { ...record, object: isList(object) ? object : [object] };
}

function isList(
  value: VOCElement | readonly VOCElement[],
): value is readonly VOCElement[] {
  return Array.isArray(value);
}

/** What training needs of an annotation. */
export interface VOCBoxes {
  /** [left, top, right, bottom] of each object. */
  readonly boxes: readonly (readonly number[])[];
  /** The class of each object. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** 1 for each object that is marked as difficult. */
  readonly difficult: Uint8Array<ArrayBuffer>;
}

/**
 * Boxes and classes of the objects.
 *
 * The file counts pixels from 1 and its boxes end at their last pixel; ours are
 * edges from 0, so that right - left is the width.
 *
 * @throws {SyntaxError} If an object has no known class or no box
 */
export function boxesOf({ object }: VOCAnnotation, file: string): VOCBoxes {
  const boxes: number[][] = [];
  const labels = new Int32Array(object.length);
  const difficult = new Uint8Array(object.length);
  for (const [i, element] of object.entries()) {
    const name = at(element, "name");
    const label = VOC_CLASSES.indexOf(name ?? "");
    if (label < 1) {
      throw new SyntaxError(
        `Cannot read "${file}": object ${i}: expected one of VOC's classes as ` +
          `name, got "${name ?? ""}"`,
      );
    }
    labels[i] = label;
    difficult[i] = at(element, "difficult") === "1" ? 1 : 0;
    const box = typeof element === "string" ? undefined : element.bndbox;
    const edges = ["xmin", "ymin", "xmax", "ymax"].map((edge) =>
      Number(at(box, edge) || NaN)
    );
    if (!edges.every(Number.isFinite)) {
      throw new SyntaxError(
        `Cannot read "${file}": object ${i} ("${name}"): expected numbers as ` +
          `xmin, ymin, xmax and ymax of its bndbox`,
      );
    }
    const [left, top, ...ends] = edges;
    boxes.push([left! - 1, top! - 1, ...ends]);
  }
  return { boxes, labels, difficult };
}

/** The text of an element's element, if it has one. */
function at(
  element: VOCElement | readonly VOCElement[] | undefined,
  name: string,
): string | undefined {
  if (element === undefined || typeof element === "string") return undefined;
  const value: unknown = Reflect.get(element, name);
  return typeof value === "string" ? value : undefined;
}
