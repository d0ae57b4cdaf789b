import { withOutcome } from "../net/outcomes.js";
import { serverTime } from "./commands.js";
import { absoluteTtlFlag, isShortTtl, relativeTtlFlag } from "./expiry.js";
import type { CallContext } from "./request.js";
import type { Server } from "./server.js";

/** Reads a server's own clock, by which it takes dates. */
export class ServerClock {
  readonly #server: Server;
  /** The questions that are under way, by the call that asked. */
  readonly #asked = new Map<CallContext, Promise<ServerTime>>();

  constructor(server: Server) {
    this.#server = server;
  }

  /** The server's time. Commands of one call that ask at once share one question. */
  now(context: CallContext): Promise<ServerTime> {
    let asked = this.#asked.get(context);
    if (asked === undefined) {
      asked = this.#server
        .ask(serverTime(), context)
        // The reply came on the current connection.
        .then(({ time }) => ({ seconds: Number(time), epoch: this.#server.epoch }))
        .finally(() => this.#asked.delete(context));
      this.#asked.set(context, asked);
    }
    return asked;
  }

  /** The `T` flag of any TTL. */
  async ttlFlag(ttl: number, context: CallContext): Promise<TtlFlag> {
    if (isShortTtl(ttl)) return { flag: relativeTtlFlag(ttl), epoch: undefined };
    const { seconds, epoch } = await this.now(context).catch((error: unknown) => {
      // Only a question was sent.
      throw withOutcome(error, "not-applied");
    });
    return { flag: absoluteTtlFlag(seconds, ttl), epoch };
  }
}

/** A server's time, and the connection on which it said so. */
export interface ServerTime {
  /** Since the epoch. */
  readonly seconds: number;
  /** The connection's epoch. */
  readonly epoch: number;
}

/** The `T` flag of a TTL. */
export interface TtlFlag {
  readonly flag: string;
  /**
   * The only connection on which a date may be sent: a command that waits for another grows old, and the item would
   * expire too soon. `undefined`: any.
   */
  readonly epoch: number | undefined;
}
