import { Entry, type StoredValue } from "./entry.js";
import type { PlainNamespace } from "./plain-namespace.js";

/**
 * Finds the expired entries of a plain store, a few with each new key with a TTL, so that it needs no timer. It looks at
 * about two entries for each of them. So there are never many more expired entries than others.
 */
export class ExpiredEntries {
  readonly #namespaces: ReadonlyMap<string, PlainNamespace>;
  readonly #remove: (prefix: string, namespace: PlainNamespace, key: string) => void;
  #added = 0;
  /** The rest of the round. They are undefined before the first round, and between two. */
  #rest: Iterator<[string, PlainNamespace], undefined> | undefined;
  #prefix = "";
  #namespace: PlainNamespace | undefined;
  #entries: Iterator<[string, StoredValue], undefined> | undefined;

  /** @param remove - removes an expired entry from the store. */
  constructor(
    namespaces: ReadonlyMap<string, PlainNamespace>,
    remove: (prefix: string, namespace: PlainNamespace, key: string) => void,
  ) {
    this.#namespaces = namespaces;
    this.#remove = remove;
  }

  /** To be called after a new key with a TTL was added. */
  added(): void {
    this.#added++;
    if (this.#added % ADDED === 0) this.#removeSome();
  }

  /** To be called when a namespace is removed: it must not be kept in memory. */
  forget(namespace: PlainNamespace): void {
    if (namespace === this.#namespace) this.#leave();
  }

  #removeSome(): void {
    const now = Date.now();
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const namespace = this.#namespace ?? this.#next();
      // The round is over. The next new key begins another.
      if (namespace === undefined) return;
      const { value: entry } = (this.#entries as Iterator<[string, StoredValue], undefined>).next();
      if (entry === undefined) {
        this.#leave();
      } else {
        const stored = entry[1];
        if (stored instanceof Entry && stored.expires !== undefined && stored.expires <= now) {
          this.#remove(this.#prefix, namespace, entry[0]);
        }
      }
    }
  }

  #next(): PlainNamespace | undefined {
    this.#rest ??= this.#namespaces.entries();
    const { value: next } = this.#rest.next();
    if (next === undefined) {
      this.#rest = undefined;
      return undefined;
    }
    const [prefix, namespace] = next;
    this.#prefix = prefix;
    this.#namespace = namespace;
    this.#entries = namespace.entries();
    return namespace;
  }

  #leave(): void {
    this.#namespace = undefined;
    this.#entries = undefined;
  }
}

/** It works once for this many new keys: most of them then cost nothing more. */
const ADDED = 16;

/** Entries that it looks at each time: some 1 µs. */
const LOOKED_AT = 32;
