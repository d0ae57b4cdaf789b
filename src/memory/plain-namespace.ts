import { type StoredValue, valueIn } from "./entry.js";
import { sizeOf } from "./size.js";
import type { CountedNamespace } from "./stats.js";

/** A namespace of a plain store: its entries in one Map, or in several once a Map is full, and its counters. */
export class PlainNamespace implements CountedNamespace {
  hits = 0;
  misses = 0;
  expirations = 0;
  readonly #first = new Map<string, StoredValue>();
  readonly #limit: number;
  #rest: Map<string, StoredValue>[] | undefined;

  /** @param limit - the number of entries in a Map from which the next Map is used. */
  constructor(limit = MAP_LIMIT) {
    this.#limit = limit;
  }

  get(key: string): StoredValue | undefined {
    const stored = this.#first.get(key);
    return stored !== undefined || this.#rest === undefined ? stored : this.#mapWith(key)?.get(key);
  }

  /** Returns whether the key is new; `true` also where to find out would take a look at several Maps. */
  set(key: string, stored: StoredValue): boolean {
    const first = this.#first;
    const { size } = first;
    if (this.#rest === undefined && size < this.#limit) {
      first.set(key, stored);
      return first.size > size;
    }
    this.#setInSeveral(key, stored);
    return true;
  }

  delete(key: string): void {
    if (!this.#first.delete(key) && this.#rest !== undefined) this.#mapWith(key)?.delete(key);
  }

  get empty(): boolean {
    return this.#first.size === 0 && (this.#rest === undefined || this.#rest.every(({ size }) => size === 0));
  }

  /** The current keys, those of expired entries included. */
  keys(): string[] {
    const keys = [...this.#first.keys()];
    for (const map of this.#rest ?? []) for (const key of map.keys()) keys.push(key);
    return keys;
  }

  /** The current entries, expired ones included. An entry that is added meanwhile may be left out. */
  entries(): IterableIterator<[string, StoredValue], undefined> {
    return this.#rest === undefined ? this.#first.entries() : entriesOf(this.#maps);
  }

  get size(): number {
    return this.#maps.reduce((sum, { size }) => sum + size, 0);
  }

  /** Adds up the size of every entry: a running count would slow down every write. */
  get bytes(): number {
    let bytes = 0;
    for (const map of this.#maps) for (const [key, stored] of map) bytes += sizeOf(key) + sizeOf(valueIn(stored));
    return bytes;
  }

  /** A plain store never evicts. */
  get evictions(): 0 {
    return 0;
  }

  get #maps(): Map<string, StoredValue>[] {
    return [this.#first, ...(this.#rest ?? [])];
  }

  #mapWith(key: string): Map<string, StoredValue> | undefined {
    return this.#first.has(key) ? this.#first : this.#rest?.find((map) => map.has(key));
  }

  #setInSeveral(key: string, stored: StoredValue): void {
    const hasRoom = ({ size }: Map<string, StoredValue>): boolean => size < this.#limit;
    const map = this.#mapWith(key) ?? this.#maps.find(hasRoom);
    if (map !== undefined) {
      map.set(key, stored);
    } else {
      this.#rest ??= [];
      this.#rest.push(new Map([[key, stored]]));
    }
  }
}

function* entriesOf<T>(maps: readonly Map<string, T>[]): Generator<[string, T], undefined> {
  for (const map of maps) yield* map.entries();
  return undefined;
}

/** A V8 Map holds at most 2^24 entries, and counts deleted ones until it rehashes. Half of that is safe. */
const MAP_LIMIT = 2 ** 23;
