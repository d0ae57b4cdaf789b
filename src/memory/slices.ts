/** Milliseconds for which the event loop is held at a time: with a collection of garbage on top it is still not long. */
const SLICE = 1;

/** The clock is read once in so few steps: most take less than 1 µs, but one that makes a Map shrink 1 ms. */
const STEPS = 4;

/** Some 2 ms of steps: the end of a slice where fake timers have stopped its clock. */
const MOST_STEPS = 8_192;

/**
 * Long work, done in short slices between which the event loop turns. It does not keep the process alive. Timers and
 * clock are looked up in the global object when they are needed, since tests replace them there.
 */
export class Slices {
  #timer: NodeJS.Timeout | undefined;
  /** What made it. */
  #madeBy: unknown;

  /** Whether work waits or is under way. Not with a timer of fake ones that are gone, or from before they came. */
  get busy(): boolean {
    return this.#timer !== undefined && this.#madeBy === globalThis.setTimeout;
  }

  /**
   * Takes one step after the other, to the last.
   *
   * @param wait - milliseconds before the first.
   * @param finished - called after the last, unless it was stopped.
   */
  run(wait: number, steps: Iterator<unknown, unknown>, finished?: () => void): void {
    this.stop();
    this.#madeBy = globalThis.setTimeout;
    const timer = setTimeout(() => {
      // One that was made by other timers, and could not be cleared, has no say any more.
      if (this.#timer === timer) this.#slice(steps, finished);
    }, wait);
    // Those of some fake timers are bare numbers.
    timer.unref?.();
    this.#timer = timer;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #slice(steps: Iterator<unknown, unknown>, finished: (() => void) | undefined): void {
    const end = performance.now() + SLICE;
    for (let taken = 1; this.#timer !== undefined; taken++) {
      if (steps.next().done) {
        this.#timer = undefined;
        finished?.();
        return;
      }
      if (taken % STEPS === 0 && (taken === MOST_STEPS || performance.now() >= end)) {
        // Not setImmediate: between two slices others are to have about as much of the loop.
        this.run(1, steps, finished);
        return;
      }
    }
  }
}
