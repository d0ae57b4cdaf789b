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
  #queue: T[] = [];
  #head = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(expire: (due: T) => void) {
    this.#expire = expire;
  }

  /** What is pending and was there first. */
  get first(): T | undefined {
    while (this.#queue[this.#head]?.over) this.#head++;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1_024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return this.#queue[this.#head];
  }

  add(due: T): void {
    if (this.first?.over !== false) this.#arm(due);
    this.#queue.push(due);
  }

  /** Ends the timer; nothing expires any more. */
  clear(): void {
    this.#queue = [];
    this.#head = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(due: T): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        const now = performance.now();
        let first = this.first;
        while (first !== undefined && first.deadline <= now) {
          first.over = true;
          this.#expire(first);
          first = this.first;
        }
        if (first !== undefined) this.#arm(first);
      },
      Math.max(1, Math.ceil(due.deadline - performance.now())),
    );
  }
}
