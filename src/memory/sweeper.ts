import { Expirations } from "./expirations.js";
import { Slices } from "./slices.js";
import type { TrackedEntry } from "./tracked-entry.js";

/** A bucket holds deadlines of at most one second. */
const MAX_BUCKET_WIDTH = 1_000;

/** Removes expired entries at an interval. It has a timer only while an entry has a deadline. */
export class Sweeper {
  readonly #interval: number;
  readonly #expire: (entry: TrackedEntry) => void;
  readonly #expirations: Expirations;
  readonly #slices = new Slices();

  /** @param expire - removes an expired entry from the store, and from this sweeper. */
  constructor(interval: number, expire: (entry: TrackedEntry) => void) {
    this.#interval = interval;
    this.#expire = expire;
    this.#expirations = new Expirations(Math.min(interval, MAX_BUCKET_WIDTH));
  }

  /** Notes that an entry's deadline changes; `undefined` is no deadline. */
  move(entry: TrackedEntry, from: number | undefined, to: number | undefined): void {
    this.#expirations.move(entry, from, to);
    if (this.#expirations.empty) this.#slices.stop();
    else if (!this.#slices.busy) this.#start();
  }

  /** Forgets all deadlines. */
  drop(): void {
    this.#slices.stop();
    this.#expirations.drop();
  }

  #start(): void {
    this.#slices.run(this.#interval, this.#sweep(), () => this.#start());
  }

  *#sweep(): Generator<void, void, void> {
    for (const entry of this.#expirations.expired()) {
      if (entry !== undefined) this.#expire(entry);
      yield;
    }
  }
}
