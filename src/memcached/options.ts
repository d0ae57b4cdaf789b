import type { Duration } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { refuseUndefined, refuseUnknown } from "../internal/known-options.js";
import type { Address } from "../net/address.js";
import { type ConnectionLimits, connectionLimitsOf } from "../net/call-limits.js";
import { checkTls, type TlsOptions } from "../net/tls.js";

/** How to reach Memcached, and how long to wait for it. */
export interface MemcachedOptions {
  /**
   * The servers, as `host[:port]` with an IPv6 address in brackets, or as objects. The ketama ring of libmemcached
   * spreads the keys over several servers. Default: `localhost:11211`.
   */
  servers?: string | MemcachedServer | readonly (string | MemcachedServer)[] | undefined;
  /**
   * How long a call may take, including its time in the queue. For a listing: how long the server may be silent, or busy
   * with another one. Default: 5 s.
   */
  timeout?: Duration | undefined;
  /** How many calls may be pending. One more rejects with `UnavailableError` at once. Default: 50,000. */
  maxPending?: number | undefined;
  /** TLS: `true`, or options of `node:tls`. Default: none. */
  tls?: boolean | TlsOptions | undefined;
  /**
   * Whether `connect` resolves at once and connects in the background, so that a service starts while Memcached is down.
   * Calls wait for a connection as they do after a lost one. Default: `false`.
   */
  lazy?: boolean | undefined;
  /**
   * How long there may be no connection to a server until its calls reject at once, with `UnavailableError`, not applied,
   * instead of waiting out their `timeout`. They wait again as soon as there is a connection. `false`: never. Default: the
   * `timeout`.
   */
  failFastAfter?: Duration | false | undefined;
}

/** One server. */
export interface MemcachedServer {
  /** A host name, an IPv4 or an IPv6 address. The ring depends on how it is written: write it the same everywhere. */
  host: string;
  /** Default: 11211. */
  port?: number | undefined;
  /** Its share of the keys relative to the other servers' weights; a whole number. Default: 1. */
  weight?: number | undefined;
}

/**
 * The options, checked and complete.
 *
 * @throws InvalidArgumentError that names the option.
 */
export function settingsOf(
  given: string | readonly (string | MemcachedServer)[] | MemcachedOptions,
): MemcachedSettings {
  const options = isServers(given) ? { servers: given } : given;
  if (typeof options !== "object" || options === null) {
    throw new InvalidArgumentError(`the options are ${kindOf(options)}; allowed is "host:port", a list, or an object`);
  }
  if (options instanceof URL) throw malformed();
  refuseUnknown(options, ["servers", "timeout", "maxPending", "tls", "lazy", "failFastAfter"]);
  refuseUndefined(options, ["servers"]);
  checkTls(options.tls);
  const { servers: listed = "localhost", tls = false, lazy = false } = options;
  if (typeof lazy !== "boolean") {
    throw new InvalidArgumentError(`lazy is ${kindOf(lazy)}; allowed is true or false`);
  }
  const [first, ...others] = (isList(listed) ? listed : [listed]).map(addressOf);
  if (first === undefined) throw new InvalidArgumentError("servers is an empty list; allowed is one or more");
  const servers = [first, ...others] as const;
  const names = new Set(servers.map(({ host, port }) => `${host} ${port}`));
  if (names.size < servers.length) throw new InvalidArgumentError("servers names a server twice");
  return {
    ...connectionLimitsOf(options),
    lazy,
    servers,
    tls: tls === false ? undefined : tls === true ? {} : { ...tls },
  };
}

/** {@link MemcachedOptions}, checked and complete. */
export interface MemcachedSettings extends ConnectionLimits {
  readonly lazy: boolean;
  readonly servers: readonly [ServerAddress, ...ServerAddress[]];
  readonly tls: TlsOptions | undefined;
}

/** {@link MemcachedServer}, checked and complete. */
export interface ServerAddress extends Address {
  readonly weight: number;
}

const DEFAULT_PORT = 11_211;

/** libmemcached's ring keeps a weight in an unsigned number of 32 bits. */
const LARGEST_WEIGHT = 2 ** 32 - 1;

function isServers(given: unknown): given is string | readonly (string | MemcachedServer)[] {
  return typeof given === "string" || Array.isArray(given);
}

/** `Array.isArray`, which does not recognise readonly arrays. */
function isList<T>(given: string | MemcachedServer | readonly T[]): given is readonly T[] {
  return Array.isArray(given);
}

function addressOf(given: string | MemcachedServer): ServerAddress {
  if (typeof given === "string") return parse(given);
  if (typeof given !== "object" || given === null) throw malformed();
  refuseUnknown(given, ["host", "port", "weight"]);
  const { host, port = DEFAULT_PORT, weight = 1 } = given;
  if (typeof host !== "string" || !/^[^\s[\]]+$/.test(host) || !isPort(port)) throw malformed();
  if (!Number.isInteger(weight) || weight < 1 || weight > LARGEST_WEIGHT) {
    throw new InvalidArgumentError(`the weight of a server is not a whole number from 1 to ${LARGEST_WEIGHT}`);
  }
  return { host, port, weight };
}

function parse(text: string): ServerAddress {
  const [, brackets, name, port = String(DEFAULT_PORT)] =
    /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:[\]/@]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = brackets ?? name;
  if (host === undefined || !isPort(Number(port))) throw malformed();
  return { host, port: Number(port), weight: 1 };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

/** Does not show what was given: it could contain a password. */
function malformed(): InvalidArgumentError {
  return new InvalidArgumentError(
    'a server is malformed; allowed are "host[:port]", "[IPv6 address][:port]" and { host, port, weight }',
  );
}
