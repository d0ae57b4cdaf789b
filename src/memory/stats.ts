/** What a memory driver holds, and what happened to it: see `MemoryDriver.stats`. */
export interface MemoryStats {
  /** How many entries are in memory: expired ones too, until they leave. */
  readonly entries: number;
  /** Their bytes: the UTF-8 of each business key, and its value. */
  readonly bytes: number;
  /** Keys that a `get` or `mGet` found. */
  readonly hits: number;
  /** Keys that a `get` or `mGet` did not find. */
  readonly misses: number;
  /** Live entries that went to make room. */
  readonly evictions: number;
  /** Entries that went because their TTL had ended. One that `set` or `mSet` writes over, or `clear` removes, is none. */
  readonly expirations: number;
  /**
   * The same for each namespace that holds entries, by its prefix, `"rootNS:domain:"`. What was counted goes with the
   * namespace's last entry, and stays in the driver's totals; a miss in an empty namespace is counted there alone.
   */
  readonly namespaces: ReadonlyMap<string, Omit<MemoryStats, "namespaces">>;
}

/** What happened in one namespace. */
export interface Counters {
  hits: number;
  misses: number;
  evictions: number;
  expirations: number;
}

/** What happened in namespaces that are gone. */
export class Past implements Counters {
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

/** A namespace as the statistics see it. */
export interface Counted extends Readonly<Counters> {
  readonly size: number;
  readonly bytes: number;
}

/** Adds up what each namespace counted, and the past. */
export function statsOf(past: Past, counted: Iterable<readonly [prefix: string, counted: Counted]>): MemoryStats {
  const total = new Past();
  total.add(past);
  const namespaces = new Map<string, Omit<MemoryStats, "namespaces">>();
  let entries = 0;
  let bytes = 0;
  for (const [prefix, namespace] of counted) {
    const { size, bytes: held, hits, misses, evictions, expirations } = namespace;
    namespaces.set(prefix, { entries: size, bytes: held, hits, misses, evictions, expirations });
    total.add(namespace);
    entries += size;
    bytes += held;
  }
  return { entries, bytes, ...total, namespaces };
}
