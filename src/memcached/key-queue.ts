/**
 * Keeps calls about one key in the order in which they were made, where one of them takes several round trips. Calls of
 * one command need no turn among themselves: a connection keeps their order.
 */
export class KeyQueue {
  /** The keys that are busy, and the turns that wait for each. */
  readonly #busy = new Map<string, Turn[]>();

  /** Whether a call about this key has to wait for its turn. */
  has(key: string): boolean {
    return this.#busy.size > 0 && this.#busy.has(key);
  }

  /** Takes a turn now, or after those that wait already. */
  add(key: string, turn: Turn): void {
    const waiting = this.#busy.get(key);
    if (waiting !== undefined) {
      waiting.push(turn);
      return;
    }
    this.#busy.set(key, [turn]);
    void this.#run(key);
  }

  /** Resolves when every turn that was added before has ended. */
  async idle(): Promise<void> {
    await Promise.all(Array.from(this.#busy.keys(), (key) => this.#idleKey(key)));
  }

  #idleKey(key: string): Promise<void> {
    return new Promise((resolve) => {
      this.add(key, () => {
        resolve();
        return undefined;
      });
    });
  }

  async #run(key: string): Promise<void> {
    for (let turns = this.#busy.get(key); turns !== undefined && turns.length > 0; turns = this.#busy.get(key)) {
      this.#busy.set(key, []);
      for (const turn of turns) {
        const ended = turn();
        if (ended !== undefined) await ended;
      }
    }
    this.#busy.delete(key);
  }
}

/** One turn at a key. Returns a promise, which never rejects, where the next turn has to wait for it. */
export type Turn = () => Promise<void> | undefined;
