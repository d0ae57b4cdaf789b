import type { Duration } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { refuseUndefined, refuseUnknown } from "../internal/known-options.js";
import type { Address } from "../net/address.js";
import { type CallLimits, type ConnectionLimits, callLimitsOf, connectionLimitsOf } from "../net/call-limits.js";
import { checkTls, type TlsOptions } from "../net/tls.js";

/** The options of a driver over a client that was passed in: its limits. */
export interface ExternalOptions {
  /**
   * How long a call may take, its wait for a connection included, until it rejects with `TimeoutError`; for `keys`, `scan`
   * and `clear` each step of them. Milliseconds or a string such as `"2s"`: more than 0, at most 2^31−1 ms (about 24
   * days). Default: 5 s.
   */
  timeout?: Duration | undefined;
  /**
   * How many calls may be pending, sent or not. One more rejects with `UnavailableError`, not applied, at once. A whole
   * number of 1 or more; `mGet`, `mSet` and `mDel` count once. Default: 50,000.
   */
  maxPending?: number | undefined;
}

/**
 * How to reach Redis, and how long to wait for it. Set one of `url`, `cluster` and `sentinel`, or none for a server on
 * this machine. An option overrides the same part of a URL; an option of an unknown name is refused.
 *
 * @example
 * ```ts
 * const server: RedisOptions = { url: "rediss://redis.example.com", username: "service", password, database: 2 };
 * const cluster: RedisOptions = { cluster: ["n1.example.com:6379", "n2.example.com:6379"], password, timeout: "2s" };
 * const sentinel: RedisOptions = { sentinel: { name: "main", nodes: ["s1.example.com", "s2.example.com"] }, password };
 * ```
 */
export interface RedisOptions extends ExternalOptions {
  /**
   * One server: `redis[s]://[user[:password]@]host[:port][/database]`, user and password percent-encoded, or just
   * `host:port`. Default: `redis://localhost:6379`.
   */
  url?: string | undefined;
  /**
   * A Redis Cluster: some of its nodes, as `host:port` or URLs; the default port is 6379. One node that answers is
   * enough. They are tried one after the other: one that refuses costs nothing, a silent one its share of `timeout`.
   * User, password and TLS are the same for all nodes, and taken from the first.
   */
  cluster?: readonly string[] | undefined;
  /** A primary that Sentinels watch. They are asked for it at every connection, and the server must be a primary. */
  sentinel?: SentinelOptions | undefined;
  /** The server's user; needs a password. Default: the URL's, else Redis's `default`. */
  username?: string | undefined;
  /** The server's password. It never appears in an error or a log line. Default: the URL's, else none. */
  password?: string | undefined;
  /** The number of the database. Default: the URL's, else 0. A Cluster has only 0. */
  database?: number | undefined;
  /**
   * TLS, to Sentinels too, with options of `node:tls` where `true` is not enough: `ca`, `cert`, `key`, `servername`.
   * Default: `true` for a URL of the scheme `rediss:`.
   */
  tls?: boolean | TlsOptions | undefined;
  /**
   * Whether `connect` resolves at once and connects in the background, so that a service starts while Redis is down. Calls
   * wait for a connection as they do after a lost one. Default: `false`.
   */
  lazy?: boolean | undefined;
  /**
   * How long there may be no connection until calls reject at once, with `UnavailableError`, not applied, instead of
   * waiting out their `timeout`. They wait again as soon as there is a connection. `false`: never. Default: the `timeout`.
   */
  failFastAfter?: Duration | false | undefined;
}

/** How to find a primary through its Sentinels. */
export interface SentinelOptions {
  /** The name of the primary in the configuration of the Sentinels. */
  name: string;
  /** Sentinels, as `host:port`; the default port is 26379. One that answers and knows the name is enough. */
  nodes: readonly string[];
  /** The Sentinels' own user; needs a password. The servers' user is never sent to them. Default: none. */
  username?: string | undefined;
  /** The Sentinels' own password. Default: none. */
  password?: string | undefined;
}

/** What a client logs in with. */
export interface Login {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly tls: boolean | TlsOptions;
}

/** {@link RedisOptions}, checked and complete. */
export interface RedisSettings extends ConnectionLimits {
  readonly lazy: boolean;
  readonly login: Login;
  readonly server: Address;
  readonly cluster: readonly Address[] | undefined;
  readonly sentinel: SentinelSettings | undefined;
}

export interface SentinelSettings {
  readonly name: string;
  readonly nodes: readonly Address[];
  readonly login: Login;
}

const LIMITS = ["timeout", "maxPending"];
const OPTIONS = [
  "url",
  "cluster",
  "sentinel",
  "username",
  "password",
  "database",
  "tls",
  "lazy",
  "failFastAfter",
  ...LIMITS,
];
const SENTINEL_OPTIONS = ["name", "nodes", "username", "password"];

const DEFAULT_PORT = 6_379;
const SENTINEL_PORT = 26_379;

