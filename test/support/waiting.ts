import { setTimeout as sleep } from "node:timers/promises";

/** What `attempt` gives, tried again until it neither throws nor gives `false`; fails after `limit` milliseconds. */
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

/** How a promise settled, and after how many milliseconds; fails when it has not within `limit`. */
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
