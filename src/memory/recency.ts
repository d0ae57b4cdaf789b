import { TrackedEntry } from "./tracked-entry.js";
import { TrackedNamespace } from "./tracked-namespace.js";

/** The entries of a tracked store in the order of their last use. They form a ring, so no position is a special case. */
export class Recency {
  /** Closes the ring, between the newest and the oldest entry. */
  readonly #sentinel = new TrackedEntry(new TrackedNamespace(""), "", "", 0, undefined);

  /** The least recently used entry. There must be one. */
  get oldest(): TrackedEntry {
    return this.#sentinel.newer;
  }

  add(entry: TrackedEntry): void {
    const sentinel = this.#sentinel;
    const newest = sentinel.older;
    entry.newer = sentinel;
    entry.older = newest;
    newest.newer = entry;
    sentinel.older = entry;
  }

  /** Makes an entry the most recently used one. */
  use(entry: TrackedEntry): void {
    if (entry.newer === this.#sentinel) return;
    detach(entry);
    this.add(entry);
  }

  /** Removes an entry, if it is in the ring. */
  delete(entry: TrackedEntry): void {
    detach(entry);
    entry.newer = entry;
    entry.older = entry;
  }
}

function detach(entry: TrackedEntry): void {
  entry.newer.older = entry.older;
  entry.older.newer = entry.newer;
}
