/**
 * Runs long work in short slices, so that it never blocks the event loop for long. It does not keep the process alive.
 * It looks up timers and clock in the global object each time, because fake timers replace them there.
 */
export class Slices {
  #timer: NodeJS.Timeout | undefined;
  /** The `setTimeout` that created the timer. */
  #createdBy: unknown;

  /** Whether work is waiting or running. A timer counts only while the `setTimeout` that created it is in place. */
  get busy(): boolean {
    return this.#timer !== undefined && this.#createdBy === globalThis.setTimeout;
  }

  /**
   * Takes one step after another until they end.
   *
   * @param wait - the milliseconds before the first step.
   * @param finished - called after the last step, unless the work was stopped.
   */
  run(wait: number, steps: Iterator<unknown, unknown>, finished?: () => void): void {
    this.stop();
    this.#createdBy = globalThis.setTimeout;
    const timer = setTimeout(() => {
      // An older timer may still fire: `clearTimeout` cannot clear one that other fake timers created.
      if (this.#timer === timer) this.#slice(steps, finished);
    }, wait);
    // Some fake timers are plain numbers.
    timer.unref?.();
    this.#timer = timer;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #slice(steps: Iterator<unknown, unknown>, finished: (() => void) | undefined): void {
    const end = performance.now() + SLICE_TIME;
    for (let taken = 1; this.#timer !== undefined; taken++) {
      if (steps.next().done) {
        this.#timer = undefined;
        finished?.();
        return;
      }
      if (taken % STEPS_PER_CHECK === 0 && (taken === MAX_STEPS || performance.now() >= end)) {
        // Not setImmediate: other work should get about as much of the event loop as this does.
        this.run(1, steps, finished);
        return;
      }
    }
  }
}

/** Milliseconds of a slice: short, even with a garbage collection on top. */
const SLICE_TIME = 1;

/** The clock is read once in this many steps. Most steps take less than 1 µs, but one that shrinks a Map takes 1 ms. */
const STEPS_PER_CHECK = 4;

/** Ends a slice, after some 2 ms, where fake timers have stopped the clock. */
const MAX_STEPS = 8_192;
