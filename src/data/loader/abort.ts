/**
 * Waiting that a signal can end.
 *
 * @module
 */

/**
 * What `work` comes to, unless `signal` aborts before; `work` goes on then, and
 * nobody hears of it.
 *
 * @throws The signal's reason, or what `work` throws
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
