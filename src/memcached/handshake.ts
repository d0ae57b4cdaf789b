import { type MetaCommand, noop, serverSettings } from "./commands.js";
import type { MetaConnection } from "./connection.js";
import { handshakeError } from "./errors.js";
import { Request } from "./request.js";

/**
 * Asks a server on a new connection whether it speaks the meta protocol, and what it takes.
 *
 * @throws NotSupportedError when it is older than Memcached 1.6, or requires a password.
 */
export async function handshake(connection: MetaConnection): Promise<ServerLimits> {
  const [settings] = await Promise.all([ask(connection, serverSettings()), ask(connection, noop())]);
  // The handshake does not show that the server serves: a connection that is lost right after it is not replaced at once.
  connection.answered = false;
  const cas = settings.cas_enabled === "yes";
  return { maxItemBytes: Number(settings.item_size_max) - ITEM_OVERHEAD - (cas ? CAS_OVERHEAD : 0), cas };
}

/** What a server said about itself at the handshake. */
export interface ServerLimits {
  /** How many bytes a key and its value may have together. */
  readonly maxItemBytes: number;
  /** Whether it has CAS tokens. */
  readonly cas: boolean;
}

/** What a server stores with an item beside its key and value, in bytes, and how much more with CAS tokens. */
const ITEM_OVERHEAD = 51;
const CAS_OVERHEAD = 8;

function ask<R>(connection: MetaConnection, command: MetaCommand<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    // The attempt to connect has a timeout of its own.
    const deadline = Number.POSITIVE_INFINITY;
    connection.send(new Request({ command, deadline, signal: undefined, resolve, reject, toError: handshakeError }));
  });
}
