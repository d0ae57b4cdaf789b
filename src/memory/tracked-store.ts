import type { Encoded } from "../driver/encoded.js";
import { InvalidArgumentError, InvalidKeyError } from "../errors.js";
import { ClearedEntries } from "./cleared-entries.js";
import { isExpired, type StoredValue } from "./entry.js";
import type { CheckedMemoryOptions } from "./options.js";
import { owned } from "./owned.js";
import { Recency } from "./recency.js";
import { sizeOf } from "./size.js";
import { type MemoryStats, statsOf, Totals } from "./stats.js";
import type { Store } from "./store.js";
import { Sweeper } from "./sweeper.js";
import { TrackedEntry } from "./tracked-entry.js";
import { TrackedNamespace } from "./tracked-namespace.js";

/** The store of a driver with bounds, a sweep, or both: it tracks the size, the last use and the deadline of each entry. */
export class TrackedStore implements Store {
  readonly #options: CheckedMemoryOptions;
  readonly #namespaces = new Map<string, TrackedNamespace>();
  #recency = new Recency();
  readonly #sweeper: Sweeper | undefined;
  readonly #clearedEntries = new ClearedEntries((entry) => this.#unlink(entry));
  /** Of the namespaces that were removed, and the misses in namespaces without entries. */
  readonly #removed = new Totals();
  #entries = 0;
  #bytes = 0;

  constructor(options: CheckedMemoryOptions) {
    this.#options = options;
    if (options.sweepInterval !== undefined) {
      this.#sweeper = new Sweeper(options.sweepInterval, (entry) => this.#expire(entry));
    }
  }

  read(prefix: string, key: string): Encoded | undefined {
    const namespace = this.#namespaces.get(prefix);
    const entry = namespace?.get(key);
    if (namespace === undefined || entry === undefined) {
      (namespace ?? this.#removed).misses++;
    } else if (isExpired(entry)) {
      namespace.misses++;
      this.#expire(entry);
    } else {
      namespace.hits++;
      this.#recency.use(entry);
      return entry.value;
    }
    return undefined;
  }

  peek(prefix: string, key: string): TrackedEntry | undefined {
    const entry = this.#namespaces.get(prefix)?.get(key);
    if (entry === undefined || !isExpired(entry)) return entry;
    this.#expire(entry);
    return undefined;
  }

  write(prefix: string, key: string, value: Encoded, expires: number | undefined): void {
    this.#put(prefix, key, value, this.#fitting(key, value), expires);
    this.#makeRoom();
  }

  writeAll(prefix: string, entries: readonly (readonly [string, Encoded])[], expires: number | undefined): void {
    const { maxEntries, maxBytes } = this.#options;
    const sizes = entries.map(([key, value]) => this.#fitting(key, value));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (entries.length > maxEntries) {
      throw new InvalidArgumentError(`mSet has ${entries.length} entries; maxEntries is ${maxEntries}`);
    }
    if (bytes > maxBytes) {
      throw new InvalidArgumentError(`the entries are ${bytes} bytes in total; maxBytes is ${maxBytes}`);
    }
    // There is a size for each entry.
    for (const [at, [key, value]] of entries.entries()) this.#put(prefix, key, value, sizes[at] as number, expires);
    // Only after all writes: one of them may itself make room, where it replaces a larger entry.
    this.#makeRoom();
  }

  rewrite(_prefix: string, key: string, stored: StoredValue, value: Encoded): void {
    // `peek` returned it, and returns nothing else.
    const entry = stored as TrackedEntry;
    this.#replace(entry, value, this.#fitting(key, value));
    this.#makeRoom();
  }

  remove(prefix: string, key: string): boolean {
    const entry = this.peek(prefix, key);
    if (entry === undefined) return false;
    this.#remove(entry);
    return true;
  }

  keys(prefix: string): string[] {
    return this.#namespaces.get(prefix)?.keys() ?? [];
  }

  clear(prefix: string): void {
    const namespace = this.#namespaces.get(prefix);
    if (namespace === undefined) return;
    namespace.cleared = true;
    this.#entries -= namespace.size;
    this.#bytes -= namespace.bytes;
    this.#drop(namespace);
    if (this.#entries === 0) this.#dropAll();
    else if (namespace.size > UNLINK_AT_ONCE) this.#clearedEntries.add(namespace);
    else for (const entry of namespace.values()) this.#unlink(entry);
  }

  stats(): MemoryStats {
    return statsOf(this.#removed, this.#namespaces);
  }

  close(): void {
    this.#dropAll();
  }

  /** Returns the bytes of an entry, or throws where it cannot fit even alone. */
  #fitting(key: string, value: Encoded): number {
    const { maxBytes } = this.#options;
    const keySize = sizeOf(key);
    const size = keySize + sizeOf(value);
    if (size <= maxBytes) return size;
    if (keySize > maxBytes) throw new InvalidKeyError(`the key is ${keySize} bytes; maxBytes is ${maxBytes}`);
    throw new InvalidArgumentError(`the entry is ${size} bytes, including its key; maxBytes is ${maxBytes}`);
  }

  #put(prefix: string, key: string, value: Encoded, size: number, expires: number | undefined): void {
    let namespace = this.#namespaces.get(prefix);
    if (namespace === undefined) {
      namespace = new TrackedNamespace(prefix);
      this.#namespaces.set(prefix, namespace);
    }
    const entry = namespace.get(key);
    if (entry === undefined) {
      this.#add(new TrackedEntry(namespace, key, owned(value), size, expires));
    } else {
      this.#setDeadline(entry, expires);
      this.#replace(entry, value, size);
    }
  }

  #add(entry: TrackedEntry): void {
    this.#clearedEntries.unlinkSome();
    const { namespace, key, size, expires } = entry;
    namespace.add(key, entry);
    namespace.bytes += size;
    this.#entries++;
    this.#bytes += size;
    this.#recency.add(entry);
    if (expires !== undefined) this.#sweeper?.move(entry, undefined, expires);
  }

