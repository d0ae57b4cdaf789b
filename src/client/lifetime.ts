/**
 * Knows whether a client is closed, and which of its calls are under way. The lifetime of a view is a child of its
 * client's: it ends with it, and its calls count there too. A parent knows its children only while they have something
 * under way, so that a view made for one request can be garbage-collected.
 */
export class Lifetime {
  readonly #parent: Lifetime | undefined;
  readonly #ends = new Set<() => void>();
  #closed = false;
  #underWay = 0;
  #idle: (() => void) | undefined;

  constructor(parent?: Lifetime) {
    this.#parent = parent;
  }

  get closed(): boolean {
    return this.#closed || this.#parent?.closed === true;
  }

  /** Counts a call as under way, until `leave`. */
  enter(): void {
    this.#underWay++;
    this.#parent?.enter();
  }

  /** Ends what `enter` began. */
  leave(): void {
    if (--this.#underWay === 0) this.#idle?.();
    this.#parent?.leave();
  }

  /**
   * Runs `end` when this lifetime or one of its parents closes.
   *
   * @returns a function that cancels it.
   */
  onClose(end: () => void): () => void {
    this.#ends.add(end);
    const forget = this.#parent?.onClose(end);
    return () => {
      this.#ends.delete(end);
      forget?.();
    };
  }

  /** Closes, runs what `onClose` was passed, and resolves when the last call under way has settled. */
  close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#ends) end();
    return new Promise((resolve) => {
      this.#idle = resolve;
      if (this.#underWay === 0) resolve();
    });
  }
}
