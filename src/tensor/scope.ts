/**
 * Scopes: exact freeing of everything made inside.
 *
 * NOTE [memory]: memory comes back in three ways. (1) Exact: `dispose()` and
 * scopes. (2) Backward frees what it saved, unless told to retain the graph.
 * (3) Forgotten: when the last handle of a storage is collected, its buffer
 * goes back to the pool, which takes a turn of the event loop (pool.ts says how
 * the collector is made to look for them in time).
 *
 * @module
 */

/** What a scope can free: tensors, seen from below. */
export interface Disposable {
  dispose(): void;
}

let current: Scope | undefined;

/** A region at whose end the tensors made inside are freed. */
export class Scope {
  readonly #made = new Set<Disposable>();
  readonly #outer = current;
  #open = true;

  constructor() {
    current = this;
  }

  /**
   * Notes a tensor made inside.
   *
   * @internal
   */
  add(tensor: Disposable): void {
    this.#made.add(tensor);
  }

  /**
   * Lets a tensor live on: it belongs to the scope around this one, if any.
   *
   * @internal
   */
  yield(tensor: Disposable): void {
    if (this.#made.delete(tensor)) this.#around?.add(tensor);
  }

  /**
   * Lets a tensor live on, whatever scopes there are.
   *
   * @internal
   */
  keep(tensor: Disposable): void {
    this.#made.delete(tensor);
    this.#outer?.keep(tensor);
  }

  // The innermost scope around this one that is open: async scopes may close
  // in any order.
  get #around(): Scope | undefined {
    let scope = this.#outer;
    while (scope && !scope.#open) scope = scope.#outer;
    return scope;
  }

  /** Frees what was made inside and not kept. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    if (current && !current.#open) current = current.#around;
    for (const tensor of this.#made) tensor.dispose();
    this.#made.clear();
  }
}

/** Notes a new tensor in the scope around it, if there is one. */
export function track(tensor: Disposable): void {
  current?.add(tensor);
}

/** Takes a tensor out of all scopes. */
export function keep(tensor: Disposable): void {
  current?.keep(tensor);
}

/** Runs `body` outside of every scope: what it makes lives until disposed. */
export function unscoped<T>(body: () => T): T {
  const before = current;
  current = undefined;
  try {
    return body();
  } finally {
    current = before;
  }
}

/** A scope that ends where the block around it ends: `using _ = scope();` */
export function scope(): Scope;
/**
 * Runs `body` and frees every tensor made inside, except those it returns (by
 * themselves or in arrays and plain objects) or keeps by `tensor.keep()`. An
 * async body keeps the scope open until its promise settles; other code that
 * makes tensors meanwhile falls into the same scope.
 */
export function scope<T>(body: () => T): T;
export function scope<T>(body?: () => T): T | Scope {
  const region = new Scope();
  if (!body) return region;
  let result: T;
  try {
    result = body();
  } catch (error) {
    region[Symbol.dispose]();
    throw error;
  }
  if (result instanceof Promise) {
    const closed = result.then((value) => {
      yieldAll(region, value);
      return value;
    }).finally(() => region[Symbol.dispose]());
    return closed as T; // the same promise type, closed on the way
  }
  yieldAll(region, result);
  region[Symbol.dispose]();
  return result;
}

function yieldAll(region: Scope, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if ("dispose" in value && typeof value.dispose === "function") {
    region.yield(value as Disposable); // checked in the line above
  } else if (Array.isArray(value)) {
    for (const item of value) yieldAll(region, item);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) yieldAll(region, item);
  }
}
