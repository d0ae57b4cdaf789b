/** Cases that wait for TTLs to end. The first that runs starts all of them, and each awaits its own. */
export class Timed {
  readonly #cases: (() => Promise<void>)[] = [];
  #running: Promise<void>[] | undefined;

  /** Adds a case; gives what runs it. */
  add(start: () => Promise<void>): () => Promise<void> {
    const at = this.#cases.push(start) - 1;
    return async () => {
      this.#running ??= this.#start();
      await this.#running[at];
    };
  }

  /** Resolves when nothing goes on any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running ?? []);
  }

  #start(): Promise<void>[] {
    const running = this.#cases.map((start) => start());
    // Where the runner was told to leave some out, nobody awaits those.
    for (const each of running) each.catch(() => {});
    return running;
  }
}
