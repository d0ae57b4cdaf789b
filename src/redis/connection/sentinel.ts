import { UnavailableError } from "../../errors.js";
import { type Address, addressName } from "../../net/address.js";
import type { SentinelSettings } from "../options.js";
import { destroy, type NodeClient, openWithin } from "./node-client.js";

/**
 * The primaries that the Sentinels name, one Sentinel after the other: the next is asked when what the one before named
 * turned out to be gone, or to be a replica.
 *
 * @param create - makes a client for a Sentinel.
 * @param timeout - how long a Sentinel may take, in milliseconds.
 */
export async function* namedPrimaries(
  { name, nodes }: SentinelSettings,
  create: (address: Address) => NodeClient,
  timeout: number,
  signal: AbortSignal,
): AsyncGenerator<Address, void, void> {
  const named = new Set<string>();
  let reason: unknown;
  for (const node of nodes) {
    try {
      const address = await ask(create(node), name, timeout, signal);
      if (named.has(addressName(address))) continue;
      named.add(addressName(address));
      yield address;
    } catch (error) {
      signal.throwIfAborted();
      reason = error;
    }
  }
  if (named.size === 0) throw reason;
}

/**
 * Rejects unless the server is a primary: a Sentinel may be behind, and name a server that is a replica by now.
 *
 * @see https://redis.io/docs/latest/develop/reference/sentinel-clients/
 */
export async function assertPrimary(client: NodeClient): Promise<void> {
  const reply = await client.sendCommand(["ROLE"]);
  const role = Array.isArray(reply) ? String(reply[0]) : "";
  if (role !== "master") {
    throw new UnavailableError("the Sentinels name a server that is not a primary", { outcome: "not-applied" });
  }
}

async function ask(sentinel: NodeClient, name: string, timeout: number, signal: AbortSignal): Promise<Address> {
  sentinel.on("error", () => {});
  try {
    const reply = await openWithin(sentinel, timeout, signal, async () => {
      await sentinel.connect();
      return sentinel.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
    });
    if (Array.isArray(reply)) return { host: String(reply[0]), port: Number(String(reply[1])) };
    throw new UnavailableError("the Sentinels know no primary of this name", { outcome: "not-applied" });
  } finally {
    destroy(sentinel);
  }
}
