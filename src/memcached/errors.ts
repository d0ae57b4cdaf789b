import { DriverError, InvalidArgumentError, NotSupportedError, OutcomeError, UnavailableError } from "../errors.js";
import { DESYNCHRONISED, withOutcome } from "../net/outcomes.js";

/** The coded error for an error line. Its outcome is unknown: after a store that fails, the old item is gone. */
export function toDriverError(line: string): DriverError {
  const known = SAFE_LINES.find((each) => line === each) ?? /^[A-Z_]+/.exec(line)?.[0];
  return new DriverError(`Memcached answered with an error (${known})`, { outcome: "unknown" });
}

/** The coded error for an error line to the first commands on a connection. */
export function handshakeError(line: string): Error {
  if (line.startsWith("CLIENT_ERROR unauthenticated")) {
    return new NotSupportedError("the server requires a password (-Y or -S), which this driver does not support");
  }
  if (isFullLine(line)) return full();
  if (!line.startsWith("ERROR")) return toDriverError(line);
  return new NotSupportedError("the server does not know the meta commands: Memcached 1.6 or later is required");
}

/** The coded error for what a server answered to a listing instead of keys. */
export function metadumpError(line: string): Error {
  if (line.startsWith("BUSY") || line.startsWith(LOCKED)) {
    return new UnavailableError("the server is busy with another listing (BUSY)", { outcome: "not-applied" });
  }
  if (isFullLine(line)) return full();
  if (line === "ERROR metadump not allowed") {
    return new NotSupportedError("the server refuses to list its keys: it was started with -X (--disable-dumping)");
  }
  if (line === "CLIENT_ERROR lru crawler disabled") {
    return new NotSupportedError("the server cannot list its keys: it was started with -o no_lru_crawler");
  }
  return isErrorLine(line) ? toDriverError(line) : DESYNCHRONISED;
}

/**
 * What newer servers answer to a listing, after an OK, while their hash table grows. Older ones may lock up for good.
 */
export const LOCKED = "ERROR locked";

/** Whether a line is an error of the server, rather than a line of `stats` or of no protocol at all. */
export function isErrorLine(line: string): boolean {
  return line === "ERROR" || /^(ERROR|CLIENT_ERROR|SERVER_ERROR) /.test(line);
}

/**
 * The error of an attempt to connect.
 *
 * @param code - Node's own error code, such as `ECONNREFUSED`.
 */
export function unreachable(code = "no Memcached answered"): UnavailableError {
  return new UnavailableError(`no connection to Memcached (${code})`, { outcome: "not-applied" });
}

/** The error of a key and a value that the server does not take. */
export function itemTooLarge(maxItemBytes: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `the key and the value are too large: the server takes ${maxItemBytes} bytes together (its option -I)`,
  );
}

/** The same error with the server's name in front of its message. */
export function withServerName(error: unknown, name: string): unknown {
  return withOutcome(error, error instanceof OutcomeError ? error.outcome : "unknown", `${name}: `);
}

/** Node's own error code, such as `ECONNRESET`, for the end of a message. */
export function codeSuffix(code: string | undefined): string {
  return code === undefined ? "" : ` (${code})`;
}

/** The error lines that are safe to repeat. Any other line could contain a key or a value. */
const SAFE_LINES: readonly string[] = [
  "SERVER_ERROR out of memory storing object",
  "SERVER_ERROR out of memory reading request",
  "SERVER_ERROR out of memory writing get response",
  "SERVER_ERROR object too large for cache",
  "SERVER_ERROR out of memory",
];

/** Whether a server says that it accepts no more connections. */
function isFullLine(line: string): boolean {
  return line.startsWith("ERROR Too many open connections");
}

function full(): UnavailableError {
  return new UnavailableError("the server accepts no more connections (its option -c)", { outcome: "not-applied" });
}
