import { ShardedMap } from "./sharded-map.js";
import type { CountedNamespace, Counters } from "./stats.js";
import type { TrackedEntry } from "./tracked-entry.js";

/** A namespace of a tracked store: its entries by key, and its counters. */
export class TrackedNamespace extends ShardedMap<TrackedEntry> implements CountedNamespace, Counters {
  readonly prefix: string;
  /** Its entries no longer count, though some may still be linked with those of other namespaces. */
  cleared = false;
  bytes = 0;
  hits = 0;
  misses = 0;
  evictions = 0;
  expirations = 0;

  constructor(prefix: string) {
    super();
    this.prefix = prefix;
  }
}
