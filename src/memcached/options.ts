import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { Duration } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { type CallLimits, callLimitsOf } from "../internal/call-limits.js";
import { kindOf } from "../internal/describe.js";
import { refuseUnknown } from "../internal/known-options.js";

/** One server. */
export interface MemcachedServer {
  /** A name, or an address of IPv4 or IPv6. The ring goes by it as it is written: write it alike everywhere. */
  host: string;
  /** Default: 11211. */
  port?: number | undefined;
  /** Its share of the keys, beside the other servers' weights; a whole number. Default: 1. */
  weight?: number | undefined;
}

/** How to reach Memcached, and how long to wait for it. */
export interface MemcachedOptions {
  /**
   * The servers, as `host[:port]`, an IPv6 address in brackets, or as objects. Of several, the ketama ring of
   * libmemcached says which one holds a key. Default: `localhost:11211`.
   */
  servers?: string | MemcachedServer | readonly (string | MemcachedServer)[] | undefined;
  /**
   * How long a call may take, its time in the queue counted in; a listing: how long the server may be silent,
   * or be at another one.
   * Default: 5 s.
   */
  timeout?: Duration | undefined;
  /** How many calls may be pending; one more is `UnavailableError`, at once. Default: 50,000. */
  maxPending?: number | undefined;
  /** TLS, with options of `node:tls` where `true` is not enough. Default: none. */
  tls?: boolean | TlsOptions | undefined;
}

/** A server, checked and complete. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly weight: number;
}

/** {@link MemcachedOptions}, checked and complete. */
export interface Settings extends CallLimits {
  readonly servers: readonly [Address, ...Address[]];
  readonly tls: TlsOptions | undefined;
}

const DEFAULT_PORT = 11_211;

/** The ring is libmemcached's, where a weight is an unsigned number of 32 bits. */
const MOST_WEIGHT = 2 ** 32 - 1;

/** @throws InvalidArgumentError that names the option. */
export function settingsOf(given: string | readonly (string | MemcachedServer)[] | MemcachedOptions): Settings {
  const options: MemcachedOptions =
    typeof given === "string" || Array.isArray(given) ? { servers: given } : (given as MemcachedOptions);
  if (typeof options !== "object" || options === null) {
    throw new InvalidArgumentError(`the options are ${kindOf(options)}; allowed is "host:port", a list, or an object`);
  }
  refuseUnknown(options, ["servers", "timeout", "maxPending", "tls"]);
  const { servers = "localhost", tls = false } = options;
  const list = (Array.isArray(servers) ? servers : [servers]).map(addressOf);
  const names = new Set(list.map(({ host, port }) => `${host} ${port}`));
  if (list.length === 0) throw new InvalidArgumentError("servers is an empty list; allowed is one or more");
  if (names.size < list.length) throw new InvalidArgumentError("servers names a server twice");
  return {
    ...callLimitsOf(options),
    servers: list as [Address, ...Address[]],
    tls: tls === false ? undefined : tls === true ? {} : { ...tls },
  };
}

function addressOf(given: string | MemcachedServer): Address {
  if (typeof given === "string") return parse(given);
  if (typeof given !== "object" || given === null) throw malformed();
  refuseUnknown(given, ["host", "port", "weight"]);
  const { host, port = DEFAULT_PORT, weight = 1 } = given;
  if (typeof host !== "string" || !/^[^\s[\]]+$/.test(host) || !isPort(port)) throw malformed();
  if (!Number.isInteger(weight) || weight < 1 || weight > MOST_WEIGHT) {
    throw new InvalidArgumentError("the weight of a server is no whole number of 1 or more");
  }
  return { host, port, weight };
}

function parse(text: string): Address {
  const [, brackets, name, port = String(DEFAULT_PORT)] =
    /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:[\]/@]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = brackets ?? name;
  if (host === undefined || !isPort(Number(port))) throw malformed();
  return { host, port: Number(port), weight: 1 };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

/** What was given is not shown: somebody may have written a password into it. */
function malformed(): InvalidArgumentError {
  return new InvalidArgumentError(
    'a server is malformed; allowed are "host[:port]", "[IPv6 address][:port]" and { host, port, weight }',
  );
}
