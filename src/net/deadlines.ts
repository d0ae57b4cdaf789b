import { afterReads, now, startTimer, stopTimer, type Timer } from "./clock.js";

/**
 * Expires what has not settled by its deadline, behind a single timer: a timer for each call costs more than the call.
 * To add costs the same however much is pending. What comes with an earlier deadline than others, as the second command
 * of a call does, finds the bucket of its millisecond.
 */
export class Deadlines<T extends Due> {
  readonly #expire: (due: T) => void;
  /** Sorted by their end. */
  #buckets: DeadlineBucket<T>[] = [];
  #timer: Timer | undefined;
  /** When the timer fires. It is left alone where that is early enough. */
  #firesAt = Number.POSITIVE_INFINITY;

  /** @param expire - called with what is overdue, which is marked as settled by then. */
  constructor(expire: (due: T) => void) {
    this.#expire = expire;
  }

  /** What is pending and due first. */
  get first(): T | undefined {
    for (let bucket = this.#buckets[0]; bucket !== undefined; bucket = this.#buckets[0]) {
      const { all } = bucket;
      while (all[bucket.head]?.settled) all[bucket.head++] = undefined;
      if (bucket.head < all.length) return all[bucket.head];
      this.#buckets.shift();
    }
    return undefined;
  }

  /** What is pending, sorted by deadline. */
  get all(): T[] {
    return this.#buckets.flatMap(({ all }) => all.filter((due): due is T => due?.settled === false));
  }

  add(due: T): void {
    const end = Math.ceil(due.deadline);
    const last = this.#buckets.at(-1);
    const bucket = last?.end === end ? last : this.#bucket(end);
    bucket.all.push(due);
    if (end < this.#firesAt) this.#arm(end);
  }

  /** Forgets everything and clears the timer. */
  clear(): void {
    this.#buckets = [];
    stopTimer(this.#timer);
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  /** The bucket of a millisecond, which is created where it is missing. */
  #bucket(end: number): DeadlineBucket<T> {
    // Reading it drops what has settled, at most once a millisecond.
    void this.first;
    let low = 0;
    let high = this.#buckets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#buckets[middle] as DeadlineBucket<T>).end < end) low = middle + 1;
      else high = middle;
    }
    const found = this.#buckets[low];
    if (found?.end === end) return found;
    const bucket: DeadlineBucket<T> = { end, all: [], head: 0 };
    this.#buckets.splice(low, 0, bucket);
    return bucket;
  }

  /** The timer does not keep the process alive: whatever is pending has a connection that does. */
  #arm(end: number): void {
    stopTimer(this.#timer);
    this.#firesAt = end;
    const wait = Math.max(1, Math.ceil(end - now()));
    this.#timer = startTimer(() => this.#judge(end), wait);
  }

  /**
   * Expires what is overdue by a time, one turn of the event loop later: what has arrived is read first. After a long
   * block what was to be sent may only be on its way, so that the server gets a moment more.
   */
  #judge(end: number): void {
    const late = now() - end;
    const expire = (): void => afterReads(() => this.#expireOverdue());
    if (late > LONG_BLOCK) this.#timer = startTimer(expire, Math.min(late, LONGEST_GRACE));
    else expire();
  }

  #expireOverdue(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const time = now();
    let first = this.first;
    while (first !== undefined && Math.ceil(first.deadline) <= time) {
      first.settled = true;
      this.#expire(first);
      first = this.first;
    }
    if (first !== undefined) this.#arm(Math.ceil(first.deadline));
  }
}

/** From how late a timer the event loop counts as blocked, and the longest moment that follows, in milliseconds. */
const LONG_BLOCK = 50;
const LONGEST_GRACE = 100;

/** Something that has to settle by a deadline. */
export interface Due {
  /** By `now()` of `clock.ts`. */
  readonly deadline: number;
  settled: boolean;
}

/** What is due in the same millisecond, in the order in which it was added. */
interface DeadlineBucket<T> {
  /** The millisecond. */
  readonly end: number;
  /** What lies before the head has settled and is not kept: it would outlive its call, and slow down garbage collection. */
  readonly all: (T | undefined)[];
  head: number;
}