/** @throws InvalidArgumentError that names the option, and repeats no password. */
export function redisSettingsOf(given: string | URL | RedisOptions): RedisSettings {
  const options: RedisOptions = typeof given === "string" || given instanceof URL ? { url: String(given) } : given;
  if (typeof options !== "object" || options === null) {
    throw new InvalidArgumentError(`the options are ${kindOf(options)}; allowed is a URL or an object`);
  }
  refuseUnknown(options, OPTIONS);
  refuseUndefined(options, ["url", "cluster", "sentinel"]);
  checkTls(options.tls);
  if (options.lazy !== undefined && typeof options.lazy !== "boolean") {
    throw new InvalidArgumentError(`lazy is ${kindOf(options.lazy)}; allowed is true or false`);
  }
  const { url, cluster, sentinel } = options;
  if ([url, cluster, sentinel].filter((one) => one !== undefined).length > 1) {
    throw new InvalidArgumentError("more than one of url, cluster and sentinel is set; allowed is one");
  }
  const nodes = cluster === undefined ? undefined : addressList("cluster", cluster, DEFAULT_PORT);
  const parsed = nodes?.[0] ?? parseUrl("url", url ?? "redis://localhost", DEFAULT_PORT);
  const login: Login = {
    ...userOf("", options, parsed),
    database: options.database ?? parsed.database,
    tls: options.tls ?? parsed.tls,
  };
  if (!Number.isSafeInteger(login.database) || login.database < 0) {
    const shown = typeof login.database === "number" ? String(login.database) : kindOf(login.database);
    throw new InvalidArgumentError(`database is ${shown}; allowed is a whole number of 0 or more`);
  }
  if (nodes !== undefined && login.database !== 0) {
    throw new InvalidArgumentError(`database is ${login.database}; a Cluster has only 0`);
  }
  if (nodes?.some((node) => hasOtherLogin(node, parsed))) {
    throw new InvalidArgumentError("the nodes of the cluster differ in user, password or TLS; allowed is one for all");
  }
  return {
    ...connectionLimitsOf(options),
    lazy: options.lazy ?? false,
    login,
    server: parsed,
    cluster: nodes,
    sentinel: sentinel === undefined ? undefined : sentinelSettingsOf(sentinel, login.tls),
  };
}

/** @throws InvalidArgumentError that names the option. */
export function externalLimitsOf(options: ExternalOptions): CallLimits {
  refuseUnknown(options, LIMITS);
  return callLimitsOf(options);
}

function sentinelSettingsOf(sentinel: SentinelOptions, tls: Login["tls"]): SentinelSettings {
  if (typeof sentinel !== "object" || sentinel === null || typeof sentinel.name !== "string" || sentinel.name === "") {
    throw new InvalidArgumentError(
      "sentinel has no name; allowed is { name, nodes }, the name as the Sentinels know it",
    );
  }
  refuseUnknown(sentinel, SENTINEL_OPTIONS);
  const nodes = addressList("sentinel.nodes", sentinel.nodes, SENTINEL_PORT);
  if (nodes.some((node) => node.database !== 0 || hasOtherLogin(node, NOBODY))) {
    throw new InvalidArgumentError('sentinel.nodes hold more than "host:port"; set the rest as options');
  }
  return { name: sentinel.name, nodes, login: { ...userOf("sentinel.", sentinel, NOBODY), database: 0, tls } };
}

type User = Pick<Login, "username" | "password">;

const NOBODY: Omit<Login, "database"> = { username: undefined, password: undefined, tls: false };

/** An empty password is refused: from an unset variable it would quietly log in with the rights of another user. */
function userOf(where: string, given: Partial<User>, otherwise: User): User {
  for (const name of ["username", "password"] as const) {
    const value: unknown = given[name];
    if (value === undefined || (typeof value === "string" && value !== "")) continue;
    const shown = value === "" ? "empty" : kindOf(value);
    throw new InvalidArgumentError(`${where}${name} is ${shown}; allowed is a non-empty string`);
  }
  const username = given.username ?? otherwise.username;
  const password = given.password ?? otherwise.password;
  if (username !== undefined && password === undefined) {
    throw new InvalidArgumentError(
      `${where}username is set without a password; a user without one takes any non-empty password`,
    );
  }
  return { username, password };
}

/** Whether a URL names a user, a password or TLS that differs from another's. */
function hasOtherLogin(url: Omit<Login, "database">, other: Omit<Login, "database">): boolean {
  return (["username", "password", "tls"] as const).some((each) => url[each] && url[each] !== other[each]);
}

function addressList(what: string, nodes: readonly string[], port: number): (Address & Login)[] {
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw new InvalidArgumentError(`${what} is ${kindOf(nodes)}; allowed is a list of one or more "host:port"`);
  }
  return nodes.map((node) => parseUrl(what, node, port));
}

/** Neither the cause nor the URL is shown: they may hold a password. */
function parseUrl(what: string, given: string, defaultPort: number): Address & Login {
  const malformed = (why: string): InvalidArgumentError =>
    new InvalidArgumentError(
      `${what} is malformed: ${why}; allowed is redis[s]://[user[:password]@]host[:port][/database]`,
    );
  if (typeof given !== "string") throw malformed(`it is ${kindOf(given)}`);
  let url: URL;
  let user: User;
  try {
    url = new URL(given.includes("://") ? given : `redis://${given}`);
    user = {
      username: decodeURIComponent(url.username) || undefined,
      password: decodeURIComponent(url.password) || undefined,
    };
  } catch {
    throw malformed("it is not a URL whose user, password and port are percent-encoded");
  }
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") throw malformed("its scheme is another");
  if (/\/\/[^/@]*:@/.test(given)) throw malformed("its password is empty");
  if (url.hostname === "") throw malformed("it has no host");
  if (url.port === "0") throw malformed("its port is 0");
  if (!/^\/?\d*$/.test(url.pathname)) throw malformed("its path is not the number of a database");
  if (url.search !== "" || url.hash !== "") throw malformed("it has a query or a fragment");
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || defaultPort),
    ...user,
    database: Number(url.pathname.slice(1)),
    tls: url.protocol === "rediss:",
  };
}
