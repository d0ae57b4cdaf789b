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
