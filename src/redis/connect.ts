import { NotSupportedError } from "../errors.js";
import { type Address, addressName } from "../net/address.js";
import { withOutcome } from "../net/outcomes.js";
import { tlsOptionsFor } from "../net/tls.js";
import { within } from "../net/within.js";
import { BLOB_STRING } from "./commands/replies.js";
import { toConnectError } from "./connection/connect-error.js";
import type { NodeClient } from "./connection/node-client.js";
import { assertPrimary, findPrimary } from "./connection/sentinel.js";
import type { Login, RedisSettings } from "./options.js";
import { Cluster } from "./routing/cluster.js";
import type { Router } from "./routing/router.js";
import { SingleNode } from "./routing/single-node.js";

/** Opens the connections of a driver that owns them. Settles within the timeout and a little. */
export async function connect(settings: RedisSettings): Promise<Router> {
  const create = await clientFactory(settings);
  const router = routerFor(settings, create);
  try {
    // Each attempt is bounded by the timeout itself, and its error says more.
    await within(router.connect(), settings.timeout + GRACE);
    return router;
  } catch (error) {
    router.close();
    const { cluster, sentinel, server } = settings;
    const addresses = cluster ?? sentinel?.nodes ?? [server];
    throw withOutcome(toConnectError(error), "not-applied", `${addresses.map(addressName).join(", ")}: `);
  }
}

/** How long connecting may take beyond its timeout, in milliseconds: behind Sentinels one attempt follows another. */
const GRACE = 500;

type CreateClient = (address: Address, login?: Login) => NodeClient;

function routerFor(
  { timeout, cluster, sentinel, server }: RedisSettings,
  create: CreateClient,
): Router & { connect(): Promise<void> } {
  if (cluster !== undefined) return new Cluster({ nodes: cluster, timeout, create });
  if (sentinel === undefined) {
    return new SingleNode({ name: addressName(server), timeout, create: () => create(server) }, false);
  }
  const findAndCreate = async (signal: AbortSignal): Promise<NodeClient> => {
    const askSentinel = (address: Address): NodeClient => create(address, sentinel.login);
    return create(await findPrimary(sentinel, askSentinel, timeout, signal));
  };
  const name = `the primary ${sentinel.name}`;
  return new SingleNode({ name, timeout, create: findAndCreate, accept: assertPrimary }, true);
}

interface NodeRedis {
  createClient(options: object): { duplicate(options: object): NodeClient };
}

/** What makes node-redis clients of one node, with the driver's settings. */
async function clientFactory({ login: defaultLogin, timeout }: RedisSettings): Promise<CreateClient> {
  // Not a static import: a driver over a client that was passed in does not need the package.
  const { createClient } = (await import("redis").catch(() => {
    throw new NotSupportedError("the package redis, an optional peer dependency, is not installed");
    // Structural, so that the driver's types do not depend on the package's.
  })) as unknown as NodeRedis;
  // createClient makes a class of all commands for each new set of options, which costs tens of milliseconds; a
  // duplicate shares its original's.
  const original = createClient({ maintNotifications: "disabled" });
  return ({ host, port }, { username, password, database, tls } = defaultLogin) =>
    original.duplicate({
      username,
      password,
      database,
      socket: {
        ...(tls !== false && { ...tlsOptionsFor(host, tls), tls: true }),
        host,
        port,
        connectTimeout: timeout,
        // The driver opens a new client instead.
        reconnectStrategy: false,
      },
      // The driver decides what happens to commands that were not sent when a connection ends.
      disableOfflineQueue: true,
      maintNotifications: "disabled",
      // No timer for each command: the driver has one for all.
      commandOptions: { timeout: undefined, typeMapping: { [BLOB_STRING]: Buffer } },
    });
}
