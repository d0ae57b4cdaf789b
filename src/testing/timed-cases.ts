/** The cases that wait for TTLs to end. The first that runs starts all of them, so that they wait side by side. */
export class TimedCases {
  readonly #cases: (() => Promise<void>)[] = [];
  #running: Promise<void>[] | undefined;

  /** Adds a case, and returns the function that runs it. */
  add(start: () => Promise<void>): () => Promise<void> {
    const at = this.#cases.push(start) - 1;
    return async () => {
      this.#running ??= this.#start();
      await this.#running[at];
    };
  }

  /** Resolves when no case is running any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running ?? []);
  }

  #start(): Promise<void>[] {
    const running = this.#cases.map((start) => start());
    // Nobody awaits the cases that the runner was told to leave out.
    for (const each of running) each.catch(() => {});
    return running;
  }
}
