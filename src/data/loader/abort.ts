/**
 * Waiting that an AbortSignal can end.
 *
 * @module
 */

/**
 * Waits for `work`, or until `signal` aborts. Then `work` continues unobserved.
 *
 * @throws The reason of the signal, or the error of `work`
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
