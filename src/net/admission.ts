import { UnavailableError } from "../errors.js";
import { closed } from "./outcomes.js";

/** Bounds the calls that a network driver has pending: one more is refused at once. */
export class Admission {
  readonly #limit: number;
  /** Thrown at every refusal: the client makes a copy for each caller, and one stack trace each is enough under a flood. */
  readonly #full: UnavailableError;
  #pending = 0;
  #closed = false;

  constructor(limit: number) {
    this.#limit = limit;
    this.#full = new UnavailableError(`${limit} calls are already pending`, { outcome: "not-applied" });
  }

  /**
   * Counts a call as pending, until `release`.
   *
   * @throws UnavailableError, `"not-applied"`, when the limit is reached or the driver is closed.
   */
  admit(): void {
    if (this.#closed) throw closed("not-applied");
    if (this.#pending >= this.#limit) throw this.#full;
    this.#pending++;
  }

  /** Counts calls as settled. */
  readonly release = (calls = 1): void => {
    this.#pending -= calls;
  };

  /** Runs a call of several commands, which counts as one until it settles. */
  async during<R>(call: () => Promise<R>): Promise<R> {
    this.admit();
    try {
      return await call();
    } finally {
      this.release();
    }
  }

  /** Refuses all later calls. */
  close(): void {
    this.#closed = true;
  }
}
