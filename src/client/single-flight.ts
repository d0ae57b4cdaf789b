import { onAbort } from "../internal/abort.js";
import { AbortableComputation } from "./computation.js";

/**
 * Shares work under way: callers of one owner for one key join the same flight. An owner is a client or one of its
 * views, since each computes values of its own.
 *
 * A write to the key outdates its flights: they go on for the callers that joined them, but later callers start a new one.
 * A flight that all of its callers have left by an abort is given up: the next caller starts a new one.
 */
export class SingleFlight {
  readonly #byStorageKey = new Map<string, Map<object, Flight<unknown>>>();

  /** Returns the owner's flight for this key, if there is one that was not given up. */
  find<T>(owner: object, prefix: string, key: string): Flight<T> | undefined {
    if (this.#byStorageKey.size === 0) return undefined;
    // An owner has flights of one type only.
    const flight = this.#byStorageKey.get(prefix + key)?.get(owner) as Flight<T> | undefined;
    return flight?.givenUp ? undefined : flight;
  }

  /**
   * Starts the owner's flight for this key.
   *
   * @param run - does the work, and may look at its flight.
   */
  start<T>(owner: object, prefix: string, key: string, run: (flight: Flight<T>) => Promise<T>): Flight<T> {
    const storageKey = prefix + key;
    const owners = this.#byStorageKey.get(storageKey) ?? new Map<object, Flight<unknown>>();
    const givenUp = owners.get(owner);
    if (givenUp !== undefined) givenUp.outdated = true;
    const flight = new Flight(run);
    this.#byStorageKey.set(storageKey, owners.set(owner, flight));
    const land = (): void => {
      if (owners.get(owner) === flight) owners.delete(owner);
      if (owners.size === 0 && this.#byStorageKey.get(storageKey) === owners) this.#byStorageKey.delete(storageKey);
    };
    // The callers handle a rejection, and all of them may have aborted.
    flight.result.then(land, land);
    return flight;
  }

  /** Outdates the flights for a key that is about to be written. */
  outdate(prefix: string, key: string): void {
    if (this.#byStorageKey.size > 0) this.#outdate(prefix + key);
  }

  /** Outdates the flights of a namespace that is about to be cleared. */
  outdateAll(prefix: string): void {
    for (const storageKey of this.#byStorageKey.keys()) if (storageKey.startsWith(prefix)) this.#outdate(storageKey);
  }

  #outdate(storageKey: string): void {
    for (const flight of this.#byStorageKey.get(storageKey)?.values() ?? []) flight.outdated = true;
    this.#byStorageKey.delete(storageKey);
  }
}

/** Work under way for one key. */
export class Flight<T> {
  readonly result: Promise<T>;
  readonly computation = new AbortableComputation();
  /** Whether its result must not be stored: the key was written since the flight started, or a later flight replaced it. */
  outdated = false;
  #waiting = 0;
  #givenUp = false;

  constructor(run: (flight: Flight<T>) => Promise<T>) {
    this.result = run(this);
  }

  /** Whether every caller has left it by an abort. */
  get givenUp(): boolean {
    return this.#givenUp;
  }

  /** Adds a caller, who leaves when the signal fires. */
  join(signal: AbortSignal | undefined): Promise<T> {
    this.#waiting++;
    if (signal !== undefined) {
      const forget = onAbort(signal, () => this.#leave(signal.reason));
      this.result.then(forget, forget);
    }
    return this.result;
  }

  #leave(reason: unknown): void {
    if (--this.#waiting > 0) return;
    this.#givenUp = true;
    this.computation.abort(reason);
  }
}
