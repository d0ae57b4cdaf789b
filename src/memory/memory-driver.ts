import type { Driver } from "../driver/driver.js";
import { NO_EXPIRY } from "../driver/driver.js";
import { addCounter, type Encoded, parseCounter, sameBytes } from "../driver/encoded.js";
import type { Pattern } from "../glob.js";
import { ClosedStore } from "./closed-store.js";
import { Entry, type StoredValue, valueIn } from "./entry.js";
import { checkMemoryOptions, type MemoryOptions } from "./options.js";
import { PlainStore } from "./plain-store.js";
import type { MemoryStats } from "./stats.js";
import type { Store } from "./store.js";
import { TrackedStore } from "./tracked-store.js";

/**
 * Stores entries in the memory of this process: for unit tests, for small services and, with bounds, for caches. Strings
 * stay strings, and bytes stay bytes. Without options it has no bounds and no timer: an expired entry is removed when a
 * call meets it, or by later writes of keys with a TTL. `Date.now()` is its only clock, so the fake timers of vitest, jest
 * and node:test work with it.
 *
 * `get` and `mGet` **use** the entries they find, and every write uses the entry it writes. `exists`, `ttl`, `keys`,
 * `scan`, and a `setNX` or compare call that returns `false` do not. Above a bound, the least recently used entries of all
 * namespaces are evicted, but never the one just written. An entry or an `mSet` that cannot fit is refused, and nothing
 * is evicted.
 *
 * No method calls another through `this`: a test that replaces one changes only that one.
 *
 * Each namespace has its own Map: the cost of listing or clearing one depends on its own keys only, and no key with a
 * prefix is ever built.
 *
 * @example
 * ```ts
 * const driver = new MemoryDriver({ maxEntries: 100_000, sweepInterval: "10s" }); // shared by two clients
 * const users = new Client("app", "users", { driver, codec: text });
 * const carts = new Client("app", "carts", { driver, codec: json<Cart>() });
 * driver.stats().hits; // the keys that `get` and `mGet` found
 * ```
 */
export class MemoryDriver implements Driver {
  readonly name = "memory";
  #store: Store;

  /**
   * @param options - see {@link MemoryOptions}. Default: no bounds and no sweep, at no cost.
   * @throws InvalidArgumentError when a bound is not a whole number of 1 or more, or the interval is not a time that a
   * timer can wait, or an option is unknown.
   */
  constructor(options: MemoryOptions = {}) {
    const checked = checkMemoryOptions(options);
    this.#store = checked === undefined ? new PlainStore() : new TrackedStore(checked);
  }

  get(prefix: string, key: string): Encoded | undefined {
    return this.#store.read(prefix, key);
  }

  /**
   * Like every other call that writes, it changes nothing when it throws.
   *
   * @throws InvalidKeyError when the key alone is longer than `maxBytes`.
   * @throws InvalidArgumentError when key and value together are longer than `maxBytes`.
   */
  set(prefix: string, key: string, value: Encoded, ttl: number): void {
    this.#store.write(prefix, key, value, deadlineOf(ttl));
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number): boolean {
    const store = this.#store;
    if (store.peek(prefix, key) !== undefined) return false;
    store.write(prefix, key, value, deadlineOf(ttl));
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
   * Writes all entries or none.
   *
   * @throws InvalidArgumentError when the entries do not fit together; nothing changes.
   */
  mSet(prefix: string, entries: readonly (readonly [string, Encoded])[], ttl: number): void {
    this.#store.writeAll(prefix, entries, deadlineOf(ttl));
  }

  mDel(prefix: string, keys: readonly string[]): number {
    const store = this.#store;
    return keys.filter((key) => store.remove(prefix, key)).length;
  }

  ttl(prefix: string, key: string): number | undefined {
    const stored = this.#store.peek(prefix, key);
    if (stored === undefined) return undefined;
    if (!(stored instanceof Entry) || stored.expires === undefined) return NO_EXPIRY;
    const left = stored.expires - Date.now();
    // The entry may have expired since `peek`.
    return left > 0 ? left : undefined;
  }

  expire(prefix: string, key: string, ttl: number): boolean {
    return this.#setTtl(prefix, key, ttl);
  }

  persist(prefix: string, key: string): boolean {
    return this.#setTtl(prefix, key, 0);
  }

  incr(prefix: string, key: string, delta: number, ttl: number): number {
    const store = this.#store;
    const stored = store.peek(prefix, key);
    const sum = addCounter(stored === undefined ? 0 : parseCounter(valueIn(stored)), delta);
    if (stored === undefined) store.write(prefix, key, String(sum), deadlineOf(ttl));
    else store.rewrite(prefix, key, stored, String(sum));
    return sum;
  }

  getSet(prefix: string, key: string, value: Encoded, ttl: number, keepTtl: boolean): Encoded | undefined {
    const store = this.#store;
    const stored = store.peek(prefix, key);
    const before = valueIn(stored);
    replace(store, prefix, key, stored, value, ttl, keepTtl);
    return before;
  }

  compareAndSwap(
    prefix: string,
    key: string,
    oldValue: Encoded,
    newValue: Encoded,
    ttl: number,
    keepTtl: boolean,
  ): boolean {
    const store = this.#store;
    const stored = store.peek(prefix, key);
    if (stored === undefined || !sameBytes(valueIn(stored), oldValue)) return false;
    replace(store, prefix, key, stored, newValue, ttl, keepTtl);
    return true;
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded): boolean {
    const store = this.#store;
    const value = valueIn(store.peek(prefix, key));
    return value !== undefined && sameBytes(value, oldValue) && store.remove(prefix, key);
  }

  async *scan(prefix: string, pattern: Pattern): AsyncGenerator<string[], void, void> {
    // A copy: a key that is deleted and set again during the listing would otherwise be listed twice.
    const keys = this.#store.keys(prefix);
    for (let at = 0; at < keys.length; at += SCAN_BATCH) {
      const store = this.#store;
      const batch = keys.slice(at, at + SCAN_BATCH);
      yield batch.filter((key) => key.startsWith(pattern.prefix) && store.peek(prefix, key) !== undefined);
    }
  }

  clear(prefix: string): void {
    this.#store.clear(prefix);
  }

  /**
   * Returns a snapshot of what the driver holds and has counted, in total and for each namespace. Its cost depends on
   * the number of namespaces; on a driver without options, which keeps no count of bytes, on the number of entries.
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

  /** Releases the memory and ends the sweep. Later calls fail with `UnavailableError`. */
  close(): void {
    this.#store.close();
    this.#store = new ClosedStore();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #setTtl(prefix: string, key: string, ttl: number): boolean {
    const store = this.#store;
    const value = valueIn(store.peek(prefix, key));
    if (value === undefined) return false;
    store.write(prefix, key, value, deadlineOf(ttl));
    return true;
  }
}

/** Overwrites what `peek` returned. Where `keepTtl` is `true`, a live key keeps its deadline. */
function replace(
  store: Store,
  prefix: string,
  key: string,
  stored: StoredValue | undefined,
  value: Encoded,
  ttl: number,
  keepTtl: boolean,
): void {
  if (stored !== undefined && keepTtl) store.rewrite(prefix, key, stored, value);
  else store.write(prefix, key, value, deadlineOf(ttl));
}

function deadlineOf(ttl: number): number | undefined {
  return ttl === 0 ? undefined : Date.now() + ttl;
}

/** The most keys in a batch of `scan`. */
const SCAN_BATCH = 1_000;
