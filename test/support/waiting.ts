import { setTimeout as sleep } from "node:timers/promises";

/**
 * Repeats an attempt until it neither throws nor returns `false`, and returns its result.
 *
 * @param limit - after so many milliseconds it throws.
 */
export async function eventually<T>(what: string, attempt: () => Promise<T> | T, limit = 15_000): Promise<T> {
  const start = performance.now();
  let last: unknown;
  while (performance.now() - start < limit) {
    try {
      const answer = await attempt();
      if (answer !== false) return answer;
      last = "not yet";
    } catch (error) {
      last = error;
    }
    await sleep(10);
  }
  throw new Error(`${what}: not within ${limit} ms`, { cause: last });
}

/** Returns how a promise settled and after how many milliseconds; throws if it is pending after `limit` milliseconds. */
export async function settled<T>(
  promise: Promise<T>,
  limit: number,
): Promise<{ readonly value?: T; readonly error?: unknown; readonly took: number }> {
  const start = performance.now();
  const took = (): number => performance.now() - start;
  const watch = new AbortController();
  const late = sleep(limit, undefined, { signal: watch.signal }).then(
    () => {
      throw new Error(`still pending after ${limit} ms`);
    },
    () => ({ took: took() }),
  );
  const settling = promise.then(
    (value) => ({ value, took: took() }),
    (error: unknown) => ({ error, took: took() }),
  );
  try {
    return await Promise.race([settling, late]);
  } finally {
    watch.abort();
  }
}
