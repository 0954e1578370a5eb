/**
 * Scopes: free the tensors made inside at a known time.
 *
 * NOTE [memory]: memory is freed in three ways. (1) `dispose()` and scopes free
 * at a known time. (2) Backward frees saved tensors, unless it retains the
 * graph. (3) When the garbage collector finds the last handle of a storage, its
 * buffer returns to the pool. That takes a turn of the event loop; pool.ts
 * makes the collector run in time.
 *
 * @module
 */

/** A tensor, as scopes see it. */
export interface Disposable {
  dispose(): void;
}

let current: Scope | undefined;

/** A region that frees the tensors made inside when it ends. */
export class Scope {
  readonly #made = new Set<Disposable>();
  readonly #outer = current;
  #open = true;

  constructor() {
    current = this;
  }

  /**
   * Adds a tensor made inside.
   *
   * @internal
   */
  add(tensor: Disposable): void {
    this.#made.add(tensor);
  }

  /**
   * Hands a tensor to the scope around this one, if any.
   *
   * @internal
   */
  yield(tensor: Disposable): void {
    if (this.#made.delete(tensor)) this.#around?.add(tensor);
  }

  /**
   * Removes a tensor from this scope and all around it.
   *
   * @internal
   */
  keep(tensor: Disposable): void {
    this.#made.delete(tensor);
    this.#outer?.keep(tensor);
  }

  // The innermost open scope around this one: async scopes close in any order.
  get #around(): Scope | undefined {
    let scope = this.#outer;
    while (scope && !scope.#open) scope = scope.#outer;
    return scope;
  }

  /** Frees the tensors made inside and not kept. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    if (current && !current.#open) current = current.#around;
    for (const tensor of this.#made) tensor.dispose();
    this.#made.clear();
  }
}

/** Adds a new tensor to the current scope, if any. */
export function track(tensor: Disposable): void {
  current?.add(tensor);
}

/** Removes a tensor from all scopes. */
export function keep(tensor: Disposable): void {
  current?.keep(tensor);
}

/** Runs `body` outside of every scope: its tensors live until disposed. */
export function unscoped<T>(body: () => T): T {
  const before = current;
  current = undefined;
  try {
    return body();
  } finally {
    current = before;
  }
}

/** Returns a scope that ends with the block around it: `using _ = scope();` */
export function scope(): Scope;
/**
 * Runs `body` and frees the tensors made inside. Returned tensors (also in
 * arrays and plain objects) live on, and those kept by `tensor.keep()`. An
 * async body keeps the scope open until its promise settles; tensors that other
 * code makes meanwhile belong to the same scope.
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
    return closed as T; // a promise of the same type
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
