import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";

/** Options of `node:tls` that a user may pass in: `ca`, `cert`, `key`, `servername` and the like. */
export type TlsOptions = ConnectionOptions;

/**
 * The TLS options for one server. The server name (SNI) is the host, unless the host is an IP address or the user set
 * another. Options that lead to another place are dropped: the address is the driver's to choose.
 */
export function tlsOptionsFor(host: string, given: true | TlsOptions): TlsOptions {
  const { host: _host, port: _port, path: _path, socket: _socket, ...options } = given === true ? {} : given;
  return { ...(isIP(host) === 0 && { servername: host }), ...options };
}

/** @throws InvalidArgumentError for anything but a boolean or an object. */
export function checkTls(given: unknown): void {
  if (given === undefined || typeof given === "boolean" || (typeof given === "object" && given !== null)) return;
  throw new InvalidArgumentError(`tls is ${kindOf(given)}; allowed are true, false and options of node:tls`);
}
