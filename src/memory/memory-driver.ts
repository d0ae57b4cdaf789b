import type { Driver } from "../driver/driver.js";
import { NO_EXPIRY } from "../driver/driver.js";
import { addCounter, type Encoded, parseCounter, sameBytes } from "../driver/encoded.js";
import type { Pattern } from "../glob.js";
import { ClosedStore } from "./closed-store.js";
import { boundsOf, type MemoryOptions } from "./options.js";
import { PlainStore } from "./plain-store.js";
import type { MemoryStats } from "./stats.js";
import { Entry, type Slot, type Store, valueIn } from "./store.js";
import { TrackedStore } from "./tracked-store.js";

/** How many keys a batch of `scan` holds at most. */
const BATCH = 1_000;

/**
 * A store in this process's memory: for unit tests, for small services, and, bounded, for caches. Values are kept in the
 * form they are handed in, text as text. Without options nothing bounds it, and an expired entry leaves when it is next
 * touched. `Date.now()` is the only clock, so the fake timers of vitest, jest and node:test move it.
 *
 * What is **used** is what `get` and `mGet` find and what is written; `exists`, `ttl`, `keys`, `scan`, and a `setNX` or
 * compare call that answers `false` use nothing. Past a bound the least recently used entries go, over all namespaces,
 * and never the one just written. What cannot fit, an entry or an `mSet` as a whole, is refused, and evicts nothing.
 *
 * No method calls another through `this`: one that a test replaces changes that one alone.
 *
 * Each namespace has its own Map, so that listing and clearing one cost by its own keys, and no prefixed key is
 * ever built.
 *
 * @example
 * ```ts
 * const driver = new MemoryDriver({ maxEntries: 100_000, sweepInterval: "10s" }); // two clients, one store
 * const users = new Client("app", "users", { driver, codec: text });
 * const carts = new Client("app", "carts", { driver, codec: json<Cart>() });
 * driver.stats().hits; // how often `get` and `mGet` found something
 * ```
 */
export class MemoryDriver implements Driver {
  readonly name = "memory";
  #store: Store;

  /**
   * @param options - see {@link MemoryOptions}; none of them, and nothing is paid for them.
   * @throws InvalidArgumentError when a bound is no whole number of 1 or more, or the interval no time that a timer can
   * wait.
   */
  constructor(options: MemoryOptions = {}) {
    const bounds = boundsOf(options);
    this.#store = bounds === undefined ? new PlainStore() : new TrackedStore(bounds);
  }

  get(prefix: string, key: string): Encoded | undefined {
    return this.#store.read(prefix, key);
  }

  /**
   * @throws InvalidKeyError when the key alone is longer than `maxBytes`, here and in the other calls that write.
   * @throws InvalidArgumentError when key and value together are, and nothing changes.
   */
  set(prefix: string, key: string, value: Encoded, ttl: number): void {
    this.#store.write(prefix, key, value, deadline(ttl));
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number): boolean {
    const store = this.#store;
    if (store.peek(prefix, key) !== undefined) return false;
    store.write(prefix, key, value, deadline(ttl));
    return true;
  }

  delete(prefix: string, key: string): boolean {
    return this.#store.remove(prefix, key);
  }

  exists(prefix: string, key: string): boolean {
    return this.#store.peek(prefix, key) !== undefined;
  }

  mGet(prefix: string, keys: readonly string[]): (Encoded | undefined)[] {
    const store = this.#store;
    return keys.map((key) => store.read(prefix, key));
  }

  /**
   * All or nothing.
   *
   * @throws InvalidArgumentError when they do not fit together, and nothing changes.
   */
  mSet(prefix: string, entries: readonly (readonly [string, Encoded])[], ttl: number): void {
    this.#store.writeAll(prefix, entries, deadline(ttl));
  }

  mDel(prefix: string, keys: readonly string[]): number {
    const store = this.#store;
    return keys.filter((key) => store.remove(prefix, key)).length;
  }

