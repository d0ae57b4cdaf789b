/** Something that must be over by a time. */
export interface Due {
  /** By `performance.now()`. */
  readonly deadline: number;
  /** Whether it is over. */
  over: boolean;
}

/**
 * What is pending, in the order of the deadlines, behind a single timer: a timer a call costs more than the call.
 * Something that is over leaves when nothing before it is pending.
 */
export class Deadlines<T extends Due> {
  readonly #expire: (due: T) => void;
  /** Of those before the head nothing is kept: they would outlive their calls, and cost the collector dear. */
  #queue: (T | undefined)[] = [];
  #head = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; it is left alone where that is early enough. */
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(expire: (due: T) => void) {
    this.#expire = expire;
  }

  /** What is pending and was there first. */
  get first(): T | undefined {
    while (this.#queue[this.#head]?.over) this.#queue[this.#head++] = undefined;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1_024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return this.#queue[this.#head];
  }

  /** What is pending, in order. */
  get all(): T[] {
    return this.#queue.filter((due): due is T => due?.over === false);
  }

  add(due: T): void {
    let at = this.#queue.length;
    // What was sent on after a refusal is due before its neighbours.
    while (at > this.#head && (this.#queue[at - 1] as T).deadline > due.deadline) at--;
    if (at === this.#queue.length) this.#queue.push(due);
    else this.#queue.splice(at, 0, due);
    if (this.first === due) this.#arm(due);
  }

  /** Ends the timer; nothing expires any more. */
  clear(): void {
    this.#queue = [];
    this.#head = 0;
    clearTimeout(this.#timer);
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  /** Not on the way of a process that ends: whatever is pending has a connection that keeps it alive. */
  #arm(due: T): void {
    if (this.#firesAt <= due.deadline) return;
    clearTimeout(this.#timer);
    this.#firesAt = due.deadline;
    const wait = Math.max(1, Math.ceil(due.deadline - performance.now()));
    // After a turn of the loop: while it was held up, replies may have come that are not yet read.
    this.#timer = setTimeout(() => setImmediate(() => this.#endOverdue()), wait).unref();
  }

  #endOverdue(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let first = this.first;
    while (first !== undefined && first.deadline <= now) {
      first.over = true;
      this.#expire(first);
      first = this.first;
    }
    if (first !== undefined) this.#arm(first);
  }
}
