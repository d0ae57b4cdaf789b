/** Something that waits for its turn. It gives a promise, never rejected, where the next one is to wait for its end. */
export type Turn = () => Promise<void> | undefined;

/**
 * Keeps calls about one key in the order in which they were made, where one of them takes several round trips. Where
 * none does, calls need no turn: a connection keeps their order.
 */
export class KeyOrder {
  /** The keys that are busy, and who waits for each. */
  readonly #busy = new Map<string, Turn[]>();

  /** Whether a call about this key has to wait for its turn. */
  has(key: string): boolean {
    return this.#busy.size > 0 && this.#busy.has(key);
  }

  /** Takes a turn now, or behind those that are waiting. */
  add(key: string, turn: Turn): void {
    const waiting = this.#busy.get(key);
    if (waiting !== undefined) {
      waiting.push(turn);
      return;
    }
    this.#busy.set(key, [turn]);
    void this.#run(key);
  }

  /** Resolves when every call that was made before has had its turn. */
  async idle(): Promise<void> {
    await Promise.all(Array.from(this.#busy.keys(), (key) => this.#last(key)));
  }

  #last(key: string): Promise<void> {
    return new Promise((resolve) => {
      this.add(key, () => {
        resolve();
        return undefined;
      });
    });
  }

  async #run(key: string): Promise<void> {
    let turns = this.#busy.get(key) as Turn[];
    while (turns.length > 0) {
      this.#busy.set(key, []);
      for (const turn of turns) {
        const ended = turn();
        if (ended !== undefined) await ended;
      }
      turns = this.#busy.get(key) as Turn[];
    }
    this.#busy.delete(key);
  }
}
