import type { Encoded } from "../driver/encoded.js";

/** A value with a deadline, in milliseconds since the epoch: it is gone at that very millisecond. */
export class Expiring {
  value: Encoded;
  expires: number;

  constructor(value: Encoded, expires: number) {
    this.value = value;
    this.expires = expires;
  }
}

/** What is kept under a key: a value without a TTL lies there bare, which saves 56 bytes an entry. */
export type Slot = Encoded | Expiring;

/** One V8 Map holds at most 2^24 entries, deleted ones that it has not yet swept out included: half of that is safe. */
const MAP_LIMIT = 2 ** 23;

/** The entries of one namespace: a Map, or, past the limit of one, a chain of them. */
export class Entries {
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

  #holder(key: string): Map<string, Slot> | undefined {
    return this.#first.has(key) ? this.#first : this.#rest?.find((map) => map.has(key));
  }

  #setInChain(key: string, slot: Slot): void {
    const hasRoom = ({ size }: Map<string, Slot>): boolean => size < this.#limit;
    const map = this.#holder(key) ?? [this.#first, ...(this.#rest ?? [])].find(hasRoom);
    if (map !== undefined) {
      map.set(key, slot);
    } else {
      this.#rest ??= [];
      this.#rest.push(new Map([[key, slot]]));
    }
  }
}