  #replace(entry: TrackedEntry, value: Encoded, size: number): void {
    const growth = size - entry.size;
    entry.value = owned(value);
    entry.size = size;
    entry.namespace.bytes += growth;
    this.#bytes += growth;
    this.#recency.use(entry);
  }

  #setDeadline(entry: TrackedEntry, expires: number | undefined): void {
    if (entry.expires === expires) return;
    this.#sweeper?.move(entry, entry.expires, expires);
    entry.expires = expires;
  }

  /** Evicts from the least recently used end. The entry written last stays, since it fits alone. */
  #makeRoom(): void {
    const { maxEntries, maxBytes } = this.#options;
    while (this.#entries > maxEntries || this.#bytes > maxBytes) {
      const { oldest } = this.#recency;
      if (isExpired(oldest)) {
        this.#expire(oldest);
      } else {
        oldest.namespace.evictions++;
        this.#remove(oldest);
      }
    }
  }

  #expire(entry: TrackedEntry): void {
    entry.namespace.expirations++;
    this.#remove(entry);
  }

  #remove(entry: TrackedEntry): void {
    const { namespace, key, size } = entry;
    this.#unlink(entry);
    if (namespace.cleared) return;
    namespace.delete(key);
    namespace.bytes -= size;
    this.#entries--;
    this.#bytes -= size;
    if (namespace.size === 0) this.#drop(namespace);
  }

  /** Removes an entry from the lists it is in, if any. */
  #unlink(entry: TrackedEntry): void {
    this.#recency.delete(entry);
    this.#setDeadline(entry, undefined);
  }

  /** Releases all entries at once. */
  #dropAll(): void {
    this.#recency = new Recency();
    this.#sweeper?.drop();
    this.#clearedEntries.drop();
  }

  /** Removes a namespace, once it is empty or cleared. */
  #drop(namespace: TrackedNamespace): void {
    this.#namespaces.delete(namespace.prefix);
    this.#removed.add(namespace);
  }
}

/** A namespace of up to this many entries is unlinked at once, in a fraction of a millisecond. */
const UNLINK_AT_ONCE = 1_000;
