import { sizeOf } from "./size.js";
import type { Counted } from "./stats.js";
import { type Slot, valueIn } from "./store.js";

/** One V8 Map holds at most 2^24 entries, deleted ones that it has not yet swept out included: half of that is safe. */
const MAP_LIMIT = 2 ** 23;

/** The entries of one namespace: a Map, or, past the limit of one, a chain of them. */
export class Entries implements Counted {
  hits = 0;
  misses = 0;
  expirations = 0;
  readonly #first = new Map<string, Slot>();
  readonly #limit: number;
  #rest: Map<string, Slot>[] | undefined;

  constructor(limit = MAP_LIMIT) {
    this.#limit = limit;
  }

  get(key: string): Slot | undefined {
    const slot = this.#first.get(key);
    return slot !== undefined || this.#rest === undefined ? slot : this.#holder(key)?.get(key);
  }

  set(key: string, slot: Slot): void {
    if (this.#rest === undefined && this.#first.size < this.#limit) this.#first.set(key, slot);
    else this.#setInChain(key, slot);
  }

  delete(key: string): void {
    if (!this.#first.delete(key) && this.#rest !== undefined) this.#holder(key)?.delete(key);
  }

  get empty(): boolean {
    return this.#first.size === 0 && (this.#rest === undefined || this.#rest.every(({ size }) => size === 0));
  }

  /** The keys there are now, expired ones included. */
  keys(): string[] {
    const keys = [...this.#first.keys()];
    for (const map of this.#rest ?? []) for (const key of map.keys()) keys.push(key);
    return keys;
  }

  get size(): number {
    return this.#maps.reduce((sum, { size }) => sum + size, 0);
  }

  /** Counted by a walk: keeping count would cost every write. */
  get bytes(): number {
    let bytes = 0;
    for (const map of this.#maps) for (const [key, slot] of map) bytes += sizeOf(key) + sizeOf(valueIn(slot));
    return bytes;
  }

  /** Nothing ever makes room here. */
  get evictions(): 0 {
    return 0;
  }

  get #maps(): Map<string, Slot>[] {
    return [this.#first, ...(this.#rest ?? [])];
  }

  #holder(key: string): Map<string, Slot> | undefined {
    return this.#first.has(key) ? this.#first : this.#rest?.find((map) => map.has(key));
  }

  #setInChain(key: string, slot: Slot): void {
    const hasRoom = ({ size }: Map<string, Slot>): boolean => size < this.#limit;
    const map = this.#holder(key) ?? this.#maps.find(hasRoom);
    if (map !== undefined) {
      map.set(key, slot);
    } else {
      this.#rest ??= [];
      this.#rest.push(new Map([[key, slot]]));
    }
  }
}
