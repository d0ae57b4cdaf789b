import type { TrackedEntry } from "./tracked-entry.js";

/**
 * Entries by their deadline, in buckets of similar deadlines. Adding or removing an entry takes constant time, and
 * expired entries are found without looking at the others.
 */
export class Expirations {
  readonly #width: number;
  /** By the last deadline that each may hold, in widths since the epoch. */
  readonly #buckets = new Map<number, ExpirationBucket>();
  /** No bucket ends here or earlier. */
  #sweptUntil = Number.POSITIVE_INFINITY;

  /** @param width - the milliseconds from one bucket's end to the next. */
  constructor(width: number) {
    this.#width = width;
  }

  get empty(): boolean {
    return this.#buckets.size === 0;
  }

  /** Adds, moves or removes an entry whose deadline changes; `undefined` is no deadline. */
  move(entry: TrackedEntry, from: number | undefined, to: number | undefined): void {
    const before = this.#endOf(from);
    const after = this.#endOf(to);
    if (before === after) return;
    if (before !== undefined) this.#delete(entry, before);
    if (after !== undefined) this.#add(entry, after);
  }

  /**
   * Yields the expired entries one at a time. The caller must remove each before it asks for the next, and may change
   * anything else in between. Yields `undefined` where a step found none, so that every step is short.
   */
  *expired(): Generator<TrackedEntry | undefined, void, void> {
    const last = Math.floor(Date.now() / this.#width);
    const before = this.#sweptUntil;
    // Set first: entries that are added from now on are for the next sweep.
    this.#sweptUntil = Math.max(before, last);
    // Whichever are fewer: the ends that have passed, or the existing buckets.
    const ends = last - before > this.#buckets.size ? this.#buckets.keys() : wholeNumbers(before + 1, last);
    for (const end of ends) {
      yield undefined;
      if (end > last) continue;
      for (let entry = this.#first(end); entry !== undefined; entry = this.#first(end)) {
        if (end > Math.floor(Date.now() / this.#width)) {
          // The clock was set back during the sweep: this bucket and those after it are to be swept again.
          this.#sweptUntil = Math.min(this.#sweptUntil, before);
          return;
        }
        yield entry;
      }
    }
  }

  /** Forgets all entries. */
  drop(): void {
    this.#buckets.clear();
  }

  #first(end: number): TrackedEntry | undefined {
    return this.#buckets.get(end)?.first;
  }

  #add(entry: TrackedEntry, end: number): void {
    if (end <= this.#sweptUntil) this.#sweptUntil = end - 1;
    const bucket = this.#buckets.get(end);
    if (bucket === undefined) {
      this.#buckets.set(end, { first: entry });
    } else {
      entry.next = bucket.first;
      bucket.first.previous = entry;
      bucket.first = entry;
    }
  }

  #delete(entry: TrackedEntry, end: number): void {
    const { next, previous } = entry;
    entry.next = undefined;
    entry.previous = undefined;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else if (next === undefined) this.#buckets.delete(end);
    // Its bucket exists, since it was the first entry there.
    else (this.#buckets.get(end) as ExpirationBucket).first = next;
  }

  #endOf(expires: number | undefined): number | undefined {
    return expires === undefined ? undefined : Math.ceil(expires / this.#width);
  }
}

/** A linked list of entries with similar deadlines. */
interface ExpirationBucket {
  first: TrackedEntry;
}

function* wholeNumbers(first: number, last: number): Generator<number, void, void> {
  for (let number = first; number <= last; number++) yield number;
}
