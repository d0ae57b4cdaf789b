import { TimeoutError, UnavailableError } from "../errors.js";

/** What `getOrSet` does with one key; the client brings the steps. */
export interface Steps<T> {
  /** The stored value, or `undefined`. */
  read(): Promise<T | undefined>;
  compute(): T | undefined | Promise<T | undefined>;
  /** Stores what was computed and gives what everyone gets: it, or what another writer stored first. */
  store(value: T): Promise<T>;
  /** Whether the client was closed meanwhile. */
  closed(): boolean;
}

interface Flight {
  readonly result: Promise<unknown>;
  /** A write to the key came after the flight's read: what it computes may be older, and is not stored. */
  stale: boolean;
}

/**
 * The `getOrSet` calls under way, of a client and all its views. Callers of one client for one key share a flight; a
 * write by any of them makes the key's flights stale, and later callers start a new one.
 */
export class Flights {
  readonly #byKey = new Map<string, Map<object, Flight>>();

  /** Joins the owner's flight for this storage key, or starts one. */
  join<T>(owner: object, storageKey: string, steps: Steps<T>): Promise<T | undefined> {
    const owners = this.#byKey.get(storageKey) ?? new Map<object, Flight>();
    const shared = owners.get(owner);
    if (shared !== undefined) return shared.result as Promise<T | undefined>;

    const flight: Flight = { result: Promise.resolve().then(() => fly(steps, () => flight.stale)), stale: false };
    this.#byKey.set(storageKey, owners.set(owner, flight));
    const land = (): void => {
      owners.delete(owner);
      if (owners.size === 0 && this.#byKey.get(storageKey) === owners) this.#byKey.delete(storageKey);
    };
    flight.result.then(land, land); // A rejection is the callers' to handle, and all of them may have aborted.
    return flight.result as Promise<T | undefined>;
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

async function fly<T>(steps: Steps<T>, stale: () => boolean): Promise<T | undefined> {
  let storing = true;
  try {
    const found = await steps.read();
    if (found !== undefined) return found;
  } catch (error) {
    // A store that is down must not take the service down.
    if (steps.closed() || !(error instanceof TimeoutError || error instanceof UnavailableError)) throw error;
    storing = false;
  }
  const value = await steps.compute();
  return value === undefined || !storing || stale() || steps.closed() ? value : steps.store(value);
}
