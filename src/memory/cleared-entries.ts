import { Slices } from "./slices.js";
import type { TrackedEntry } from "./tracked-entry.js";
import type { TrackedNamespace } from "./tracked-namespace.js";

/**
 * Unlinks the entries of cleared namespaces in the background: 1,000,000 at once would block the event loop for 0.2 s.
 * Each write unlinks some too, since a program that blocks the event loop would otherwise accumulate them.
 */
export class ClearedEntries {
  readonly #unlink: (entry: TrackedEntry) => void;
  readonly #slices = new Slices();
  #namespaces: TrackedNamespace[] = [];
  #steps: Iterator<void, void> | undefined;

  /** @param unlink - removes an entry from the lists it is in, if any. */
  constructor(unlink: (entry: TrackedEntry) => void) {
    this.#unlink = unlink;
  }

  add(namespace: TrackedNamespace): void {
    this.#namespaces.push(namespace);
    this.#steps ??= this.#unlinkAll();
    if (!this.#slices.busy) this.#slices.run(0, this.#steps);
  }

  /** Unlinks two entries: more than the one that a write adds. */
  unlinkSome(): void {
    this.#steps?.next();
    this.#steps?.next();
  }

  /** Forgets the remaining entries without unlinking them. */
  drop(): void {
    this.#slices.stop();
    this.#namespaces = [];
    this.#steps = undefined;
  }

  *#unlinkAll(): Generator<void, void, void> {
    for (let namespace = this.#namespaces.pop(); namespace !== undefined; namespace = this.#namespaces.pop()) {
      for (const entry of namespace.values()) {
        this.#unlink(entry);
        yield;
      }
    }
    this.drop();
  }
}
