import { Expirations } from "./expirations.js";
import type { Node } from "./node.js";

/** Milliseconds for which the sweep may hold the event loop. */
const SLICE = 2;

/** The clock is read once in so many steps, each of which takes less than 1 µs. */
const STEPS = 64;

/** Some 2 ms of steps: the end of a slice where fake timers have stopped its clock. */
const MOST_STEPS = 8_192;

/** The deadlines of a bucket lie a second apart at most. */
const WIDEST = 1_000;

/**
 * Removes entries that have expired, time and again: in short slices, and with a timer only while there is anything
 * that will expire. All timers are taken from the global object when they are needed, since tests replace them.
 */
export class Sweeper {
  readonly #interval: number;
  readonly #expirations: Expirations;
  readonly #expire: (node: Node) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param expire - removes an entry from the store, and from here. */
  constructor(interval: number, expire: (node: Node) => void) {
    this.#interval = interval;
    this.#expirations = new Expirations(Math.min(interval, WIDEST));
    this.#expire = expire;
  }

  /** Notes that a deadline was given, changed or taken away; `undefined`: none. */
  move(node: Node, from: number | undefined, to: number | undefined): void {
    this.#expirations.move(node, from, to);
    if (this.#expirations.empty) this.stop();
    else if (this.#timer === undefined) this.#await();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #await(): void {
    this.#after(this.#interval, () => this.#slice(this.#expirations.due()));
  }

  #slice(due: Iterator<Node | undefined, void>): void {
    const end = performance.now() + SLICE;
    for (let steps = 1; ; steps++) {
      const { done, value: node } = due.next();
      if (done) break;
      if (node !== undefined) this.#expire(node);
      if (steps % STEPS === 0 && (steps === MOST_STEPS || performance.now() >= end)) {
        // Not setImmediate: between two slices others are to have as much of the loop.
        this.#after(1, () => this.#slice(due));
        return;
      }
    }
    if (!this.#expirations.empty) this.#await();
  }

  #after(milliseconds: number, callback: () => void): void {
    const timer = setTimeout(callback, milliseconds);
    // Those of some fake timers are bare numbers.
    timer.unref?.();
    this.#timer = timer;
  }
}
