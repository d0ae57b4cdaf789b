import { type NamestoreError, UnavailableError } from "../errors.js";
import type { Log } from "./log.js";

/**
 * Logs an outage of the store twice, instead of once for each call: when calls begin to fail because the store is known
 * to be down, and when calls succeed again. A client shares it with its views and siblings.
 */
export class Outage {
  readonly #log: Log;
  readonly #driver: string;
  #lastKey: string | undefined;
  #lastFailure = 0;
  #underWay = false;

  /** @param driver - the name of the driver. */
  constructor(log: Log, driver: string) {
    this.#log = log;
    this.#driver = driver;
  }

  /** Whether calls have failed, and none was found to succeed since. Every call looks at this. */
  get underWay(): boolean {
    return this.#underWay;
  }

  /**
   * Reports an error. Returns `false` if it is not about a store that is known to be down: then nothing was logged.
   *
   * @param storageKey - absent for a call that is not about one key.
   */
  covers(error: NamestoreError, storageKey: string | undefined): boolean {
    if (!(error instanceof UnavailableError) || error.down !== true) return false;
    this.#lastKey = storageKey;
    this.#lastFailure = performance.now();
    if (!this.#underWay) {
      this.#underWay = true;
      this.#log.error(`${error.message}; further calls that fail while the store is down are not logged`);
    }
    return true;
  }

  /** Reports a reply of the store. One of several servers may be down, so a success may say nothing about the failures. */
  succeeded(storageKey: string | undefined): void {
    const sameKey = storageKey !== undefined && storageKey === this.#lastKey;
    if (!sameKey && performance.now() - this.#lastFailure < QUIET) return;
    this.#underWay = false;
    this.#log.warn(`the ${this.#driver} driver reaches its store again`);
  }
}

/** After so many milliseconds without a failure, any success ends an outage. */
const QUIET = 1_000;
