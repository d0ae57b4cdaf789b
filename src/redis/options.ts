import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { Duration } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { type CallLimits, callLimitsOf } from "../internal/call-limits.js";
import { kindOf } from "../internal/describe.js";
import { refuseUnknown } from "../internal/known-options.js";
import type { Address } from "./cluster.js";

/** What a driver over a connection that was handed in may be given: its limits. */
export interface HandedInOptions {
  /**
   * How long a call may take, its wait for a connection counted in, until it is a `TimeoutError`; for `keys`, `scan` and
   * `clear` each step of them. Milliseconds or a text such as `"2s"`: more than 0, at most 2^31−1 ms (about 24 days).
   * Default: 5 s.
   */
  timeout?: Duration | undefined;
  /**
   * How many calls may be pending, sent or not; one more is an `UnavailableError`, not applied, at once. A whole number of 1
   * or more; a batch counts once, on a Cluster once a slot. Default: 50,000.
   */
  maxPending?: number | undefined;
}

/**
 * How to reach Redis, and how long to wait for it. Give one of `url`, `cluster` and `sentinel`, or none for a server on
 * this machine. An option counts more than the same in a URL; one of an unknown name is refused.
 *
 * @example
 * ```ts
 * const server: RedisOptions = { url: "rediss://redis.example.com", username: "service", password, database: 2 };
 * const cluster: RedisOptions = { cluster: ["n1.example.com:6379", "n2.example.com:6379"], password, timeout: "2s" };
 * const sentinel: RedisOptions = { sentinel: { name: "main", nodes: ["s1.example.com", "s2.example.com"] }, password };
 * ```
 */
export interface RedisOptions extends HandedInOptions {
  /**
   * One server: `redis[s]://[user[:password]@]host[:port][/database]`, user and password percent-encoded; `host:port` will
   * do. Default: `redis://localhost:6379`.
   */
  url?: string | undefined;
  /**
   * A Redis Cluster: some of its nodes, as `host:port` or URLs, port 6379 if none is named; one that answers is enough.
   * They are tried one after the other: one that refuses costs nothing, one that is silent its share of `timeout`.
   * User, password and TLS are those of the first, and one for all.
   */
  cluster?: readonly string[] | undefined;
  /** A primary that Sentinels watch. They are asked at every connection, and what they name must be a primary. */
  sentinel?: SentinelOptions | undefined;
  /** The server's user, with a password. Default: the URL's, else Redis's `default`. */
  username?: string | undefined;
  /** The server's password. It is in no error and no log line. Default: the URL's, else none. */
  password?: string | undefined;
  /** The number of the database. Default: the URL's, else 0. A Cluster has only 0. */
  database?: number | undefined;
  /**
   * TLS, to Sentinels too, with options of `node:tls` where `true` is not enough: `ca`, `cert`, `key`, `servername`.
   * Default: whether the URL says `rediss:`.
   */
  tls?: boolean | TlsOptions | undefined;
}

/** How to find a primary by its Sentinels. */
export interface SentinelOptions {
  /** The name that the Sentinels have for it. */
  name: string;
  /** Sentinels, as `host:port`, port 26379 if none is named; one that answers and knows the name is enough. */
  nodes: readonly string[];
  /** The Sentinels' own user, with a password; the servers' is never sent to them. Default: none. */
  username?: string | undefined;
  /** The Sentinels' own password. Default: none. */
  password?: string | undefined;
}

/** Who one is to a server. */
export interface Login {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly tls: boolean | TlsOptions;
}

/** {@link RedisOptions}, checked and complete. */
export interface Settings extends CallLimits {
  readonly login: Login;
  readonly server: Address;
  readonly cluster: readonly Address[] | undefined;
  readonly sentinel: { readonly name: string; readonly nodes: readonly Address[]; readonly login: Login } | undefined;
}

const LIMITS = ["timeout", "maxPending"];
const OPTIONS = ["url", "cluster", "sentinel", "username", "password", "database", "tls", ...LIMITS];
const SENTINEL_OPTIONS = ["name", "nodes", "username", "password"];

const DEFAULT_PORT = 6_379;
const SENTINEL_PORT = 26_379;

