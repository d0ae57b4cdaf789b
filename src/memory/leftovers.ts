import type { Namespace, Node } from "./node.js";
import { Slices } from "./slices.js";

/**
 * Entries of namespaces that were cleared, still linked with those of others. They are unlinked in slices, since
 * 1,000,000 at once would hold the event loop for 0.2 s; and some whenever an entry comes, since a program that does not
 * let the loop turn would pile them up.
 */
export class Leftovers {
  readonly #unlink: (node: Node) => void;
  readonly #slices = new Slices();
  #cleared: Namespace[] = [];
  #steps: Iterator<void, void> | undefined;

  /** @param unlink - takes an entry out of the lists; it may be out of them already. */
  constructor(unlink: (node: Node) => void) {
    this.#unlink = unlink;
  }

  add(home: Namespace): void {
    this.#cleared.push(home);
    this.#steps ??= this.#unlinkAll();
    if (!this.#slices.busy) this.#slices.run(0, this.#steps);
  }

  /** Unlinks more than one. */
  some(): void {
    this.#steps?.next();
    this.#steps?.next();
  }

  /** Leaves what there is as it is. */
  drop(): void {
    this.#slices.stop();
    this.#cleared = [];
    this.#steps = undefined;
  }

  *#unlinkAll(): Generator<void, void, void> {
    for (let home = this.#cleared.pop(); home !== undefined; home = this.#cleared.pop()) {
      for (const node of home.values()) {
        this.#unlink(node);
        yield;
      }
    }
    this.drop();
  }
}
