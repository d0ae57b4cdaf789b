/**
 * Shares work under way: callers of one owner for one key join the same flight. An owner is a client or one of its
 * views, since each computes values of its own.
 *
 * A write to the key outdates its flights: they go on for the callers that joined them, but later callers start a new one.
 */
export class SingleFlight {
  readonly #byStorageKey = new Map<string, Map<object, Flight<unknown>>>();

  /** Returns the result of the owner's flight for this key, if there is one. */
  find<T>(owner: object, prefix: string, key: string): Promise<T> | undefined {
    if (this.#byStorageKey.size === 0) return undefined;
    // An owner has flights of one type only.
    return (this.#byStorageKey.get(prefix + key)?.get(owner) as Flight<T> | undefined)?.result;
  }

  /**
   * Starts the owner's flight for this key.
   *
   * @param run - does the work, and may look at its flight.
   */
  start<T>(owner: object, prefix: string, key: string, run: (flight: Flight<T>) => Promise<T>): Promise<T> {
    const storageKey = prefix + key;
    const owners = this.#byStorageKey.get(storageKey) ?? new Map<object, Flight<unknown>>();
    const flight = new Flight(run);
    this.#byStorageKey.set(storageKey, owners.set(owner, flight));
    const land = (): void => {
      owners.delete(owner);
      if (owners.size === 0 && this.#byStorageKey.get(storageKey) === owners) this.#byStorageKey.delete(storageKey);
    };
    // The callers handle a rejection, and all of them may have aborted.
    flight.result.then(land, land);
    return flight.result;
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
  /** Whether the key was written since the flight started: its result may be older than that. */
  outdated = false;

  constructor(run: (flight: Flight<T>) => Promise<T>) {
    this.result = run(this);
  }
}
