import type { ConnectionOptions as TlsOptions } from "node:tls";
import { NotSupportedError, UnavailableError } from "../errors.js";
import { within } from "../internal/within.js";
import { type Address, ClusterTopology, nameOf } from "./cluster.js";
import { connectError } from "./connect-error.js";
import { end, type NodeClient } from "./link.js";
import type { Login, Settings } from "./options.js";
import { BLOB_STRING } from "./protocol.js";
import { SingleTopology } from "./single.js";
import type { Topology } from "./topology.js";

interface NodeRedis {
  createClient(options: object): { duplicate(options: object): NodeClient };
}

/** Milliseconds that connecting may take over its timeout: behind Sentinels one attempt follows another. */
const GRACE = 500;

/** Makes the connections of a driver that owns them. Settles within the timeout and a little. */
export async function connect(settings: Settings): Promise<Topology> {
  // Not a static import: a driver over a connection that was handed in needs no such package.
  const { createClient } = (await import("redis").catch(() => {
    throw new NotSupportedError("the package redis, an optional peer dependency, is not installed");
  })) as unknown as NodeRedis;
  // createClient makes a class of all commands for each new set of options, which costs tens of milliseconds; a
  // duplicate shares its original's.
  const original = createClient({ maintNotifications: "disabled" });
  const { login, timeout, cluster, sentinel, server } = settings;
  const open = (address: Address, as: Login = login): NodeClient =>
    original.duplicate({
      username: as.username,
      password: as.password,
      database: as.database,
      socket: {
        ...(as.tls !== false && tlsOf(as.tls)),
        host: address.host,
        port: address.port,
        connectTimeout: timeout,
        // The link makes a new client instead.
        reconnectStrategy: false,
      },
      // What was not sent when a connection goes is the link's to send, or not.
      disableOfflineQueue: true,
      maintNotifications: "disabled",
      // No timer a command: the link has one for all.
      commandOptions: { timeout: undefined, typeMapping: { [BLOB_STRING]: Buffer } },
    });

  const topology =
    cluster !== undefined
      ? new ClusterTopology({ nodes: cluster, timeout, open })
      : new SingleTopology(
          {
            timeout,
            ...(sentinel === undefined
              ? { open: () => open(server) }
              : {
                  open: async (asked) => open(await primaryOf(sentinel, open, timeout, asked)),
                  accept: onlyPrimary,
                }),
          },
          sentinel !== undefined,
        );
  try {
    // What it tries has the timeout for a limit itself, and says more of what went wrong.
    await within(topology.connect(), timeout + GRACE);
    return topology;
  } catch (error) {
    topology.close();
    throw connectError(error, (cluster ?? sentinel?.nodes ?? [server]).map(nameOf).join(", "));
  }
}

/** Asks the Sentinels, one after the other, where the primary is. */
async function primaryOf(
  { name, nodes, login }: NonNullable<Settings["sentinel"]>,
  open: (address: Address, as: Login) => NodeClient,
  timeout: number,
  asked: (client: NodeClient) => void,
): Promise<Address> {
  let reason: unknown;
  for (const node of nodes) {
    const client = open(node, login);
    client.on("error", () => {});
    asked(client);
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
      end(client);
    }
  }
  throw reason;
}

/**
 * A Sentinel may be behind, and name what is a replica by now.
 *
 * @see https://redis.io/docs/latest/develop/reference/sentinel-clients/
 */
async function onlyPrimary(client: NodeClient): Promise<void> {
  const [role] = (await client.sendCommand(["ROLE"])) as [unknown];
  if (String(role) !== "master") {
    throw new UnavailableError("the Sentinels name a server that is no primary", { outcome: "not-applied" });
  }
}

/** The options of TLS alone: what would lead to another place, or switch it off, has no say. */
function tlsOf(given: true | TlsOptions): object {
  const { path: _, ...options } = given === true ? {} : given;
  return { ...options, tls: true };
}