  ttl(prefix: string, key: string): number | undefined {
    const slot = this.#store.peek(prefix, key);
    if (slot === undefined) return undefined;
    if (!(slot instanceof Entry) || slot.expires === undefined) return NO_EXPIRY;
    const left = slot.expires - Date.now();
    // The clock may have moved since the entry was found live.
    return left > 0 ? left : undefined;
  }

  expire(prefix: string, key: string, ttl: number): boolean {
    return this.#retime(prefix, key, ttl);
  }

  persist(prefix: string, key: string): boolean {
    return this.#retime(prefix, key, 0);
  }

  incr(prefix: string, key: string, delta: number, ttl: number): number {
    const store = this.#store;
    const slot = store.peek(prefix, key);
    const sum = addCounter(slot === undefined ? 0 : parseCounter(valueIn(slot)), delta);
    if (slot === undefined) store.write(prefix, key, String(sum), deadline(ttl));
    else store.rewrite(prefix, key, slot, String(sum));
    return sum;
  }

  getSet(prefix: string, key: string, value: Encoded, ttl: number, keep: boolean): Encoded | undefined {
    const store = this.#store;
    const slot = store.peek(prefix, key);
    const before = valueIn(slot);
    replace(store, prefix, key, slot, value, ttl, keep);
    return before;
  }

  compareAndSwap(
    prefix: string,
    key: string,
    oldValue: Encoded,
    newValue: Encoded,
    ttl: number,
    keep: boolean,
  ): boolean {
    const store = this.#store;
    const slot = store.peek(prefix, key);
    if (slot === undefined || !sameBytes(valueIn(slot), oldValue)) return false;
    replace(store, prefix, key, slot, newValue, ttl, keep);
    return true;
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded): boolean {
    const store = this.#store;
    const value = valueIn(store.peek(prefix, key));
    return value !== undefined && sameBytes(value, oldValue) && store.remove(prefix, key);
  }

  async *scan(prefix: string, pattern: Pattern): AsyncGenerator<string[], void, void> {
    // The keys of this moment: one that is deleted and set again during the listing would otherwise come twice.
    const keys = this.#store.keys(prefix);
    for (let at = 0; at < keys.length; at += BATCH) {
      const store = this.#store;
      const batch = keys.slice(at, at + BATCH);
      yield batch.filter((key) => key.startsWith(pattern.prefix) && store.peek(prefix, key) !== undefined);
    }
  }

  clear(prefix: string): void {
    this.#store.clear(prefix);
  }

  /**
   * What it holds and what happened to it, of this moment: in all, and for each namespace. It costs by the number of
   * namespaces; on a driver without options, which does not keep count of bytes, by that of entries.
   *
   * @throws UnavailableError when the driver is closed.
   * @example
   * ```ts
   * const { hits, misses, namespaces } = driver.stats();
   * console.log(hits / (hits + misses), namespaces.get(users.prefix)?.entries);
   * ```
   */
  stats(): MemoryStats {
    return this.#store.stats();
  }

  /** Gives the memory back, and ends the sweep. Later calls are `UnavailableError`. */
  close(): void {
    this.#store.close();
    this.#store = new ClosedStore();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #retime(prefix: string, key: string, ttl: number): boolean {
    const store = this.#store;
    const value = valueIn(store.peek(prefix, key));
    if (value === undefined) return false;
    store.write(prefix, key, value, deadline(ttl));
    return true;
  }
}

/** Writes over what `peek` found; a live key keeps its deadline where `keep` is `true`. */
function replace(
  store: Store,
  prefix: string,
  key: string,
  slot: Slot | undefined,
  value: Encoded,
  ttl: number,
  keep: boolean,
): void {
  if (slot !== undefined && keep) store.rewrite(prefix, key, slot, value);
  else store.write(prefix, key, value, deadline(ttl));
}

function deadline(ttl: number): number | undefined {
  return ttl === 0 ? undefined : Date.now() + ttl;
}
