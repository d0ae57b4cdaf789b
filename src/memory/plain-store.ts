import type { Encoded } from "../driver/encoded.js";
import { Entry, isExpired, type StoredValue } from "./entry.js";
import { ExpiredEntries } from "./expired-entries.js";
import { owned } from "./owned.js";
import { PlainNamespace } from "./plain-namespace.js";
import { type MemoryStats, statsOf, Totals } from "./stats.js";
import type { Store } from "./store.js";

/**
 * The store of a driver without options: it has no bounds and no timer. Each namespace has its own Map. A value without
 * a TTL is stored bare, which saves 56 bytes an entry.
 */
export class PlainStore implements Store {
  readonly #namespaces = new Map<string, PlainNamespace>();
  /** Stands for every namespace without entries. It counts their misses. */
  readonly #empty = new PlainNamespace();
  /** Of the namespaces that were removed. */
  readonly #removed = new Totals();
  readonly #expired = new ExpiredEntries(this.#namespaces, (prefix, namespace, key) =>
    this.#expire(prefix, namespace, key),
  );

  read(prefix: string, key: string): Encoded | undefined {
    const namespace = this.#namespace(prefix);
    const stored = namespace.get(key);
    if (stored instanceof Entry) return this.#readEntry(prefix, namespace, key, stored);
    if (stored === undefined) namespace.misses++;
    else namespace.hits++;
    return stored;
  }

  peek(prefix: string, key: string): StoredValue | undefined {
    const namespace = this.#namespace(prefix);
    const stored = namespace.get(key);
    if (!(stored instanceof Entry) || !isExpired(stored)) return stored;
    this.#expire(prefix, namespace, key);
    return undefined;
  }

  write(prefix: string, key: string, value: Encoded, expires: number | undefined): void {
    this.#put(prefix, key, value, expires);
  }

  writeAll(prefix: string, entries: readonly (readonly [string, Encoded])[], expires: number | undefined): void {
    for (const [key, value] of entries) this.#put(prefix, key, value, expires);
  }

  rewrite(prefix: string, key: string, stored: StoredValue, value: Encoded): void {
    if (stored instanceof Entry) stored.value = owned(value);
    else this.#put(prefix, key, value, undefined);
  }

  remove(prefix: string, key: string): boolean {
    const namespace = this.#namespace(prefix);
    const stored = namespace.get(key);
    if (stored === undefined) return false;
    if (stored instanceof Entry && isExpired(stored)) {
      this.#expire(prefix, namespace, key);
      return false;
    }
    this.#remove(prefix, namespace, key);
    return true;
  }

  keys(prefix: string): string[] {
    return this.#namespace(prefix).keys();
  }

  clear(prefix: string): void {
    const namespace = this.#namespace(prefix);
    if (namespace !== this.#empty) this.#drop(prefix, namespace);
  }

  stats(): MemoryStats {
    const removed = new Totals();
    removed.add(this.#removed);
    removed.add(this.#empty);
    return statsOf(removed, this.#namespaces);
  }

  close(): void {}

  #readEntry(prefix: string, namespace: PlainNamespace, key: string, entry: Entry): Encoded | undefined {
    if (!isExpired(entry)) {
      namespace.hits++;
      return entry.value;
    }
    // Counted first: the namespace may be removed with the entry.
    namespace.misses++;
    this.#expire(prefix, namespace, key);
    return undefined;
  }

  #namespace(prefix: string): PlainNamespace {
    return this.#namespaces.get(prefix) ?? this.#empty;
  }

  #put(prefix: string, key: string, value: Encoded, expires: number | undefined): void {
    let namespace = this.#namespace(prefix);
    if (namespace === this.#empty) {
      namespace = new PlainNamespace();
      this.#namespaces.set(prefix, namespace);
    }
    if (expires === undefined) namespace.set(key, owned(value));
    else if (namespace.set(key, new Entry(owned(value), expires))) this.#expired.added();
  }

  #expire(prefix: string, namespace: PlainNamespace, key: string): void {
    namespace.expirations++;
    this.#remove(prefix, namespace, key);
  }

  #remove(prefix: string, namespace: PlainNamespace, key: string): void {
    namespace.delete(key);
    if (namespace.empty) this.#drop(prefix, namespace);
  }

  /** Removes a namespace, once it is empty or cleared. */
  #drop(prefix: string, namespace: PlainNamespace): void {
    this.#namespaces.delete(prefix);
    this.#expired.forget(namespace);
    this.#removed.add(namespace);
  }
}
