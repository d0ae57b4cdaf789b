import type { Driver } from "../driver/driver.js";
import { NO_EXPIRY } from "../driver/driver.js";
import { addCounter, type Encoded, parseCounter, sameBytes } from "../driver/encoded.js";
import { UnavailableError } from "../errors.js";
import type { Pattern } from "../glob.js";
import { Entries, Expiring, type Slot } from "./entries.js";

/** How many keys a batch of `scan` holds at most. */
const BATCH = 1_000;

/** What a namespace without entries has; never written. */
const NONE = new Entries();

/**
 * A store in this process's memory: for unit tests and for small services. Values are kept in the form they are
 * handed in, text as text. Expired entries leave when they are next touched; `Date.now()` is the only clock, so the fake
 * timers of vitest, jest and node:test move it.
 *
 * No method calls another through `this`: one that a test replaces changes that one alone.
 *
 * Each namespace has its own Map, so that listing and clearing one cost by its own keys, and no prefixed key is
 * ever built.
 *
 * @example
 * ```ts
 * const driver = new MemoryDriver(); // two clients, one store
 * const users = new Client("app", "users", { driver, codec: text });
 * const carts = new Client("app", "carts", { driver, codec: json<Cart>() });
 * ```
 */
export class MemoryDriver implements Driver {
  readonly name = "memory";
  readonly #namespaces = new Map<string, Entries>();
  #closed = false;

  get(prefix: string, key: string): Encoded | undefined {
    return valueIn(this.#live(prefix, key));
  }

  set(prefix: string, key: string, value: Encoded, ttl: number): void {
    this.#store(prefix, key, slotFor(value, ttl));
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number): boolean {
    if (this.#live(prefix, key) !== undefined) return false;
    this.#store(prefix, key, slotFor(value, ttl));
    return true;
  }

  delete(prefix: string, key: string): boolean {
    return this.#delete(prefix, key);
  }

  exists(prefix: string, key: string): boolean {
    return this.#live(prefix, key) !== undefined;
  }

  mGet(prefix: string, keys: readonly string[]): (Encoded | undefined)[] {
    return keys.map((key) => valueIn(this.#live(prefix, key)));
  }

  mSet(prefix: string, entries: readonly (readonly [string, Encoded])[], ttl: number): void {
    for (const [key, value] of entries) this.#store(prefix, key, slotFor(value, ttl));
  }

  mDel(prefix: string, keys: readonly string[]): number {
    return keys.filter((key) => this.#delete(prefix, key)).length;
  }

  ttl(prefix: string, key: string): number | undefined {
    const slot = this.#live(prefix, key);
    if (!(slot instanceof Expiring)) return slot === undefined ? undefined : NO_EXPIRY;
    const left = slot.expires - Date.now();
    // The clock may have moved since #live read it.
    return left > 0 ? left : undefined;
  }

  expire(prefix: string, key: string, ttl: number): boolean {
    return this.#retime(prefix, key, ttl);
  }

  persist(prefix: string, key: string): boolean {
    return this.#retime(prefix, key, 0);
  }

  incr(prefix: string, key: string, delta: number, ttl: number): number {
    const slot = this.#live(prefix, key);
    const value = valueIn(slot);
    const sum = addCounter(value === undefined ? 0 : parseCounter(value), delta);
    this.#replace(prefix, key, slot, String(sum), ttl, true);
    return sum;
  }

  getSet(prefix: string, key: string, value: Encoded, ttl: number, keep: boolean): Encoded | undefined {
    const slot = this.#live(prefix, key);
    const before = valueIn(slot);
    this.#replace(prefix, key, slot, value, ttl, keep);
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
    const slot = this.#live(prefix, key);
    const value = valueIn(slot);
    if (value === undefined || !sameBytes(value, oldValue)) return false;
    this.#replace(prefix, key, slot, newValue, ttl, keep);
    return true;
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded): boolean {
    const value = valueIn(this.#live(prefix, key));
    return value !== undefined && sameBytes(value, oldValue) && this.#delete(prefix, key);
  }

  async *scan(prefix: string, pattern: Pattern): AsyncGenerator<string[], void, void> {
    // The keys of this moment: one that is deleted and set again during the listing would otherwise come twice.
    const keys = this.#entries(prefix).keys();
    for (let at = 0; at < keys.length; at += BATCH) {
      const batch = keys.slice(at, at + BATCH);
      yield batch.filter((key) => key.startsWith(pattern.prefix) && this.#live(prefix, key) !== undefined);
    }
  }

  clear(prefix: string): void {
    if (this.#entries(prefix) !== NONE) this.#namespaces.delete(prefix);
  }

  /** Gives the memory back. Later calls are `UnavailableError`. */
  close(): void {
    this.#namespaces.clear();
    this.#closed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #entries(prefix: string): Entries {
    if (this.#closed) throw new UnavailableError("the memory driver is closed", { outcome: "not-applied" });
    return this.#namespaces.get(prefix) ?? NONE;
  }

  /** What is kept under a live key. An expired entry goes here. */
  #live(prefix: string, key: string): Slot | undefined {
    const entries = this.#entries(prefix);
    const slot = entries.get(key);
    if (slot === undefined || isLive(slot)) return slot;
    this.#remove(prefix, entries, key);
    return undefined;
  }

  #store(prefix: string, key: string, slot: Slot): void {
    let entries = this.#entries(prefix);
    if (entries === NONE) {
      entries = new Entries();
      this.#namespaces.set(prefix, entries);
    }
    entries.set(key, slot);
  }

  /** Writes over what `#live` found; a live key keeps its deadline where `keep` is `true`. */
  #replace(prefix: string, key: string, slot: Slot | undefined, value: Encoded, ttl: number, keep: boolean): void {
    if (slot === undefined || !keep) this.#store(prefix, key, slotFor(value, ttl));
    else if (slot instanceof Expiring) slot.value = value;
    else this.#store(prefix, key, value);
  }

  #retime(prefix: string, key: string, ttl: number): boolean {
    const value = valueIn(this.#live(prefix, key));
    if (value === undefined) return false;
    this.#store(prefix, key, slotFor(value, ttl));
    return true;
  }

  #delete(prefix: string, key: string): boolean {
    const entries = this.#entries(prefix);
    const slot = entries.get(key);
    if (slot === undefined) return false;
    this.#remove(prefix, entries, key);
    return isLive(slot);
  }

  /** A namespace goes with its last entry. */
  #remove(prefix: string, entries: Entries, key: string): void {
    entries.delete(key);
    if (entries.empty) this.#namespaces.delete(prefix);
  }
}

function slotFor(value: Encoded, ttl: number): Slot {
  return ttl === 0 ? value : new Expiring(value, Date.now() + ttl);
}

function isLive(slot: Slot): boolean {
  return !(slot instanceof Expiring) || Date.now() < slot.expires;
}

function valueIn(slot: Slot | undefined): Encoded | undefined {
  return slot instanceof Expiring ? slot.value : slot;
}
