/**
 * How long a client lives. A view's lifetime is a child of its client's: it ends with it, and its calls count
 * there too. A parent knows its children only while they have something under way, so that views made a request
 * each are collected.
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

  leave(): void {
    if (--this.#underWay === 0) this.#idle?.();
    this.#parent?.leave();
  }

  /**
   * Runs `end` when this lifetime or one above it closes.
   *
   * @returns a function that takes it back.
   */
  onClose(end: () => void): () => void {
    this.#ends.add(end);
    const forget = this.#parent?.onClose(end);
    return () => {
      this.#ends.delete(end);
      forget?.();
    };
  }

  /** Closes, ends what goes on, and resolves when the last call under way has settled. */
  close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#ends) end();
    return new Promise((resolve) => {
      this.#idle = resolve;
      if (this.#underWay === 0) resolve();
    });
  }
}
