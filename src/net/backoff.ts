import { startTimer, stopTimer } from "./clock.js";

/** Waits between attempts to connect: each about twice as long as the one before, with jitter, up to a second. */
export class Backoff {
  #wait = SHORTEST;
  #end: (() => void) | undefined;

  /** Starts again with the shortest wait. */
  reset(): void {
    this.#wait = SHORTEST;
  }

  /** Resolves after the next wait, or as soon as `end` is called. */
  pause(): Promise<void> {
    const milliseconds = Math.min(LONGEST, this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, LONGEST);
    return new Promise((resolve) => {
      const timer = startTimer(resolve, milliseconds, true);
      this.#end = () => {
        stopTimer(timer);
        resolve();
      };
    });
  }

  /** Ends the wait that is in progress. */
  end(): void {
    this.#end?.();
  }
}

/** The first wait and the longest, in milliseconds. */
const SHORTEST = 20;
const LONGEST = 1_000;
