import { Namespace, Node } from "./node.js";

/** All entries of a store in the order of their last use: a ring, so that no place in it is a special case. */
export class Recency {
  /** Stands between the newest and the oldest, and is no entry. */
  readonly #ends = new Node(new Namespace(""), "", "", 0, undefined);

  /** The least recently used. There has to be one. */
  get oldest(): Node {
    return this.#ends.newer;
  }

  add(node: Node): void {
    const ends = this.#ends;
    const newest = ends.older;
    node.newer = ends;
    node.older = newest;
    newest.newer = node;
    ends.older = node;
  }

  use(node: Node): void {
    if (node.newer === this.#ends) return;
    detach(node);
    this.add(node);
  }

  /** Removes one that is there, or is not. */
  delete(node: Node): void {
    detach(node);
    node.newer = node;
    node.older = node;
  }
}

function detach(node: Node): void {
  node.newer.older = node.older;
  node.older.newer = node.newer;
}
