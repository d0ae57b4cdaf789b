/** What a memory driver holds and has counted: see `MemoryDriver.stats`. */
export interface MemoryStats {
  /** The entries in memory, including expired ones that have not been removed yet. */
  readonly entries: number;
  /** The bytes of these entries: each business key as UTF-8, plus its value. */
  readonly bytes: number;
  /** Keys that `get` or `mGet` found. */
  readonly hits: number;
  /** Keys that `get` or `mGet` did not find. */
  readonly misses: number;
  /** Live entries that were removed to make room. */
  readonly evictions: number;
  /** Entries that were removed because their TTL had ended. `set`, `mSet` and `clear` count none. */
  readonly expirations: number;
  /**
   * The same for each namespace that holds entries, by its prefix, `"rootNS:domain:"`. When a namespace becomes empty,
   * its counters start again from 0; the driver's totals keep them. A miss in an empty namespace counts in the totals
   * only.
   */
  readonly namespaces: ReadonlyMap<string, Omit<MemoryStats, "namespaces">>;
}

/** Returns the statistics of the namespaces, and their sum with the totals of those that were removed. */
export function statsOf(
  removed: Totals,
  namespaces: Iterable<readonly [prefix: string, namespace: CountedNamespace]>,
): MemoryStats {
  const totals = new Totals();
  totals.add(removed);
  const byPrefix = new Map<string, Omit<MemoryStats, "namespaces">>();
  let entries = 0;
  let bytes = 0;
  for (const [prefix, namespace] of namespaces) {
    const { size, bytes: ownBytes, hits, misses, evictions, expirations } = namespace;
    byPrefix.set(prefix, { entries: size, bytes: ownBytes, hits, misses, evictions, expirations });
    totals.add(namespace);
    entries += size;
    bytes += ownBytes;
  }
  return { entries, bytes, ...totals, namespaces: byPrefix };
}

/** What is counted in a namespace. */
export interface Counters {
  hits: number;
  misses: number;
  evictions: number;
  expirations: number;
}

/** A namespace with its counters, as the statistics read it. */
export interface CountedNamespace extends Readonly<Counters> {
  readonly size: number;
  readonly bytes: number;
}

/** The sum of the counters of several namespaces. */
export class Totals implements Counters {
  hits = 0;
  misses = 0;
  evictions = 0;
  expirations = 0;

  add({ hits, misses, evictions, expirations }: Readonly<Counters>): void {
    this.hits += hits;
    this.misses += misses;
    this.evictions += evictions;
    this.expirations += expirations;
  }
}
