import fc from "fast-check";

/**
 * Checks a property within a budget of time, so that no test times out on a slow or busy machine: in 50 batches, the
 * first in any case, the others while there is time.
 *
 * @param runs - how many examples are tried where there is time for all.
 * @returns how many examples were tried.
 */
export async function checkProperty<T>(
  property: fc.IProperty<T> | fc.IAsyncProperty<T>,
  { runs, budget = 2_000, seed = Math.floor(Math.random() * 2 ** 31) }: CheckOptions,
): Promise<number> {
  const end = now() + budget;
  const batch = Math.ceil(runs / BATCHES);
  let tried = 0;
  while (tried < runs && (tried === 0 || now() < end)) {
    await fc.assert(property, { numRuns: batch, seed: seed + tried / batch });
    tried += batch;
  }
  return tried;
}

const BATCHES = 50;

interface CheckOptions {
  readonly runs: number;
  /** Milliseconds. Default: 2,000. */
  readonly budget?: number;
  /** Of the first batch; each further batch adds one. Default: a random one. A failure reports that of its batch. */
  readonly seed?: number;
}

/** The timeout of a test that checks properties, in milliseconds. The budget ends long before. */
export const PROPERTY_TIMEOUT = 120_000;

/** The real clock, while tests replace it too. */
const now = performance.now.bind(performance);
