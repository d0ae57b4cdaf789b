import { isIP } from "node:net";

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The address as errors and logs show it: `host:port`, an IPv6 address in brackets. */
export function addressName({ host, port }: Address): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/**
 * Reads `host:port`. The last colon parts the two, so an IPv6 address needs no brackets; the host may be empty.
 *
 * @returns `undefined` when the text is not an address.
 */
export function parseAddress(text: string): Address | undefined {
  const [, brackets, name, digits] = /^(?:\[(.*)\]|(.*)):(\d+)$/.exec(text) ?? [];
  const host = brackets ?? name;
  const port = Number(digits);
  return host !== undefined && port > 0 && port < 65_536 ? { host, port } : undefined;
}