/** @throws InvalidArgumentError that names the option, and repeats no password. */
export function settingsOf(given: string | RedisOptions): Settings {
  const options = typeof given === "string" ? { url: given } : given;
  if (typeof options !== "object" || options === null) {
    throw new InvalidArgumentError(`the options are ${kindOf(options)}; allowed is a URL or an object`);
  }
  refuseUnknown(options, OPTIONS);
  const { url, cluster, sentinel } = options;
  if ([url, cluster, sentinel].filter((one) => one !== undefined).length > 1) {
    throw new InvalidArgumentError("more than one of url, cluster and sentinel is given; allowed is one");
  }
  const nodes = cluster === undefined ? undefined : list("cluster", cluster, DEFAULT_PORT);
  const parsed = nodes?.[0] ?? parseUrl("url", url ?? "redis://localhost", DEFAULT_PORT);
  const login: Login = {
    ...userOf("", options, parsed),
    database: options.database ?? parsed.database,
    tls: options.tls ?? parsed.tls,
  };
  if (!Number.isSafeInteger(login.database) || login.database < 0) {
    throw new InvalidArgumentError("database is no whole number of 0 or more");
  }
  if (nodes !== undefined && login.database !== 0) {
    throw new InvalidArgumentError(`database is ${login.database}; a Cluster has only 0`);
  }
  if (nodes?.some((node) => hasOtherLogin(node, parsed))) {
    throw new InvalidArgumentError("the nodes of the cluster differ in user, password or TLS; allowed is one for all");
  }
  return {
    ...callLimitsOf(options),
    login,
    server: parsed,
    cluster: nodes,
    sentinel: sentinel === undefined ? undefined : sentinelsOf(sentinel, login.tls),
  };
}

/** @throws InvalidArgumentError that names the option. */
export function handedInLimitsOf(options: HandedInOptions): CallLimits {
  refuseUnknown(options, LIMITS);
  return callLimitsOf(options);
}

function sentinelsOf(sentinel: SentinelOptions, tls: Login["tls"]): Settings["sentinel"] {
  if (typeof sentinel !== "object" || sentinel === null || typeof sentinel.name !== "string" || sentinel.name === "") {
    throw new InvalidArgumentError(
      "sentinel has no name; allowed is { name, nodes }, the name as the Sentinels have it",
    );
  }
  refuseUnknown(sentinel, SENTINEL_OPTIONS);
  const nodes = list("sentinel.nodes", sentinel.nodes, SENTINEL_PORT);
  if (nodes.some((node) => node.database !== 0 || hasOtherLogin(node, NOBODY))) {
    throw new InvalidArgumentError('sentinel.nodes hold more than "host:port"; give the rest as options');
  }
  return { name: sentinel.name, nodes, login: { ...userOf("sentinel.", sentinel, NOBODY), database: 0, tls } };
}

type User = Pick<Login, "username" | "password">;

const NOBODY: Omit<Login, "database"> = { username: undefined, password: undefined, tls: false };

function userOf(where: string, given: Partial<User>, otherwise: User): User {
  for (const name of ["username", "password"] as const) {
    const value: unknown = given[name];
    if (value !== undefined && typeof value !== "string") {
      throw new InvalidArgumentError(`${where}${name} is ${kindOf(value)}; allowed is a text`);
    }
  }
  const username = given.username ?? otherwise.username;
  const password = given.password ?? otherwise.password;
  if (username !== undefined && password === undefined) {
    throw new InvalidArgumentError(`${where}username is given without a password`);
  }
  return { username, password };
}

/** Whether a URL says of user, password or TLS what another does not. */
function hasOtherLogin(url: Omit<Login, "database">, other: Omit<Login, "database">): boolean {
  return (["username", "password", "tls"] as const).some((each) => url[each] && url[each] !== other[each]);
}

function list(what: string, nodes: readonly string[], port: number): (Address & Login)[] {
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw new InvalidArgumentError(`${what} is ${kindOf(nodes)}; allowed is a list of one or more "host:port"`);
  }
  return nodes.map((node) => parseUrl(what, node, port));
}

/** What was thrown is not kept, and the URL not shown: it may hold a password. */
function parseUrl(what: string, given: string, defaultPort: number): Address & Login {
  try {
    const url = new URL(given.includes("://") ? given : `redis://${given}`);
    const known = url.protocol === "redis:" || url.protocol === "rediss:";
    const whole = /^\/?\d*$/.test(url.pathname) && url.search === "" && url.hash === "" && url.port !== "0";
    const database = Number(url.pathname.slice(1));
    if (known && whole && url.hostname !== "") {
      return {
        host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
        port: Number(url.port || defaultPort),
        username: decodeURIComponent(url.username) || undefined,
        password: decodeURIComponent(url.password) || undefined,
        database,
        tls: url.protocol === "rediss:",
      };
    }
  } catch {}
  throw new InvalidArgumentError(
    `${what} is malformed; allowed is redis[s]://[user[:password]@]host[:port][/database]`,
  );
}
