import type { Encoded } from "../driver/encoded.js";
import { Entries } from "./entries.js";
import { owned } from "./size.js";
import { type MemoryStats, Past, statsOf } from "./stats.js";
import { Entry, isOver, type Slot, type Store } from "./store.js";

/**
 * A store without bounds and without a sweep. Each namespace has its own Map, and a value without a TTL lies in it
 * bare, which saves 56 bytes an entry.
 */
export class PlainStore implements Store {
  readonly #namespaces = new Map<string, Entries>();
  /** What a namespace without entries has; only misses are ever counted in it. */
  readonly #none = new Entries();
  readonly #past = new Past();

  read(prefix: string, key: string): Encoded | undefined {
    const entries = this.#entries(prefix);
    const slot = entries.get(key);
    if (slot instanceof Entry) return this.#readEntry(prefix, entries, key, slot);
    if (slot === undefined) entries.misses++;
    else entries.hits++;
    return slot;
  }

  peek(prefix: string, key: string): Slot | undefined {
    const entries = this.#entries(prefix);
    const slot = entries.get(key);
    if (!(slot instanceof Entry) || !isOver(slot)) return slot;
    this.#expire(prefix, entries, key);
    return undefined;
  }

  write(prefix: string, key: string, value: Encoded, expires: number | undefined): void {
    this.#put(prefix, key, value, expires);
  }

  writeAll(prefix: string, entries: readonly (readonly [string, Encoded])[], expires: number | undefined): void {
    for (const [key, value] of entries) this.#put(prefix, key, value, expires);
  }

  rewrite(prefix: string, key: string, slot: Slot, value: Encoded): void {
    if (slot instanceof Entry) slot.value = owned(value);
    else this.#put(prefix, key, value, undefined);
  }

  remove(prefix: string, key: string): boolean {
    const entries = this.#entries(prefix);
    const slot = entries.get(key);
    if (slot === undefined) return false;
    if (slot instanceof Entry && isOver(slot)) {
      this.#expire(prefix, entries, key);
      return false;
    }
    this.#remove(prefix, entries, key);
    return true;
  }

  keys(prefix: string): string[] {
    return this.#entries(prefix).keys();
  }

  clear(prefix: string): void {
    const entries = this.#entries(prefix);
    if (entries !== this.#none) this.#drop(prefix, entries);
  }

  stats(): MemoryStats {
    const past = new Past();
    past.add(this.#past);
    past.add(this.#none);
    return statsOf(past, this.#namespaces);
  }

  close(): void {}

  #readEntry(prefix: string, entries: Entries, key: string, entry: Entry): Encoded | undefined {
    if (!isOver(entry)) {
      entries.hits++;
      return entry.value;
    }
    // Before it goes, and perhaps its namespace.
    entries.misses++;
    this.#expire(prefix, entries, key);
    return undefined;
  }

  #entries(prefix: string): Entries {
    return this.#namespaces.get(prefix) ?? this.#none;
  }

  #put(prefix: string, key: string, value: Encoded, expires: number | undefined): void {
    let entries = this.#entries(prefix);
    if (entries === this.#none) {
      entries = new Entries();
      this.#namespaces.set(prefix, entries);
    }
    entries.set(key, expires === undefined ? owned(value) : new Entry(owned(value), expires));
  }

  #expire(prefix: string, entries: Entries, key: string): void {
    entries.expirations++;
    this.#remove(prefix, entries, key);
  }

  #remove(prefix: string, entries: Entries, key: string): void {
    entries.delete(key);
    if (entries.empty) this.#drop(prefix, entries);
  }

  /** A namespace goes with its last entry. */
  #drop(prefix: string, entries: Entries): void {
    this.#namespaces.delete(prefix);
    this.#past.add(entries);
  }
}
