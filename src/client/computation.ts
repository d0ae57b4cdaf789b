/** What `compute` of `getOrSet` receives besides the key. */
export interface Computation {
  /**
   * Fires when nobody waits for the value any more, since every caller has aborted, and when the client is closed. Pass
   * it on to what `compute` waits for.
   */
  readonly signal: AbortSignal;
}

/** A computation that can be aborted. Its signal is made when it is first read, since few computations read it. */
export class AbortableComputation implements Computation {
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }
}
