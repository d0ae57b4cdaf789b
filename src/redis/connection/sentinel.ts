import { UnavailableError } from "../../errors.js";
import type { Address } from "../../net/address.js";
import { within } from "../../net/within.js";
import type { SentinelSettings } from "../options.js";
import { destroy, type NodeClient } from "./node-client.js";

/**
 * Asks the Sentinels, one after the other, for the address of the primary.
 *
 * @param create - makes a client for a Sentinel.
 * @param timeout - for all of them together, in milliseconds.
 */
export async function findPrimary(
  { name, nodes }: SentinelSettings,
  create: (address: Address) => NodeClient,
  timeout: number,
  signal: AbortSignal,
): Promise<Address> {
  let reason: unknown;
  for (const node of nodes) {
    signal.throwIfAborted();
    const client = create(node);
    const end = (): void => destroy(client);
    signal.addEventListener("abort", end, { once: true });
    client.on("error", () => {});
    try {
      const reply = await within(
        client.connect().then(() => client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name])),
        timeout / nodes.length,
      );
      if (Array.isArray(reply)) return { host: String(reply[0]), port: Number(String(reply[1])) };
      reason = new UnavailableError("the Sentinels know no primary of this name", { outcome: "not-applied" });
    } catch (error) {
      reason = error;
    } finally {
      signal.removeEventListener("abort", end);
      end();
    }
  }
  throw reason;
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
