/**
 * Objects made again from their portable forms (portable.ts).
 *
 * @module
 */

import type { TypedArray } from "../../tensor/dtype.ts";
import { HostArray } from "../../tensor/host_array.ts";
import type { ClassReference, Fields, Portable } from "./portable.ts";
import { makeView } from "./views.ts";

/**
 * Makes the object of a portable form, and imports the modules of its classes.
 *
 * @throws {TypeError} If a module does not export the class
 */
export async function fromPortable(portable: Portable): Promise<unknown> {
  const made: unknown[] = [];

  async function fill(target: object, fields: Fields): Promise<void> {
    for (const [key, value] of fields) {
      // not an assignment: the class may have an accessor of that name
      Object.defineProperty(target, key, {
        value: await build(value),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }

  // In the order of toPortable's `visit`: a composite is entered before its
  // parts, so that parts can refer to it by its number.
  async function build(part: Portable): Promise<unknown> {
    switch (part.kind) {
      case "value":
        if (Array.isArray(part.value)) made.push(part.value);
        return part.value;
      case "again":
        return made[part.number];
      case "url":
        return enter(new URL(part.href));
      case "view":
        return makeView(part.view);
      case "host": {
        // the data of a HostArray
        const data = makeView(part.data) as TypedArray;
        return enter(new HostArray(data, part.shape, part.dtype));
      }
      case "list": {
        const list = enter<unknown[]>([]);
        for (const item of part.items) list.push(await build(item));
        return list;
      }
      case "set": {
        const set = enter(new Set<unknown>());
        for (const item of part.items) set.add(await build(item));
        return set;
      }
      case "map": {
        const map = enter(new Map<unknown, unknown>());
        for (const [key, item] of part.entries) {
          map.set(await build(key), await build(item));
        }
        return map;
      }
      case "record": {
        const record = enter({});
        await fill(record, part.fields);
        return record;
      }
      case "instance": {
        const type = await importClass(part);
        const instance = enter<object>(Object.create(type.prototype));
        await fill(instance, part.fields);
        return instance;
      }
      case "own": {
        const number = made.push(undefined) - 1;
        const type = await importClass(part);
        const rebuild: unknown = Reflect.get(type, "fromWorker");
        if (typeof rebuild !== "function") {
          throw new TypeError(
            `Cannot rebuild ${part.name} in a worker: it has toWorker(), ` +
              `but no static fromWorker()`,
          );
        }
        made[number] = await rebuild.call(type, await build(part.data));
        return made[number];
      }
      default:
        return part satisfies never;
    }
  }

  function enter<T>(composite: T): T {
    made.push(composite);
    return composite;
  }

  return await build(portable);
}

async function importClass(
  { url, name }: ClassReference,
): Promise<{ prototype: object }> {
  const module: Record<string, unknown> = await import(url);
  for (const found of Object.values(module)) {
    if (typeof found === "function" && found.name === name) {
      return found as { prototype: object }; // its url says that it is a class
    }
  }
  throw new TypeError(
    `Cannot rebuild ${name} in a worker: "${url}" does not export it; ` +
      `export the class, or use numWorkers: 0`,
  );
}
