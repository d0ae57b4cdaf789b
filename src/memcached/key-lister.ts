import { TimeoutError, UnavailableError } from "../errors.js";
import * as clock from "../net/clock.js";
import { metadump } from "./metadump.js";
import type { CallContext } from "./request.js";
import type { Server } from "./server.js";

/** Lists the keys of one server, one listing at a time: a server runs no two at once. */
export class KeyLister {
  readonly #server: Server;
  /** Settles with the last listing that was asked for. */
  #last: Promise<unknown> = Promise.resolve();
  /** The timeout or the outage with which a listing failed last. */
  #failure: unknown;

  constructor(server: Server) {
    this.#server = server;
  }

  /**
   * What follows `start` in the names of the live keys that start with it. All are collected before it resolves: a server
   * in the middle of a listing starts no other, so no listing may wait for its reader.
   *
   * If a listing times out, those that wait for it fail with it: their callers should not wait as long again, one after
   * the other.
   */
  async list(start: string, context: CallContext): Promise<Set<string>> {
    const { seconds } = await this.#server.clock.now(context);
    const before = this.#failure;
    const listing = this.#last.then(() => {
      if (this.#failure !== before) throw this.#failure;
      return this.#listUntilDone(start, seconds, context.signal);
    });
    this.#last = listing.catch((error: unknown) => {
      const lasting = error instanceof TimeoutError || error instanceof UnavailableError;
      if (lasting && !this.#server.closed) this.#failure = error;
    });
    return listing;
  }

  /** Tries again where another program's listing is running, or the connection was lost, for as long as the timeout. */
  async #listUntilDone(start: string, now: number, signal: AbortSignal | undefined): Promise<Set<string>> {
    const server = this.#server;
    let failedFirst: number | undefined;
    while (true) {
      try {
        return await metadump(server, start, now, signal);
      } catch (error) {
        failedFirst ??= clock.now();
        signal?.throwIfAborted();
        const isOver = clock.now() - failedFirst > server.timeout;
        if (isOver || !(error instanceof UnavailableError) || error.down || server.closed) throw error;
        await clock.sleep(RETRY_DELAY);
      }
    }
  }
}

/** How long to wait before a listing that failed is tried again, in milliseconds. */
const RETRY_DELAY = 20;
