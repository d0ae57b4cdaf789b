import { abortable } from "../../internal/abort.js";
import { within } from "../../net/within.js";
import type { Argument } from "../commands/replies.js";

/** What the driver uses of a node-redis client of one node, which does not reconnect by itself. */
export interface NodeClient {
  sendCommand(command: Argument[]): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

/** Destroys a client, whatever its state: some versions of node-redis throw where there is nothing left to end. */
export function destroy(client: NodeClient): void {
  try {
    client.destroy();
  } catch {}
}

/**
 * Runs what opens a client, for so many milliseconds at most. The client is destroyed when that fails, takes too long, or
 * the signal fires meanwhile.
 */
export async function openWithin<T>(
  client: NodeClient,
  milliseconds: number,
  signal: AbortSignal,
  open: () => Promise<T>,
): Promise<T> {
  if (signal.aborted) {
    destroy(client);
    throw signal.reason;
  }
  const opening = open();
  try {
    return await abortable(within(opening, milliseconds), signal);
  } catch (error) {
    destroy(client);
    // A socket that is still being opened takes no notice: once more when it is open.
    opening.then(
      () => destroy(client),
      () => {},
    );
    throw error;
  }
}
