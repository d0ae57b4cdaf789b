import type { Node } from "./node.js";

/** Entries whose deadlines lie close together: the first of a list. */
interface Bucket {
  first: Node;
}

/**
 * Entries by when they expire, in buckets of a few deadlines: adding and removing one costs the same however many
 * there are, and what has expired is found without a look at the rest.
 */
export class Expirations {
  readonly #width: number;
  /** By their end, the last deadline in them, in widths since the epoch. */
  readonly #buckets = new Map<number, Bucket>();
  /** No bucket ends here or earlier. */
  #done = Number.POSITIVE_INFINITY;

  /** @param width - milliseconds between the first and the last deadline of a bucket. */
  constructor(width: number) {
    this.#width = width;
  }

  get empty(): boolean {
    return this.#buckets.size === 0;
  }

  /** Notes that a deadline was given, changed or taken away; `undefined`: none. */
  move(node: Node, from: number | undefined, to: number | undefined): void {
    const before = this.#endOf(from);
    const after = this.#endOf(to);
    if (before === after) return;
    if (before !== undefined) this.#delete(node, before);
    if (after !== undefined) this.#add(node, after);
  }

  /**
   * The entries that have expired by now, one at a time. Each has to be removed before the next is asked for. In
   * between, anything may happen. Where nothing was found in a step, it is `undefined`: no step takes long.
   */
  *due(): Generator<Node | undefined, void, void> {
    const last = Math.floor(Date.now() / this.#width);
    const done = this.#done;
    // At once, since what is added from here on counts for the next sweep.
    this.#done = Math.max(done, last);
    // Whichever is less: the ends that have passed, or those that there are.
    const ends = last - done > this.#buckets.size ? this.#buckets.keys() : between(done, last);
    for (const end of ends) {
      yield undefined;
      if (end > last) continue;
      for (let node = this.#first(end); node !== undefined; node = this.#first(end)) {
        if (end > Math.floor(Date.now() / this.#width)) {
          // The clock was set back meanwhile: what is left, and what was added since, has time again.
          this.#done = Math.min(this.#done, done);
          return;
        }
        yield node;
      }
    }
  }

  drop(): void {
    this.#buckets.clear();
  }

  #first(end: number): Node | undefined {
    return this.#buckets.get(end)?.first;
  }

  #add(node: Node, end: number): void {
    if (end <= this.#done) this.#done = end - 1;
    const bucket = this.#buckets.get(end);
    if (bucket === undefined) {
      this.#buckets.set(end, { first: node });
    } else {
      node.next = bucket.first;
      bucket.first.previous = node;
      bucket.first = node;
    }
  }

  #delete(node: Node, end: number): void {
    const { next, previous } = node;
    node.next = undefined;
    node.previous = undefined;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else if (next === undefined) this.#buckets.delete(end);
    else (this.#buckets.get(end) as Bucket).first = next;
  }

  #endOf(expires: number | undefined): number | undefined {
    return expires === undefined ? undefined : Math.ceil(expires / this.#width);
  }
}

/** The whole numbers after the one, up to the other. */
function* between(done: number, last: number): Generator<number, void, void> {
  for (let end = done + 1; end <= last; end++) yield end;
}
