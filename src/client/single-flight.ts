import { TimeoutError, UnavailableError } from "../errors.js";

/** What a flight rejects with where the store or the codec failed: each of its callers makes an error of it. */
export class StoreFailure {
  constructor(readonly reason: unknown) {}
}

/** What `getOrSet` does with one key; the client brings the steps. */
export interface Steps<T> {
  /** The stored value, or `undefined`: a read already under way. */
  readonly read: Promise<T | undefined>;
  compute(): T | undefined | Promise<T | undefined>;
  /** Stores what was computed and gives what everyone gets: it, or what another writer stored first. */
  store(value: T): Promise<T>;
  /** Reports a read that failed. */
  failed(reason: unknown): void;
  /** Whether the client was closed meanwhile. */
  closed(): boolean;
}

/** One `getOrSet` under way: the read, the computation and the store. */
class Flight<T> {
  readonly result: Promise<T | undefined>;
  /** A write to the key came after the read: what is computed may be older than it, and is not stored. */
  stale = false;

  constructor(steps: Steps<T>) {
    this.result = this.#fly(steps);
  }

  async #fly(steps: Steps<T>): Promise<T | undefined> {
    let storing = true;
    try {
      const found = await steps.read;
      if (found !== undefined) return found;
    } catch (reason) {
      steps.failed(reason);
      // A store that is down must not take the service down.
      const down = reason instanceof TimeoutError || reason instanceof UnavailableError;
      if (!down || steps.closed()) throw new StoreFailure(reason);
      storing = false;
    }
    const value = await steps.compute();
    return value === undefined || !storing || this.stale || steps.closed() ? value : steps.store(value);
  }
}

/**
 * The flights of a client and all its views. Callers of one client for one key share a flight; a write by any of
 * them makes the key's flights stale, and whoever calls after it starts a new one.
 */
export class Flights {
  readonly #byKey = new Map<string, Map<object, Flight<unknown>>>();

  /** The result of the owner's flight for this key, if there is one. */
  find<T>(owner: object, prefix: string, key: string): Promise<T | undefined> | undefined {
    if (this.#byKey.size === 0) return undefined;
    return (this.#byKey.get(prefix + key)?.get(owner) as Flight<T> | undefined)?.result;
  }

  /** Starts the owner's flight for this key. */
  start<T>(owner: object, prefix: string, key: string, steps: Steps<T>): Promise<T | undefined> {
    const storageKey = prefix + key;
    const owners = this.#byKey.get(storageKey) ?? new Map<object, Flight<unknown>>();
    const flight = new Flight(steps);
    this.#byKey.set(storageKey, owners.set(owner, flight));
    const land = (): void => {
      owners.delete(owner);
      if (owners.size === 0 && this.#byKey.get(storageKey) === owners) this.#byKey.delete(storageKey);
    };
    flight.result.then(land, land); // A rejection is the callers' to handle, and all of them may have aborted.
    return flight.result;
  }

  /** A key is about to be written. */
  wrote(prefix: string, key: string): void {
    if (this.#byKey.size > 0) this.#outdate(prefix + key);
  }

  /** A whole namespace is about to be cleared. */
  cleared(prefix: string): void {
    for (const storageKey of this.#byKey.keys()) if (storageKey.startsWith(prefix)) this.#outdate(storageKey);
  }

  #outdate(storageKey: string): void {
    for (const flight of this.#byKey.get(storageKey)?.values() ?? []) flight.stale = true;
    this.#byKey.delete(storageKey);
  }
}
