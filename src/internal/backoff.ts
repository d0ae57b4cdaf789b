/** The first wait before another attempt, and the longest, in milliseconds. */
const FIRST = 20;
const LONGEST = 1_000;

/** The waits between attempts to connect: each about twice as long as the one before, with jitter, up to a second. */
export class Backoff {
  #wait = FIRST;
  #end: (() => void) | undefined;

  /** Begins anew with the shortest. */
  reset(): void {
    this.#wait = FIRST;
  }

  pause(): Promise<void> {
    const milliseconds = Math.min(LONGEST, this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, LONGEST);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends a pause that is under way. */
  end(): void {
    this.#end?.();
  }
}
