import { Expirations } from "./expirations.js";
import type { Node } from "./node.js";
import { Slices } from "./slices.js";

/** The deadlines of a bucket lie a second apart at most. */
const WIDEST = 1_000;

/** Removes entries that have expired, time and again, with a timer only while there are any that will. */
export class Sweeper {
  readonly #interval: number;
  readonly #expire: (node: Node) => void;
  readonly #expirations: Expirations;
  readonly #slices = new Slices();

  /** @param expire - removes an entry from the store, and from here. */
  constructor(interval: number, expire: (node: Node) => void) {
    this.#interval = interval;
    this.#expire = expire;
    this.#expirations = new Expirations(Math.min(interval, WIDEST));
  }

  /** Notes that a deadline was given, changed or taken away; `undefined`: none. */
  move(node: Node, from: number | undefined, to: number | undefined): void {
    this.#expirations.move(node, from, to);
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
    for (const node of this.#expirations.due()) {
      if (node !== undefined) this.#expire(node);
      yield;
    }
  }
}
