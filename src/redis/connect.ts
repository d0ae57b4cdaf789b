import { NotSupportedError, TimeoutError } from "../errors.js";
import { LONGEST_TIMER } from "../internal/timer.js";
import { type Address, addressName } from "../net/address.js";
import { withOutcome } from "../net/outcomes.js";
import { tlsOptionsFor } from "../net/tls.js";
import { within } from "../net/within.js";
import { BLOB_STRING } from "./commands/replies.js";
import { toConnectError } from "./connection/connect-error.js";
import type { NodeClient } from "./connection/node-client.js";
import { assertPrimary, namedPrimaries } from "./connection/sentinel.js";
import type { Login, RedisSettings } from "./options.js";
import { Cluster } from "./routing/cluster.js";
import type { Router } from "./routing/router.js";
import { SingleNode } from "./routing/single-node.js";

/** Opens the connections of a driver that owns them. Settles within the timeout and a little; at once where it is lazy. */
export async function connect(settings: RedisSettings): Promise<Router> {
  const create = await clientFactory(settings);
  const router = routerFor(settings, create);
  if (settings.lazy) {
    router.start();
    return router;
  }
  try {
    // Each attempt is bounded by the timeout itself, and its error says more.
    await within(router.connect(), settings.timeout + GRACE);
    return router;
  } catch (error) {
    router.close();
    const { cluster, sentinel, server } = settings;
    const addresses = cluster ?? sentinel?.nodes ?? [server];
    const where = `${addresses.map(addressName).join(", ")}: `;
    const reason = withOutcome(toConnectError(error), "not-applied", where);
    // A plain port does not answer the handshake of TLS.
    if (!(reason instanceof TimeoutError) || settings.login.tls === false) throw reason;
    throw new TimeoutError(`${reason.message}, by TLS: is it a plain port?`, { outcome: "not-applied" });
  }
}

/** How long connecting may take beyond its timeout, in milliseconds: an attempt has the timeout for itself. */
const GRACE = 500;

type CreateClient = (address: Address, login?: Login) => NodeClient;

function routerFor(
  { timeout, failFastAfter, cluster, sentinel, server }: RedisSettings,
  create: CreateClient,
): Router & { connect(): Promise<void>; start(): void } {
  if (cluster !== undefined) return new Cluster({ nodes: cluster, timeout, failFastAfter, create });
  if (sentinel === undefined) {
    return new SingleNode({ name: addressName(server), timeout, failFastAfter, candidates: () => [create(server)] });
  }
  const candidates = async function* (signal: AbortSignal): AsyncGenerator<NodeClient, void, void> {
    const askSentinel = (address: Address): NodeClient => create(address, sentinel.login);
    const primaries = namedPrimaries(sentinel, askSentinel, timeout / sentinel.nodes.length, signal);
    for await (const primary of primaries) yield create(primary);
  };
  return new SingleNode({
    name: `the primary ${sentinel.name}`,
    timeout,
    failFastAfter,
    candidates,
    // A primary that is silent leaves time for the one that another Sentinel names.
    candidateTimeout: timeout / 2,
    accept: assertPrimary,
  });
}

interface NodeRedis {
  createClient(options: object): object & { duplicate(options: object): NodeClient };
}

/** The package `redis`. Not a static import: a driver over a client that was passed in does not need it. */
async function nodeRedis(): Promise<NodeRedis> {
  try {
    // Structural, so that the types of the driver do not depend on those of the package.
    return (await import("redis")) as unknown as NodeRedis;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    const missing =
      (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") && /['"]redis['"]/.test(String(message));
    throw new NotSupportedError(
      missing
        ? "the package redis, an optional peer dependency, is not installed"
        : "the package redis, an optional peer dependency, cannot be loaded: see the cause",
      { cause: error },
    );
  }
}

/** What makes node-redis clients of one node, with the driver's settings. */
async function clientFactory({ login: defaultLogin, timeout }: RedisSettings): Promise<CreateClient> {
  const { createClient } = await nodeRedis();
  // createClient makes a class of all commands for each new set of options, which costs tens of milliseconds; a
  // duplicate shares its original's.
  const original = createClient({ maintNotifications: "disabled" });
  // Older versions ignore the type mapping. The commands of vector sets came with the version that knows it.
  if (!("vAdd" in original)) {
    throw new NotSupportedError("the package redis is too old: version 5.6 or later is needed");
  }
  return ({ host, port }, { username, password, database, tls } = defaultLogin) =>
    original.duplicate({
      username,
      password,
      database,
      socket: {
        ...(tls !== false && { ...tlsOptionsFor(host, tls), tls: true }),
        host,
        port,
        // The driver ends an attempt that takes too long; this ends a socket that took no notice.
        connectTimeout: Math.min(2 * timeout + GRACE, LONGEST_TIMER),
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
