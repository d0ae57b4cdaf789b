/** Something that must be over by a time. */
export interface Due {
  /** By `performance.now()`. */
  readonly deadline: number;
  /** Whether it is over. */
  over: boolean;
}

/** What is due in the same millisecond, in the order in which it was added. */
interface Bucket<T> {
  /** The millisecond. */
  readonly end: number;
  /** What lies before the head is over, and not kept: it would outlive its call, and cost the collector dear. */
  readonly all: (T | undefined)[];
  head: number;
}

/**
 * What is pending, by its deadline, behind a single timer: a timer a call costs more than the call. Adding costs the same
 * however much is pending: what comes with an earlier deadline than others, as the second command of a call does,
 * finds the bucket of its millisecond.
 */
export class Deadlines<T extends Due> {
  readonly #expire: (due: T) => void;
  /** In order. */
  #buckets: Bucket<T>[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; it is left alone where that is early enough. */
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(expire: (due: T) => void) {
    this.#expire = expire;
  }

  /** What is pending and is due first. */
  get first(): T | undefined {
    for (let bucket = this.#buckets[0]; bucket !== undefined; bucket = this.#buckets[0]) {
      const { all } = bucket;
      while (all[bucket.head]?.over) all[bucket.head++] = undefined;
      if (bucket.head < all.length) return all[bucket.head];
      this.#buckets.shift();
    }
    return undefined;
  }

  /** What is pending, in order. */
  get all(): T[] {
    return this.#buckets.flatMap(({ all }) => all.filter((due): due is T => due?.over === false));
  }

  add(due: T): void {
    const end = Math.ceil(due.deadline);
    const last = this.#buckets.at(-1);
    const bucket = last?.end === end ? last : this.#bucket(end);
    bucket.all.push(due);
    if (end < this.#firesAt) this.#arm(end);
  }

  /** Ends the timer; nothing expires any more. */
  clear(): void {
    this.#buckets = [];
    clearTimeout(this.#timer);
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  /** The bucket of a millisecond, made where there is none. */
  #bucket(end: number): Bucket<T> {
    // Once a millisecond: what is over leaves.
    void this.first;
    let low = 0;
    let high = this.#buckets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#buckets[middle] as Bucket<T>).end < end) low = middle + 1;
      else high = middle;
    }
    const found = this.#buckets[low];
    if (found?.end === end) return found;
    const bucket: Bucket<T> = { end, all: [], head: 0 };
    this.#buckets.splice(low, 0, bucket);
    return bucket;
  }

  /** Not on the way of a process that ends: whatever is pending has a connection that keeps it alive. */
  #arm(end: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = end;
    const wait = Math.max(1, Math.ceil(end - performance.now()));
    // After a turn of the loop: while it was held up, replies may have come that are not yet read.
    this.#timer = setTimeout(() => setImmediate(() => this.#endOverdue()), wait).unref();
  }

  #endOverdue(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let first = this.first;
    while (first !== undefined && Math.ceil(first.deadline) <= now) {
      first.over = true;
      this.#expire(first);
      first = this.first;
    }
    if (first !== undefined) this.#arm(Math.ceil(first.deadline));
  }
}
